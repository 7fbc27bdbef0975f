package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

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
		p.bar = progressbar.NewOptions(100, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(name),
			progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true))
	}
	return p
}

// update ignores what the bar's writer says: nobody is helped when an aggregation ends because a terminal went away.
func (p *progress) update(task client.Task) {
	step := printable(strings.TrimSpace(task.Progress))
	if p.bar != nil {
		p.bar.Describe(strings.TrimSpace(p.name + " " + step))
		_ = p.bar.Set(min(max(task.PercentComplete, 0), 100))
		return
	}
	// Percentages change with every poll; a line per quarter is enough for a log.
	line := fmt.Sprintf("%s: %d %% %s", p.name, task.PercentComplete/25*25, step)
	if key := strings.TrimSpace(line); key != p.last && !task.Done() {
		p.last = key
		fmt.Fprintln(p.out, key)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// mostMessages bounds what is printed; the task keeps the others.
const mostMessages = 20

func printMessages(out io.Writer, task client.Task) {
	shown := 0
	for _, m := range task.Messages {
		if m.Type == "INFO" {
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

// counts lists the figures among a task's attributes by name.
func counts(task client.Task) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(task.Attributes)) {
		if n, isNumber := task.Attributes[name].(float64); isNumber {
			fmt.Fprintf(&b, ", %s %.0f", printable(name), n)
		}
	}
	return b.String()
}
