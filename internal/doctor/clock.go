package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far clocks may be apart. Tokens of identity and windows of sending
// are counted in seconds, and the least of them in five.
const maxSkew = 3 * time.Second

// checkClock compares the clocks that the other checks have read with this
// machine's. When all of them agree against it, it is this machine's that is wrong,
// and the services are not concerned.
func (p *patient) checkClock(context.Context) result {
	times := known(p, func() []reading { return slices.Clone(p.times) })
	if len(times) == 0 {
		return skipped("because nobody has told the time")
	}
	slices.SortFunc(times, func(a, b reading) int { return strings.Compare(a.whose, b.whose) })
	var off, fine []string
	least, most := times[0].ahead, times[0].ahead
	for _, t := range times {
		least, most = min(least, t.ahead), max(most, t.ahead)
		line := fmt.Sprintf("%s %s", t.whose, apart(t.ahead))
		if t.ahead.Abs() > maxSkew+t.grain {
			off = append(off, line)
		} else {
			fine = append(fine, line)
		}
	}
	switch {
	case len(off) == 0:
		return ok("against this machine's clock: %s", strings.Join(fine, ", "))
	case len(fine) == 0 && len(times) > 1 && most-least <= maxSkew:
		return failed("this machine's clock is wrong: "+strings.Join(off, ", ")+" of it", "sudo timedatectl set-ntp true   # on this machine; the services have clocks of their own")
	default:
		return failed("clocks are apart: "+strings.Join(off, ", ")+" of this machine's", "sudo timedatectl set-ntp true   # on each machine named, or on this one, whichever is wrong (date -u)")
	}
}

// apart is a difference for people.
func apart(d time.Duration) string {
	switch {
	case d.Abs() < time.Second:
		return "within a second"
	case d > 0:
		return d.Round(time.Second).String() + " ahead"
	default:
		return d.Abs().Round(time.Second).String() + " behind"
	}
}
