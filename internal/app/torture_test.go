//go:build unix

package app_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

// TestTorture kills the real program at random moments while people ask for accounts on a real directory, approve, reject,
// cancel, fetch passwords and ask for deletions, and while the directory is aggregated. In the end every request must have
// come to exactly one end, and the directory and the inventory must have exactly the accounts that follow from those ends.
//
// The environment says how long: KILLS is how often each engine is killed at least, TORTURE how long it goes on at least,
// and SEED what the random decisions are made from. By themselves they make a run of some seconds.
func TestTorture(t *testing.T) {
	t.Parallel()
	least, period := ordered(t)
	p := programs(t)
	eachEngine(t, func(t *testing.T, database string) {
		slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(2)))
		slapd.Add(groupEntry("readers", "svc-00"))
		x := newTorture(t, newVictim(t, p.midgard, database, "MIDGARD_JOB_LEASE=1s", "MIDGARD_TOKEN_LIFETIME=12h"), slapd)
		began := time.Now()
		x.kills = 0
		stop := x.work()
		for x.kills < least || time.Since(began) < period {
			x.pause()
			x.kill()
			x.start()
		}
		stop()
		resumed := x.settle()
		x.checkPasswords()
		t.Logf("%d kills in %v; %d calls answered, %d not; everything came to its end %v after the last start",
			x.kills, time.Since(began).Round(time.Second), x.answered.Load(), x.unanswered.Load(), resumed.Round(time.Millisecond))
		x.kill()
		x.check(openBooks(t, x.victim, p.query))
		if t.Failed() {
			t.Logf("the program has logged:\n%s", x.errors())
		}
	})
}

// ordered reads how often, and for how long, each engine is to be killed.
func ordered(t *testing.T) (kills int, period time.Duration) {
	t.Helper()
	var err error
	if text := os.Getenv("TORTURE"); text != "" {
		if period, err = time.ParseDuration(text); err != nil {
			t.Fatalf("TORTURE must be a time such as 10m: %v", err)
		}
	}
	if kills = 16; period > 0 {
		kills = 0
	}
	if text := os.Getenv("KILLS"); text != "" {
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("KILLS must be a whole number: %v", err)
		}
	}
	return kills, period
}

// torture is a victim that people work with, and what they were told.
type torture struct {
	*victim
	office
	free, ruled, readers string // subtypes without and with approval, and an entitlement
	askers               [2]*rand.Rand
	deciders             []decider
	owner, canceller     *rand.Rand

	mu        sync.Mutex
	wishes    []*wish
	decisions map[string][]decision // by approval
}

// wish is an account that somebody asks for. Its mark is in the description, so that it can be told whose an account is.
type wish struct {
	mark, name, subtype string
	entitled            bool
	id                  string // of the request, once that was acknowledged
	cancelled           bool   // was acknowledged
	account             string // once it is known
	password            string
	fetched             bool   // the password may have gone to somebody who did not hear of it
	doomed              bool   // its deletion may have been asked for
	deletion            string // the id of the request for the deletion, once that was acknowledged
}

// decider is somebody who approves and rejects.
type decider struct {
	sender
	who  *apptest.Caller
	step int // of those approvals that have all steps
	dice *rand.Rand
}

// decision is one that was acknowledged.
type decision struct {
	by       string
	approved bool
}

func newTorture(t *testing.T, v *victim, slapd *testenv.SlapdServer) *torture {
	t.Helper()
	v.start()
	v.signIn()
	s := apptest.At(t, "http://"+v.listen)
	s.Admin = s.WithToken("admin", v.admin.token)
	s.Admin.ID = v.adminID
	x := &torture{victim: v, office: newOffice(t, s, slapd), decisions: map[string][]decision{}}
	x.free, x.ruled = x.offer(t, "free", "", ""), x.offer(t, "ruled", "manager, sourceOwner, workgroup:"+x.group, "manager, sourceOwner")
	x.readers = x.entitlement(t, "readers")
	start := seed(t)
	x.askers = [2]*rand.Rand{newDice(start, 1), newDice(start, 2)}
	x.owner, x.canceller = newDice(start, 3), newDice(start, 4)
	for i, who := range []*apptest.Caller{x.ada, x.cleo, x.dora, x.emil} {
		x.deciders = append(x.deciders, decider{sender: x.as(who), who: who, step: min(i, 2), dice: newDice(start, uint64(10+i))})
	}
	return x
}

