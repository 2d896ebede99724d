//go:build race

package simulation

// raced says that the tests run under the race detector, which makes
// everything about ten times slower.
const raced = true
