package job

import (
	"testing"
	"time"
)

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	for attempt, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		for range 100 {
			if pause := backoff(attempt); pause < most/2 || pause > most {
				t.Fatalf("attempt %d is followed by a pause of %v, want one from %v to %v", attempt, pause, most/2, most)
			}
		}
	}
}