func (x *torture) as(who *apptest.Caller) sender { return sender{victim: x.victim, token: who.Token} }

// work lets everybody work until stop is called.
func (x *torture) work() (stop func()) {
	stops := []func(){
		untilStopped(len(x.askers), x.ask),
		untilStopped(len(x.deciders), func(client, _ int) { x.decide(&x.deciders[client], 7) }),
		untilStopped(1, func(int, int) { x.own() }),
		untilStopped(1, func(int, int) { x.cancel() }),
		untilStopped(1, x.aggregate),
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// ask asks for an account. Both askers want the same names. A client who gets no answer sends the request again, or gives up.
func (x *torture) ask(client, n int) {
	dice := x.askers[client]
	<-time.After(upTo(dice, 300*time.Millisecond))
	w := &wish{mark: fmt.Sprintf("wish %d of client %d", n, client), name: fmt.Sprintf("s%05d", n/2), subtype: x.free, entitled: dice.IntN(3) == 0}
	if dice.IntN(2) == 0 {
		w.subtype = x.ruled
	}
	x.mu.Lock()
	x.wishes = append(x.wishes, w)
	x.mu.Unlock()
	from := x.as(x.bob)
	from.key = w.mark
	for {
		again := dice.IntN(5) > 0
		if x.send(from, w) && dice.IntN(4) > 0 || !again {
			return
		}
	}
}

// send sends the request for an account, whose id must be the same each time. It reports whether there was an answer.
func (x *torture) send(from sender, w *wish) bool {
	body := obj{"subtypeId": w.subtype, "ownerIdentityId": x.dora.ID, "environment": "Test", "description": w.mark, "userInput": obj{"name": w.name}}
	if w.entitled {
		body["entitlementIds"] = []string{x.readers}
	}
	var made struct{ AccountRequestID string }
	answer, ok := from.try(http.MethodPost, creationPath, jsonType, body, &made)
	if !ok {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if answer.status != http.StatusAccepted || w.id != "" && w.id != made.AccountRequestID {
		x.t.Errorf("%s: %d %s, it had the id %q", w.mark, answer.status, answer.text, w.id)
	}
	if w.id == "" {
		w.id = made.AccountRequestID
	}
	return true
}

// decide approves or rejects something that waits for somebody; of ten decisions so many are approvals.
func (x *torture) decide(d *decider, approvals int) {
	<-time.After(upTo(d.dice, 30*time.Millisecond))
	var waiting []struct{ ID string }
	path := apptest.Query(approvalsPath, "mine", "true", "filters", `status eq "PENDING"`, "limit", "20")
	if _, ok := d.try(http.MethodGet, path, jsonType, nil, &waiting); !ok || len(waiting) == 0 {
		return
	}
	id := waiting[d.dice.IntN(len(waiting))].ID
	made, verb := decision{d.who.ID, d.dice.IntN(10) < approvals}, "reject"
	if made.approved {
		verb = "approve"
	}
	answer, ok := d.try(http.MethodPost, approvalsPath+"/"+id+"/"+verb, jsonType, obj{"comment": verb}, nil)
	switch {
	case !ok, strings.Contains(answer.text, "400.1.409"): // the other member of the group was faster, or bob has cancelled
	case answer.status < 300:
		x.mu.Lock()
		defer x.mu.Unlock()
		x.decisions[id] = append(x.decisions[id], made)
	default:
		x.t.Errorf("%s: %d %s", verb, answer.status, answer.text)
	}
}

// some gives one of the last n requests, if it was acknowledged; nil while there is none.
func (x *torture) some(dice *rand.Rand, last int) *wish {
	x.mu.Lock()
	defer x.mu.Unlock()
	for range 10 {
		if n := len(x.wishes); n > 0 {
			if w := x.wishes[n-1-dice.IntN(min(n, last))]; w.id != "" {
				return w
			}
		}
	}
	return nil
}

// cancel cancels one of the requests, if it still waits.
func (x *torture) cancel() {
	<-time.After(upTo(x.canceller, time.Second))
	w := x.some(x.canceller, 8)
	if w == nil {
		return
	}
	answer, ok := x.as(x.bob).try(http.MethodPost, requestsPath+"/"+w.id+"/cancel", jsonType, obj{"comment": "no more"}, nil)
	if ok && answer.status != http.StatusOK && !strings.Contains(answer.text, "400.1.409") {
		x.t.Errorf("cancel: %d %s", answer.status, answer.text)
	}
	w.cancelled = w.cancelled || ok && answer.status == http.StatusOK
}

// own lets the owner of an account fetch its password, or ask for its deletion.
func (x *torture) own() {
	<-time.After(upTo(x.owner, 40*time.Millisecond))
	w := x.some(x.owner, 100)
	if w == nil || w.deletion != "" {
		return
	}
	from := x.as(x.dora)
	if w.account == "" && !x.look(from, w) {
		return
	}
	if x.owner.IntN(3) == 0 && !w.doomed {
		x.fetch(from, w)
		return
	}
	w.doomed = true
	var asked struct{ AccountRequestID string }
	answer, ok := from.try(http.MethodPost, "/account-requests/v1/account/"+w.account+"/delete", jsonType, obj{"comments": w.mark}, &asked)
	if ok && answer.status != http.StatusAccepted && answer.status != http.StatusNotFound { // one that was not answered may have been heard
		x.t.Errorf("delete: %d %s", answer.status, answer.text)
	}
	w.deletion = asked.AccountRequestID // of the one before, as long as that waits
}

// look finds out whether the account of a request is there.
func (x *torture) look(from sender, w *wish) bool {
	var request struct {
		Status  string
		Account struct{ ID string }
	}
	answer, ok := from.try(http.MethodGet, requestsPath+"/"+w.id, jsonType, nil, &request)
	if ok && answer.status != http.StatusOK {
		x.t.Errorf("a request that was acknowledged: %d %s", answer.status, answer.text)
	}
	if request.Status == "SUCCESS" {
		w.account = request.Account.ID
	}
	return w.account != ""
}

func (x *torture) fetch(from sender, w *wish) {
	if w.fetched {
		return
	}
	var shown struct{ Password string }
	answer, ok := from.try(http.MethodPost, requestsPath+"/"+w.id+"/password", jsonType, nil, &shown)
	if w.fetched = true; ok && answer.status != http.StatusOK {
		x.t.Errorf("the password of %s: %d %s", w.mark, answer.status, answer.text)
	}
	w.password = shown.Password
}

// aggregate starts a run of the directory, of what has changed or of everything.
func (x *torture) aggregate(_, n int) {
	<-time.After(250 * time.Millisecond)
	kind, body := jsonType, ""
	if n%2 == 0 {
		kind, body = "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"disableOptimization\"\r\n\r\ntrue\r\n--x--\r\n"
	}
	answer, err := x.admin.call(http.MethodPost, x.office.path("load-accounts"), kind, strings.NewReader(body), nil)
	if err == nil && answer.status != http.StatusAccepted && !strings.Contains(answer.text, "400.1.409") {
		x.t.Errorf("aggregate: %d %s", answer.status, answer.text)
	}
}

// settle lets everybody decide what still waits, waits for everything to end, and aggregates once more. It gives the time
// that this took since the last start.
func (x *torture) settle() time.Duration {
	x.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; {
		for i := range x.deciders {
			x.decide(&x.deciders[i], 10)
		}
		var pending []struct{ ID, RequestType string }
		x.admin.must(http.MethodGet, apptest.Query(requestsPath, "all", "true", "filters", `status eq "PENDING"`), nil, &pending)
		if len(pending) == 0 {
			break
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("%d requests do not end: %v\n%s", len(pending), pending, x.said())
		}
	}
	took := x.untilIdle()
	x.aggregate(0, 0)
	x.untilIdle()
	return took
}

// checkPasswords fetches the passwords that nobody has, and tries all of them.
func (x *torture) checkPasswords() {
	t := x.t
	entries := x.marked()
	from := x.as(x.dora)
	tried := 0
	for _, w := range x.wishes {
		if w.id == "" || len(entries[w.mark]) == 0 || !x.look(from, w) {
			continue
		}
		if x.fetch(from, w); w.password == "" {
			continue // it is lost with the answer that nobody got
		}
		if tried++; !canBind(t, x.slapd, entries[w.mark][0], w.password) {
			t.Errorf("%s: the directory does not take the password", w.mark)
		}
	}
	t.Logf("%d passwords were tried on the directory", tried)
}

// marked gives the entries of the directory that were asked for, by their marks.
func (x *torture) marked() map[string][]string {
	found := map[string][]string{}
	for dn, entry := range entriesBelow(x.t, x.slapd, directoryServices, "inetOrgPerson") {
		mark := entry.GetAttributeValue("description")
		found[mark] = append(found[mark], dn)
	}
	return found
}
