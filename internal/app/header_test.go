//go:build unix

package app_test

import (
	"bufio"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// TestHeaders: that every answer carries the same id in two headers and in its body is checked with every request.
func TestHeaders(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("ids", in.testRequestIDs)
		t.Run("compression", in.testCompression)
		t.Run("nothing there", in.testNothingThere)
		t.Run("content types", in.testContentTypes)
		t.Run("ids in paths", in.testOddPaths)
	})
}

func (in inventory) testRequestIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range []string{identitiesPath, identitiesPath + "/" + unknownID, accountsPath, accountsPath + "?limit=x", "/nothing", "/oauth/token"} {
		for _, caller := range []*apptest.Caller{in.Admin, in.Nobody, in.Admin.With(apptest.Experimental, "")} {
			got := caller.Get(t, path)
			id := got.Header.Get("SLPT-Request-ID")
			if seen[id] {
				t.Errorf("%s: the id %s occurs twice", path, id)
			}
			seen[id] = true
			if kind := got.Header.Get("Content-Type"); kind != "application/json;charset=UTF-8" {
				t.Errorf("%s: the content type is %q", path, kind)
			}
			if got.Header.Get("Retry-After") != "" || got.Header.Get("X-Deprecated") != "" {
				t.Errorf("%s: headers %v", path, got.Header)
			}
		}
	}
}

func (in inventory) testCompression(t *testing.T) {
	for encoding, compressed := range map[string]bool{
		"": false, "identity": false, "gzip": true, "gzip, compress, deflate, br": true, "br;q=1.0, gzip;q=0.8, *;q=0.1": true, "gzip;q=0": false,
		"deflate, br": false, "zstd": false,
	} {
		big := in.Admin.With("Accept-Encoding", encoding).Get(t, accountsPath).Want(t, 200)
		small := in.Admin.With("Accept-Encoding", encoding).Get(t, accountsPath+"?limit=0").Want(t, 200, "[]")
		want := map[bool]string{true: "gzip"}[compressed]
		if got := big.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%q: the encoding is %q, want %q", encoding, got, want)
		}
		if got := small.Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%q: two bytes are encoded as %q", encoding, got)
		}
		if len(big.Rows(t)) != 8 {
			t.Errorf("%q: %d rows", encoding, len(big.Rows(t)))
		}
	}
}

func (in inventory) testNothingThere(t *testing.T) {
	for _, path := range []string{"/", "/nothing", "/v2023/machine-identities", "/v3/machine-identities", "/machine-identities/v3", "/machine-identities", "/v2024/machine-identities/x/y", "/machine-identities/v1/"} {
		in.Admin.Get(t, path).Refused(t, "404 Not found", "did not find a current representation")
		in.Nobody.Get(t, path).Want(t, 404)
	}
	for call, allowed := range map[string]string{
		"PUT " + identitiesPath: "GET, POST", "POST " + accountsPath: "GET", "DELETE " + accountsPath + "/x": "GET, PATCH", "GET /oauth/token": "POST",
		"PUT /sources/v1/x/load-accounts": "POST", "POST /sources/v1/x/machine-classification-config": "GET, PUT, DELETE",
	} {
		method, path, _ := strings.Cut(call, " ")
		got := in.Admin.Do(t, method, path, "")
		got.Refused(t, "405 Method Not Allowed", method)
		if got.Header.Get("Allow") != allowed {
			t.Errorf("%s: Allow is %q, want %q", call, got.Header.Get("Allow"), allowed)
		}
	}
}

// testContentTypes: clients send bodies of no length with any content type, and JSON with the wrong one.
func (in inventory) testContentTypes(t *testing.T) {
	account := in.account(t, "svc-01").Text("id")
	for _, kind := range []string{"", "application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data", "nonsense;;"} {
		caller := in.Admin.With("Content-Type", kind)
		caller.Post(t, "/accounts/v1/"+account+"/classify", "").Want(t, 200, `{"isMachine":true}`)
		caller.Post(t, "/sources/v1/"+in.mail+"/classify", "").Want(t, 200)
		in.Until(t, "/sources/v1/"+in.mail+"/classify", func(r apptest.Row) bool { return r.Text("status") == "COMPLETED" })
		path := "/machine-identities/v2/" + caller.Post(t, "/machine-identities/v2", "{\"name\":\"x\"}\n").Want(t, 201).ID(t)
		caller.Patch(t, path, replace("/name", "y")+"\n").Want(t, 200, `"name":"y"`)
		if kind != "application/json" {
			caller.Patch(t, path, `{"name":"z"}`).Want(t, 400)
		}
	}
	in.Admin.With("Accept", "text/csv").Get(t, accountsPath).Want(t, 200)
}

// testOddPaths: an id can be anything, and is not there.
func (in inventory) testOddPaths(t *testing.T) {
	for _, id := range []string{"x", "%00", "%ff", "%C3%28", "a%2Fb", "%20", strings.Repeat("a", 5000), "..%2f..", "'%20or%201=1--", "%F0%9F%98%80"} {
		for _, path := range []string{identitiesPath, "/machine-identities/v2", accountsPath, "/accounts/v1", "/entitlements/v1", "/task-status/v1", "/sources/v1", "/identities/v1", "/workgroups/v1"} {
			in.Admin.Get(t, path+"/"+id).Refused(t, "404 Not found")
		}
		in.Admin.Delete(t, "/machine-identities/v2/"+id).Refused(t, "404 Not found")
		in.Admin.Patch(t, "/machine-identities/v2/"+id, replace("/name", "x")).Refused(t, "404 Not found")
		in.Admin.Get(t, "/sources/v1/"+id+"/classify").Refused(t, "404 Not found")
		in.Admin.Get(t, "/sources/v1?for-subadmin="+id).Want(t, 200, "[]")
		in.Admin.Get(t, "/personal-access-tokens/v1?owner-id="+id).Want(t, 200, "[]")
	}
}

// TestRequestThatBreaksOff sends half a body; what was begun is not done.
func TestRequestThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	address, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	head := "POST /machine-identities/v2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.Admin.Token + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
	if _, err := connection.Write([]byte(head + `{"name":"half"}`)); err != nil {
		t.Fatal(err)
	}
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 400 {
		t.Errorf("the answer is %s", answer.Status)
	}
	if rows := s.Admin.List(t, "/machine-identities/v2"); len(rows) > 0 {
		t.Errorf("made %v", rows)
	}
}
