//go:build race

package otto_test

// raced says that the tests run under the race detector, which makes
// everything about ten times slower: what only counts is done less often.
const raced = true
