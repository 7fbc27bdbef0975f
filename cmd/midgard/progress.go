package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/schollz/progressbar/v3"

	"midgard/client"
)

// follow shows a task until it ends, then what it found. A task that failed is an error.
func (p *program) follow(ctx context.Context, c *client.Client, name string, task client.Task) error {
	show := newProgress(p.stderr, printable(name))
	task, err := c.WaitTask(ctx, task.ID, show.update)
	show.end()
	if err != nil {
		return err
	}
	printMessages(p.stderr, task)
	if err := task.Err(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s: %s%s\n", printable(name), strings.ToLower(task.CompletionStatus), counts(task))
	return err
}

// progress draws a bar where people watch and writes a line per change elsewhere, so that logs stay readable.
type progress struct {
	out  io.Writer
	name string
	bar  *progressbar.ProgressBar
	last string
}

func newProgress(out io.Writer, name string) *progress {
	p := &progress{out: out, name: name}
	if isTerminal(out) {
		p.bar = p.newBar(unknownLength)
	}
	return p
}

// unknownLength makes a spinner instead of a bar: a file or a directory does not say how much is to come.
const unknownLength = -1

func (p *progress) newBar(length int) *progressbar.ProgressBar {
	return progressbar.NewOptions(length, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(p.name),
		progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true))
}

// draw swaps the spinner for a bar once the server knows how far it is.
func (p *progress) draw(step string, percent int) {
	if percent > 0 && p.bar.GetMax() == unknownLength {
		_ = p.bar.Clear()
		p.bar = p.newBar(100)
	}
	p.bar.Describe(strings.TrimSpace(p.name + " " + step))
	if percent > 0 {
		_ = p.bar.Set(min(percent, 99)) // the end is drawn by the result that follows
		return
	}
	_ = p.bar.Add(1)
}

// update ignores what the bar's writer says: nobody is helped when an aggregation ends because a terminal went away.
func (p *progress) update(task client.Task) {
	step := printable(strings.TrimSpace(task.Progress))
	if p.bar != nil {
		p.draw(step, task.PercentComplete)
		return
	}
	// Percentages change with every poll; a line per quarter is enough for a log.
	line := p.name + ": " + step
	if quarter := task.PercentComplete / 25 * 25; quarter > 0 {
		line = fmt.Sprintf("%s: %d %% %s", p.name, quarter, step)
	}
	if line = strings.TrimSpace(line); line != p.last && step != "" && !task.Done() {
		p.last = line
		fmt.Fprintln(p.out, line)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// mostMessages bounds what is printed; the task keeps the others.
const mostMessages = 20

// printMessages leaves out what is only for information, and the error that is the reason of a failed task: that one is
// the outcome of the command.
func printMessages(out io.Writer, task client.Task) {
	shown, reasonSeen := 0, task.Err() == nil
	for _, m := range task.Messages {
		if m.Type == "INFO" {
			continue
		}
		if m.Type == "ERROR" && !reasonSeen {
			reasonSeen = true
			continue
		}
		if shown == mostMessages {
			fmt.Fprintf(out, "and more: midgard get tasks %s -o json\n", task.ID)
			return
		}
		shown++
		fmt.Fprintf(out, "%s: %s\n", strings.ToLower(m.Type), printable(m.Text))
	}
}

// counts lists the figures among a task's attributes that are not zero, by name.
func counts(task client.Task) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(task.Attributes)) {
		if n, isNumber := task.Attributes[name].(float64); isNumber && n != 0 {
			fmt.Fprintf(&b, ", %.0f %s", n, words(printable(name)))
		}
	}
	return b.String()
}

// words spells machineIdentities as "machine identities".
func words(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
