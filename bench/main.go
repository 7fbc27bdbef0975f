// Command bench measures what Midgard costs, as ratios to the least that the same work can cost. It prints one table;
// everything in it was measured in the one run.
//
// The figures are CPU time, since that is what stays the same while a machine also does other work; wall time stands
// beside them for orientation. Everything that is measured runs in a process of its own: the program starts itself again
// as the server under test or as a baseline, and asks that process for its CPU time before and after each round. The load
// comes from this process and counts for nobody. Midgard runs with its default settings and writes its log to the null
// device, a line for every request.
//
// With -postgres the CPU time of the database's processes is added on both sides, where they run on this machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	accounts int           // of the large database
	file     int           // of the file that is aggregated into an empty database
	round    time.Duration // of load on a server
	postgres string
	profiles string
}

const (
	rounds      = 3
	connections = 16
	pageSize    = 250
	deepOffset  = 90_000
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == roleFlag {
		if err := play(os.Args[2]); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", os.Args[2], err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, readFlags())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func readFlags() options {
	o := options{file: 100_000, round: 2 * time.Second}
	quick := flag.Bool("quick", false, "use 50,000 accounts for everything, and short rounds")
	flag.IntVar(&o.accounts, "accounts", 1_000_000, "accounts in the large database")
	flag.StringVar(&o.postgres, "postgres", "", "URL of a `server` on which databases may be made: measure PostgreSQL too")
	flag.StringVar(&o.profiles, "profiles", "", "`folder` that receives a CPU profile of Midgard for each figure")
	flag.Parse()
	if *quick {
		o.accounts, o.file, o.round = 50_000, 50_000, time.Second
	}
	o.file = min(o.file, o.accounts)
	return o
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "midgard-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	fmt.Printf("Midgard bench: %s %s/%s, %d CPUs, %d connections, medians of %d rounds of %s\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), connections, rounds, o.round)
	fmt.Println(describeData(o))
	engines := []engine{&sqliteEngine{dir: dir}}
	if o.postgres != "" {
		engines = append(engines, &postgresEngine{server: o.postgres, dir: dir})
	}
	for _, e := range engines {
		b := &bench{options: o, engine: e, dir: dir}
		if err := b.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", e.name(), err)
		}
		fmt.Println()
		if err := b.table.print(os.Stdout, e.name()); err != nil {
			return err
		}
	}
	fmt.Printf("\nMeasured in %s.\n", time.Since(began).Round(time.Second))
	return nil
}

// say tells on standard error what is being done; the table on standard output comes at the end.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
