package app

import (
	"os"
	"runtime/debug"
)

// collectorPercent is how much the heap may grow between two garbage collections. The server keeps little and throws much
// away: at the runtime's 100 % it collects every few milliseconds, which took a third of the time of a request. The price
// is some forty megabytes.
const collectorPercent = 400

// tuneCollector leaves alone what the operator has set in the environment.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
}
