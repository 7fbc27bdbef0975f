package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
)

// roleFlag is the hidden argument with which the program starts itself again; the role's name follows.
const roleFlag = "-as"

// roles are what a child process can be. A role gets its settings as JSON, calls ready with what its parent waits for, and
// ends with its context.
var roles = map[string]func(ctx context.Context, s *stage, settings json.RawMessage) error{
	"serve-midgard": serveMidgard,
	"serve-static":  serveStatic,
	"serve-sql":     serveSQL,
	"bulk-insert":   bulkInsert,
}

// message is a line that a child writes.
type message struct {
	URL   string `json:",omitempty"` // a server is ready here
	Usage usage
	Bulk  bulkResult
	Error string `json:",omitempty"`
}

// stage is the child's side of the conversation.
type stage struct {
	lines   chan string
	out     *json.Encoder
	meter   meter
	profile *os.File
}

// play is a child's life: settings in the first line, questions in the next ones, and the end with the end of the input,
// which comes even when the parent was killed. Ctrl-C reaches both processes; the parent decides.
func play(role string) error {
	signal.Ignore(os.Interrupt)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &stage{lines: make(chan string), out: json.NewEncoder(os.Stdout)}
	go s.read(cancel)
	settings, ok := <-s.lines
	if !ok {
		return errors.New("no settings came")
	}
	err := roles[role](ctx, s, json.RawMessage(settings))
	if err != nil && ctx.Err() == nil {
		s.out.Encode(message{Error: err.Error()}) //nolint:errcheck // a parent that is gone has ended this process too
		return err
	}
	return nil
}

func (s *stage) read(end func()) {
	defer end()
	defer close(s.lines)
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		s.lines <- strings.TrimSpace(line)
	}
}

// ready tells the parent what it waits for; from then on the child answers its questions.
func (s *stage) ready(ctx context.Context, m message) {
	s.out.Encode(m) //nolint:errcheck // as in play
	go func() {
		for question := range s.lines {
			s.out.Encode(s.answer(ctx, question)) //nolint:errcheck // as in play
		}
	}()
}

// answer knows "usage", "profile <file>", which begins a CPU profile, and "profile", which ends it.
func (s *stage) answer(ctx context.Context, question string) message {
	var m message
	var err error
	verb, file, _ := strings.Cut(question, " ")
	switch {
	case verb == "usage":
		m.Usage, err = s.meter.read(ctx)
	case file != "":
		err = s.beginProfile(file)
	default:
		pprof.StopCPUProfile()
		err = s.profile.Close()
	}
	if err != nil {
		m.Error = fmt.Sprintf("%s: %v", verb, err)
	}
	return m
}

func (s *stage) beginProfile(file string) error {
	var err error
	if s.profile, err = os.Create(file); err != nil {
		return err
	}
	return pprof.StartCPUProfile(s.profile)
}
