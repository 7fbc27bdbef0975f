package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// child is the parent's side of the conversation with a process in a role.
type child struct {
	role  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *json.Decoder
	first message // what it said when it was ready
}

// stopLimit is how long a child may take to end in order.
const stopLimit = 20 * time.Second

// start runs the program in a role and waits until it is ready. Settings go through the input, since arguments can be
// seen by everybody on the machine.
func start(ctx context.Context, role string, settings any) (*child, error) {
	line, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{role: role, cmd: exec.CommandContext(ctx, self, roleFlag, role)}
	c.cmd.Stderr, c.cmd.WaitDelay = os.Stderr, stopLimit
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	c.cmd.Cancel = c.in.Close // which asks the child to end
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if c.first, err = c.say(string(line)); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// say writes a line and reads the answer.
func (c *child) say(line string) (message, error) {
	var m message
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return m, fmt.Errorf("%s: %w", c.role, err)
	}
	if err := c.out.Decode(&m); err != nil {
		return m, fmt.Errorf("%s ended early: %w", c.role, err)
	}
	if m.Error != "" {
		return m, fmt.Errorf("%s: %s", c.role, m.Error)
	}
	return m, nil
}

func (c *child) usage() (usage, error) {
	m, err := c.say("usage")
	return m.Usage, err
}

// profile begins a CPU profile in a file and gives the function that ends it.
func (c *child) profile(file string) (end func() error, err error) {
	if _, err := c.say("profile " + file); err != nil {
		return nil, err
	}
	return func() error {
		_, err := c.say("profile")
		return err
	}, nil
}

// stop ends the child and waits for it. Stopping twice is harmless.
func (c *child) stop() error {
	c.in.Close() //nolint:errcheck // the child may have gone first
	if c.cmd.ProcessState != nil {
		return nil
	}
	return c.cmd.Wait()
}
