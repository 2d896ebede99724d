//go:build race

package crashtest

// raced says that the tests run under the race detector, which does not watch
// the programs and slows everything around them.
const raced = true
