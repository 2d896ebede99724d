package pack

import "github.com/pyloto/atende/internal/yamltext"

// Fault is one thing that is wrong with a pack.
type Fault = yamltext.Fault

// Faults is everything that is wrong with a pack, in order of file and line.
type Faults = yamltext.Faults
