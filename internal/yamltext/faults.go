package yamltext

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxFaults bounds how many faults an error names.
const maxFaults = 200

// Fault is one thing that is wrong with a file.
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

// Faults is everything that is wrong with some files.
type Faults []Fault

// Error names every fault, one per line.
func (f Faults) Error() string {
	lines := make([]string, 0, len(f))
	for _, one := range f {
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

// Add adds a fault; those beyond the two hundredth are dropped.
func (f *Faults) Add(file string, line int, format string, args ...any) {
	if len(*f) < maxFaults {
		*f = append(*f, Fault{File: file, Line: line, What: fmt.Sprintf(format, args...)})
	}
}

// Err is the faults in order of file and line, or nil when there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return f
}
