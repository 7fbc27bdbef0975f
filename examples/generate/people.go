package main

import (
	"fmt"
	"strings"
	"time"
)

var personHeader = []string{
	"uid", "displayName", "firstName", "lastName", "email", "manager", "department", "title", "location", "lifecycleState",
	"startDate", "origin",
}

type person struct {
	uid, first, last, email     string
	manager                     string // uid; empty for the one at the top
	department, title, location string
	inactive                    bool
	start                       time.Time
}

func (p person) row() []string {
	state := "active"
	if p.inactive {
		state = "inactive"
	}
	return []string{
		p.uid, p.first + " " + p.last, p.first, p.last, p.email, p.manager, p.department, p.title, p.location, state,
		p.start.Format(time.DateOnly), origin,
	}
}

// makePeople fills the tree from the top, so that a manager's row stands before those of the team.
func makePeople(d dice) []person {
	h := hiring{dice: d, uids: map[string]int{}, emails: map[string]int{}}
	chief := h.hire("Management", "Chief Executive Officer", "")
	for i, dep := range departments {
		size := (peopleCount - 1) * dep.share / 100
		if i == len(departments)-1 {
			size = peopleCount - len(h.staff)
		}
		h.department(dep, size, chief)
	}
	return h.staff
}

type hiring struct {
	dice
	staff  []person
	uids   map[string]int
	emails map[string]int
}

// department hires its head, one manager for about nine people, and the rest. Some teams grow larger than others.
func (h *hiring) department(dep department, size int, chief string) {
	head := h.hire(dep.name, dep.head, chief)
	managers := []string{head}
	for range size / 10 {
		managers = append(managers, h.hire(dep.name, dep.middle, head))
	}
	for range size - len(managers) {
		boss := pick(h.dice, managers)
		if h.chance(30) {
			boss = skewed(h.dice, managers)
		}
		h.hire(dep.name, pick(h.dice, dep.titles), boss)
		h.staff[len(h.staff)-1].inactive = h.chance(5)
	}
}

// hire returns the uid of the new person.
func (h *hiring) hire(department, title, manager string) string {
	first, last := pick(h.dice, firstNames), pick(h.dice, lastNames)
	p := person{
		uid: unique(h.uids, letters(first)[:1]+letters(last)), first: first, last: last,
		email:   unique(h.emails, letters(first)+"."+letters(last)) + "@example.test",
		manager: manager, department: department, title: title, location: draw(h.dice, locations),
		// Most people came in the last years: the smaller of two draws.
		start: today.AddDate(0, 0, -min(30+h.IntN(6500), 30+h.IntN(6500))),
	}
	h.staff = append(h.staff, p)
	return p.uid
}

// unique appends a number from the second use on.
func unique(used map[string]int, name string) string {
	used[name]++
	if n := used[name]; n > 1 {
		return fmt.Sprintf("%s%d", name, n)
	}
	return name
}

var plainLetters = strings.NewReplacer("ö", "oe", "ü", "ue", "é", "e", "è", "e", "ë", "e", "í", "i", "á", "a", " ", "", "'", "")

// letters is a name as it may stand in an e-mail address.
func letters(name string) string { return plainLetters.Replace(strings.ToLower(name)) }
