package auth

import (
	"net/netip"
	"sync"
	"time"
)

const (
	freeFailures = 5                 // so many failures cost nothing
	firstBlock   = time.Second       // the wait after them, doubled by each further failure
	longestBlock = time.Minute       // and its bound
	forgiveAfter = time.Minute       // without a failure for so long the count begins anew
	trustFor     = 24 * time.Hour    // a client that succeeded from an address is known there for so long
	throttleKeys = 20_000            // how many counts are kept at least
	ipv6Customer = 64                // the bits of an IPv6 address that one customer cannot change at will
	unknownPlace = "unknown address" // where a request comes from when that cannot be read
)

// throttle slows those who guess secrets. It counts failures per client id and per address, and refuses without looking
// once there were freeFailures of them within a minute.
//
// Two rules keep it from being turned against honest clients. A client id that has succeeded from an address is judged
// there by its own failures from that address alone: who guesses elsewhere cannot lock it out. And an address counts
// each failing client id once: a misconfigured client behind a proxy does not block its neighbours, a list of client ids
// that is tried one by one does get the address blocked.
type throttle struct {
	now    func() time.Time
	mu     sync.Mutex // guards the counts themselves
	counts *recent[string, *failures]
	known  *recent[string, *time.Time] // client and address with a success, and when
}

type failures struct {
	count int
	last  time.Time
	until time.Time // blocked before this
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, counts: newRecent[string, *failures](throttleKeys), known: newRecent[string, *time.Time](throttleKeys)}
}

// attempt is one try to get a token.
type attempt struct{ client, place, pair string }

// attemptOf takes the address as net/http gives it, with or without a port.
func attemptOf(clientID, remote string) attempt {
	place := placeOf(remote)
	return attempt{client: "client " + clientID, place: "place " + place, pair: "pair " + place + " " + clientID}
}

func placeOf(remote string) string {
	addr, err := netip.ParseAddr(remote)
	if port, e := netip.ParseAddrPort(remote); e == nil {
		addr, err = port.Addr(), nil
	}
	if err != nil {
		return unknownPlace
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(ipv6Customer)
	if err != nil {
		return unknownPlace
	}
	return prefix.String()
}

// wait gives how long the attempt has to be put off, zero when it may be made.
func (t *throttle) wait(a attempt) time.Duration {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if success, found := t.known.get(a.pair); found && now.Sub(*success) < trustFor {
		return t.blocked(a.pair, now)
	}
	return max(t.blocked(a.client, now), t.blocked(a.place, now))
}

func (t *throttle) blocked(key string, now time.Time) time.Duration {
	f, found := t.counts.get(key)
	if !found {
		return 0
	}
	return max(0, f.until.Sub(now))
}

func (t *throttle) failed(a attempt) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count(a.client, now)
	if first := t.count(a.pair, now); first {
		t.count(a.place, now)
	}
}

// count notes a failure and reports whether it is the first of its kind in a while.
func (t *throttle) count(key string, now time.Time) bool {
	f := t.counts.getOrPut(key, &failures{})
	if now.Sub(f.last) > forgiveAfter && now.Sub(f.until) > forgiveAfter {
		f.count = 0
	}
	f.count++
	f.last = now
	if f.count >= freeFailures {
		f.until = now.Add(blockAfter(f.count))
	}
	return f.count == 1
}

func blockAfter(count int) time.Duration {
	doublings := min(count-freeFailures, 10) // beyond that the bound holds anyway
	return min(firstBlock<<doublings, longestBlock)
}

func (t *throttle) succeeded(a attempt) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, found := t.counts.get(a.pair); found {
		*f = failures{}
	}
	*t.known.getOrPut(a.pair, &now) = now
}
