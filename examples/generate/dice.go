package main

import (
	"math/rand/v2"
	"time"
)

// dice draws everything that is random.
type dice struct{ *rand.Rand }

// weighted is a value with its share of the draws.
type weighted[T any] struct {
	value  T
	weight int
}

func draw[T any](d dice, choices []weighted[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	n := d.IntN(total)
	for _, c := range choices {
		if n -= c.weight; n < 0 {
			return c.value
		}
	}
	return choices[len(choices)-1].value
}

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// skewed prefers the front of the list, the way that a few applications own most accounts: the minimum of three draws.
func skewed[T any](d dice, from []T) T {
	return from[min(d.IntN(len(from)), d.IntN(len(from)), d.IntN(len(from)))]
}

// chance is true in percent of 100 draws.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// daysAgo is a moment between low and high days before today, at some second of its day.
func (d dice) daysAgo(low, high int) time.Time {
	day := today.AddDate(0, 0, -low-d.IntN(high-low+1))
	return day.Add(-time.Duration(d.IntN(12*3600)) * time.Second)
}
