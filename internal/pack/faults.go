package pack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxFaults bounds how many faults an error names.
const maxFaults = 200

// Fault is one thing that is wrong with a pack.
type Fault struct {
	File string
	Line int // 0 when no line can be blamed
	What string
}

// String is file:line: what.
func (f Fault) String() string {
	switch {
	case f.File == "":
		return f.What
	case f.Line == 0:
		return f.File + ": " + f.What
	default:
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What)
	}
}

// Faults is everything that is wrong with a pack, in order of file and line.
type Faults []Fault

// Error names every fault, one per line.
func (f Faults) Error() string {
	lines := make([]string, 0, len(f))
	for _, one := range f {
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

func (f *Faults) add(file string, line int, format string, args ...any) {
	if len(*f) < maxFaults {
		*f = append(*f, Fault{File: file, Line: line, What: fmt.Sprintf(format, args...)})
	}
}

// err is nil when nothing is wrong.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return f
}
