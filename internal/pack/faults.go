package pack

import "github.com/pyloto/atende/internal/yamltext"

// Fault is one thing that is wrong with a pack, and Faults everything that is,
// in order of file and line.
type (
	Fault  = yamltext.Fault
	Faults = yamltext.Faults
)
