package program

import (
	"runtime/debug"
	"testing"
)

// Whoever starts the service may know better.
func TestRelaxLeavesWhatWasAskedFor(t *testing.T) {
	was := debug.SetGCPercent(defaultPercent)
	defer debug.SetGCPercent(was)
	for _, tt := range []struct{ before, after int }{
		{defaultPercent, gcPercent}, {gcPercent, gcPercent}, {50, 50}, {-1, -1},
	} {
		debug.SetGCPercent(tt.before)
		relax()
		if got := debug.SetGCPercent(tt.before); got != tt.after {
			t.Errorf("GOGC=%d becomes %d, not %d", tt.before, got, tt.after)
		}
	}
}
