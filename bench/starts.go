package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startRounds is more than the others: a start is short and feels every disturbance.
const startRounds = 5

// starts measures how long the built program takes from its start on a database that is there to its first answers. The
// token is one of the server before, which a restart must not make invalid.
func (b *bench) starts(ctx context.Context, s *server) error {
	say("%s: building and starting the program", b.engine.name())
	program := filepath.Join(b.dir, "midgard")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "midgard/cmd/midgard")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program: %w", err)
	}
	ids, err := s.sample(ctx, 10, 100)
	if err != nil {
		return err
	}
	token, err := s.Token(ctx)
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	var all []figure
	for range startRounds {
		f, err := launch(ctx, program, s.place.Data, machineAccounts+"/"+ids[0], token)
		if err != nil {
			return err
		}
		all = append(all, figure{cpu: f, wall: f}) // median goes by the first
	}
	b.table.delay(fmt.Sprintf("start to first answer, %d accounts", b.accounts), median(all), 200*time.Millisecond)
	return nil
}

// launch starts the program and gives the time until it has answered a probe and a request.
func launch(ctx context.Context, program, data, path, token string) (time.Duration, error) {
	address, err := freeAddress()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "serve", "--data", data, "--listen", address)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopLimit
	cmd.Env = without(os.Environ(), "MIDGARD_")
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	err = answers(ctx, "http://"+address, path, token)
	took := time.Since(began)
	cancel()
	var status *exec.ExitError
	if e := cmd.Wait(); e != nil && !errors.As(e, &status) && !errors.Is(e, context.Canceled) {
		err = errors.Join(err, e)
	}
	return took, err
}

// answers asks until the program listens.
func answers(ctx context.Context, base, path, token string) error {
	for {
		err := answer(ctx, base+"/healthz", "")
		if err == nil {
			return answer(ctx, base+path, token)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Millisecond):
		}
	}
}

func answer(ctx context.Context, url, token string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-SailPoint-Experimental", "true")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("GET %s: %s", url, response.Status), err)
	}
	return nil
}

// freeAddress is a port of the loopback interface that nobody listened on a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// without leaves out variables by the beginning of their names.
func without(environment []string, prefix string) []string {
	var kept []string
	for _, v := range environment {
		if !strings.HasPrefix(v, prefix) {
			kept = append(kept, v)
		}
	}
	return kept
}
