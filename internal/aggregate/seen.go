package aggregate

// bitmap remembers which ordinals a run has seen: one bit an account, so 125 kB for a million.
type bitmap struct{ words []uint64 }

func (b *bitmap) has(n int64) bool {
	i := n / 64
	return i < int64(len(b.words)) && b.words[i]&(1<<(n%64)) != 0
}

func (b *bitmap) set(n int64) {
	i := n / 64
	for int64(len(b.words)) <= i {
		b.words = append(b.words, 0)
	}
	b.words[i] |= 1 << (n % 64)
}
