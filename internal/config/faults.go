package config

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with an environment.
type Fault struct {
	// Variable is the name of the variable at fault.
	Variable string
	// Problem says what is wrong. It quotes the value only when the variable
	// may be printed.
	Problem string
	// Remedy says what to do.
	Remedy string
}

// String is the fault on one line.
func (f Fault) String() string {
	return f.Variable + ": " + f.Problem + "; " + f.Remedy
}

// Faults is everything wrong with an environment, in the order of
// docs/configuration.md.
type Faults struct {
	List []Fault
}

// Error prints one fault per line.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, fault := range f.List {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Warning is something an operator should know that does not stop a start.
type Warning struct {
	// Variable is the name of the variable it is about.
	Variable string
	// Text says what was noticed and what to do. It never holds a value.
	Text string
}

// String is the warning on one line.
func (w Warning) String() string { return fmt.Sprintf("%s: %s", w.Variable, w.Text) }
