package bench_test

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// rounds is how often each side has its turn; more of them cost time and calm
// the medians.
func rounds(tb testing.TB) int {
	tb.Helper()
	given := os.Getenv("BENCH_ROUNDS")
	if given == "" {
		return 9
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		tb.Fatal("BENCH_ROUNDS is no positive number")
	}
	return n
}

// median is the middle of all, and quantile the value that a share of all do
// not exceed.
func median[T int64 | uint64 | float64 | time.Duration](all []T) T { return quantile(all, 0.5) }

func quantile[T int64 | uint64 | float64 | time.Duration](all []T, share float64) T {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// cost is what one message cost a service in one round.
type cost struct {
	cpu     float64 // microseconds
	objects float64
	bytes   float64
}

// costs are those of one case and side over all rounds.
type costs []cost

func (c costs) cpu() []float64     { return c.pick(func(c cost) float64 { return c.cpu }) }
func (c costs) objects() []float64 { return c.pick(func(c cost) float64 { return c.objects }) }
func (c costs) bytes() []float64   { return c.pick(func(c cost) float64 { return c.bytes }) }

func (c costs) pick(of func(cost) float64) []float64 {
	all := make([]float64, len(c))
	for i := range c {
		all[i] = of(c[i])
	}
	return all
}

// over are the ratios to another side's costs, round by round: what disturbed
// one round disturbed both sides of it.
func (c costs) over(floor costs) []float64 {
	all := make([]float64, len(c))
	for i := range c {
		all[i] = c[i].cpu / floor[i].cpu
	}
	return all
}

// attempts is how often a slice is measured until the work in it was what it
// should be.
const attempts = 8

// measure lets a side handle calls and says what each of n messages cost it.
// The stand-ins must have seen what is wanted of them. On a busy machine Redis
// is late now and then, and ours does without it, or puts a message off: a
// slice with more than a few of those is measured again.
func (s *street) measure(tb testing.TB, side side, slice func() (calls []call, n int, want counts)) cost {
	tb.Helper()
	var got, want counts
	for range attempts {
		var calls []call
		var n int
		calls, n, want = slice()
		seen, before := s.counts(tb), side.spent(tb)
		side.closed(tb, calls, connections)
		u := side.spent(tb).since(before)
		got = s.counts(tb).since(seen)
		if got.Tasks < want.Tasks {
			break
		}
		if got.near(want, loose(side.role, n)) {
			return cost{
				cpu:     float64(u.CPU.Nanoseconds()) / 1000 / float64(n),
				objects: float64(u.Objects) / float64(n), bytes: float64(u.Bytes) / float64(n),
			}
		}
	}
	tb.Fatalf("%s: the stand-ins saw %+v, not %+v", side.role, got, want)
	return cost{}
}

// loose is how far from its share of round trips a service may be for n
// messages. Beside late answers there is the worker's watermark, which it
// writes once in a while.
func loose(role string, n int) int64 {
	if strings.HasSuffix(role, "-floor") {
		return 0
	}
	return int64(n / 50)
}

// table prints aligned columns.
type table struct{ w *tabwriter.Writer }

func newTable(title string, columns ...string) table {
	_, _ = fmt.Fprintf(os.Stdout, "\n%s\n", title)
	t := table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
	t.row(columns...)
	return t
}

func (t table) row(cells ...string) {
	for _, cell := range cells {
		_, _ = io.WriteString(t.w, cell+"\t")
	}
	_, _ = io.WriteString(t.w, "\n")
}

func (t table) print() { _ = t.w.Flush() }

// line is one case of a table of costs; baseline is what its target is
// measured against.
type line struct {
	name                 string
	floor, ours, against costs
	target               float64 // 0: none
}

func (l line) print(t table) {
	ratios := l.ours.over(l.against)
	target := "–"
	if l.target > 0 {
		target = fmt.Sprintf("≤ %.2f", l.target)
	}
	t.row(l.name,
		fmt.Sprintf("%.1f", median(l.floor.cpu())), fmt.Sprintf("%.1f", median(l.ours.cpu())),
		fmt.Sprintf("%.2f", median(ratios)), fmt.Sprintf("%.2f–%.2f", quantile(ratios, 0.25), quantile(ratios, 0.75)), target,
		fmt.Sprintf("%.0f", median(l.floor.objects())), fmt.Sprintf("%.0f", median(l.ours.objects())),
		fmt.Sprintf("%.1f", median(l.floor.bytes())/1024), fmt.Sprintf("%.1f", median(l.ours.bytes())/1024))
}

func costTable(title string) table {
	return newTable(title, "", "floor µs", "ours µs", "ratio", "quartiles", "target", "floor allocs", "ours allocs", "floor KiB", "ours KiB")
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
