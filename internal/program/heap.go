package program

import "runtime/debug"

const (
	// defaultPercent is how much a heap grows between two collections unless
	// somebody says otherwise.
	defaultPercent = 100
	// gcPercent lets it grow further. The live heap of a service is a few
	// megabytes, at which Go would collect every few dozen messages: up to a
	// sixth of a message's processor time (docs/performance.md). What this
	// costs is some 20 MB under load.
	gcPercent = 400
)

// relax makes collections rarer, unless GOGC has a say already. It concerns
// the whole process.
func relax() {
	if was := debug.SetGCPercent(gcPercent); was != defaultPercent {
		debug.SetGCPercent(was)
	}
}
