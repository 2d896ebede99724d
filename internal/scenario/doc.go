// Package scenario plays written conversations against the real rooms and says
// what came out otherwise.
//
// A scenario is a file of YAML: what a lead writes, what a person of the
// business writes, how time passes, what a scripted model answers, and what has
// to come of each step. docs/scenarios.md shows how to write one.
//
// What it promises:
//
//   - A message travels the production path: a signed webhook to the real
//     ingress, a letter through a queue, a real turn with the real Otto and a
//     real pack, the real client of the model, the real channel to a Graph API
//     of Meta's kind, and its statuses back. Only stores, queue and clock are
//     this package's or memory's own.
//   - It reaches nothing but loopback, and no scenario sees another.
//   - Time is the scenario's: a week passes in no time, and the same scenario
//     comes to the same end.
//   - A file that says something it cannot mean is refused with every fault,
//     each with file and line. So is a scenario that only asserts that some
//     answer came.
//
// Reading order: format and load; street, queue and model, which are what is
// around a scenario; play and expect; run and report; record, which goes the
// other way.
package scenario
