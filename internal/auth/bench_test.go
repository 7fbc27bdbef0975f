package auth_test

import "testing"

// BenchmarkAuthenticate is the price that every request pays: a token that was seen before.
func BenchmarkAuthenticate(b *testing.B) {
	n := newNode(b)
	token := n.token(b)
	b.ReportAllocs()
	for b.Loop() {
		p, err := n.Authenticate(b.Context(), token)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Allow(scopesOfList, levelsOfList, true); err != nil {
			b.Fatal(err)
		}
	}
}

var (
	scopesOfList = []string{"idn:mis-identity:read", "idn:mis-identity:manage"}
	levelsOfList = []string{"ORG_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN"}
)

// BenchmarkIssue is one answer of the token endpoint without its database.
func BenchmarkIssue(b *testing.B) {
	n := newNode(b)
	for b.Loop() {
		n.token(b)
	}
}

// BenchmarkVerify is a token that was not seen before.
func BenchmarkVerify(b *testing.B) {
	n := newNode(b)
	for b.Loop() {
		b.StopTimer()
		token := n.token(b)
		b.StartTimer()
		if _, err := n.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
