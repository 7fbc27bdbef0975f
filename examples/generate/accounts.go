package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

var accountHeader = []string{
	"id", "name", "description", "owner", "environment", "application", "accountType", "status", "lastLogin", "passwordLastSet",
	"groups", "privileged", "origin",
}

type account struct {
	id, name, description, owner   string
	environment, application, kind string
	disabled, privileged           bool
	lastLogin, passwordLastSet     time.Time // zero: never
	groups                         []string
}

func (a account) row() []string {
	status := "enabled"
	if a.disabled {
		status = "disabled"
	}
	return []string{
		a.id, a.name, a.description, a.owner, a.environment, a.application, a.kind, status, stamp(a.lastLogin),
		stamp(a.passwordLastSet), strings.Join(a.groups, ";"), strconv.FormatBool(a.privileged), origin,
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// kinds is how the accounts of such a system are distributed: mostly machines, some hundreds of people's own accounts,
// and a few whose type nobody entered.
var kinds = []weighted[string]{
	{"service", 43}, {"human", 16}, {"application", 11}, {"bot", 8}, {"batch", 7}, {"shared", 6}, {"rpa", 5}, {"test", 3}, {"", 1},
}

var environments = []weighted[string]{{"PRODUCTION", 55}, {"TEST", 20}, {"DEVELOPMENT", 15}, {"STAGING", 10}}

func makeAccounts(d dice, staff []person) []account {
	f := factory{dice: d, staff: staff, names: map[string]int{}, owners: map[string][]person{}}
	out := make([]account, 0, accountCount)
	for i := range accountCount {
		a := f.account()
		a.id = fmt.Sprintf("SA-%05d", i+1)
		out = append(out, a)
	}
	return out
}

type factory struct {
	dice
	staff  []person
	names  map[string]int
	owners map[string][]person // the few people who look after an application
}

func (f *factory) account() account {
	kind := draw(f.dice, kinds)
	if kind == "human" {
		return f.human()
	}
	return f.machine(kind)
}

// human is the account of an employee, or a second one for administration. Nobody has two of a sort.
func (f *factory) human() account {
	prefix := ""
	if f.chance(20) {
		prefix = "adm-"
	}
	p := f.somebody(func(p person) bool { return f.names[prefix+p.uid] == 0 })
	a := account{kind: "human", name: prefix + p.uid, owner: p.uid, disabled: p.inactive, description: "Sample: account of " + p.first + " " + p.last}
	f.names[a.name]++
	if prefix != "" {
		a.privileged, a.groups = true, []string{pick(f.dice, grants[20:]).name}
	}
	a.lastLogin, a.passwordLastSet = f.daysAgo(0, 40), f.daysAgo(0, 120)
	if p.inactive {
		a.lastLogin = f.daysAgo(60, 900)
	}
	return a
}

func (f *factory) machine(kind string) account {
	app := skewed(f.dice, applications)
	a := account{
		kind: kind, application: app.name, environment: draw(f.dice, environments), owner: f.owner(app),
		disabled: f.chance(9), description: "Sample: " + pick(f.dice, tasks),
	}
	a.name = f.machineName(a)
	f.grant(&a)
	a.lastLogin, a.passwordLastSet = f.lastLogin(a.disabled), f.passwordAge()
	return a
}

var shortEnvironment = map[string]string{"PRODUCTION": "prd", "TEST": "tst", "DEVELOPMENT": "dev", "STAGING": "stg"}

func (f *factory) machineName(a account) string {
	prefix := map[string]string{
		"service": "svc", "application": "app", "bot": "bot", "batch": "job", "shared": "shr", "rpa": "rpa", "test": "tmp", "": "svc",
	}[a.kind]
	base := prefix + "-" + a.application + "-" + shortEnvironment[a.environment]
	f.names[base]++
	return fmt.Sprintf("%s-%02d", base, f.names[base])
}

// owner is written as different administrators do: mostly the uid, sometimes the e-mail address, now and then nothing,
// somebody who left, or somebody whom the people file does not know.
func (f *factory) owner(app application) string {
	switch n := f.IntN(100); {
	case n < 6:
		return ""
	case n < 9:
		return f.somebody(func(p person) bool { return p.inactive }).uid
	case n < 11:
		return pick(f.dice, []string{"it.team", "former.contractor", "dba-group", "vendor", "u99999"})
	case n < 25:
		return f.caretaker(app).email
	}
	return f.caretaker(app).uid
}

// caretaker is one of the three people who look after the application, and in one of five cases somebody else of the
// same department.
func (f *factory) caretaker(app application) person {
	colleague := func(p person) bool { return p.department == app.department && !p.inactive }
	for len(f.owners[app.name]) < 3 {
		f.owners[app.name] = append(f.owners[app.name], f.somebody(colleague))
	}
	if f.chance(20) {
		return f.somebody(colleague)
	}
	return skewed(f.dice, f.owners[app.name])
}

// somebody draws until the condition holds; every condition used here holds for dozens of people.
func (f *factory) somebody(fits func(person) bool) person {
	for {
		if p := pick(f.dice, f.staff); fits(p) {
			return p
		}
	}
}

// grant gives one to five entitlements, none to one account of twelve.
func (f *factory) grant(a *account) {
	if f.chance(8) {
		return
	}
	held := map[string]bool{}
	for range min(1+f.IntN(5), 1+f.IntN(5)) {
		g := skewed(f.dice, grants)
		if held[g.name] {
			continue
		}
		held[g.name] = true
		a.groups = append(a.groups, g.name)
		a.privileged = a.privileged || g.privileged
	}
}

func (f *factory) lastLogin(disabled bool) time.Time {
	n := f.IntN(100)
	switch {
	case n < 6:
		return time.Time{}
	case disabled || n < 16:
		return f.daysAgo(366, 1500)
	case n < 30:
		return f.daysAgo(31, 365)
	}
	return f.daysAgo(0, 30)
}

func (f *factory) passwordAge() time.Time {
	switch n := f.IntN(100); {
	case n < 10:
		return time.Time{}
	case n < 45:
		return f.daysAgo(366, 3200)
	case n < 70:
		return f.daysAgo(91, 365)
	}
	return f.daysAgo(0, 90)
}
