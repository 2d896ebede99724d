// Package simulation plays years of bad luck against the delivery protocol and
// counts what the lead received.
//
// The rooms that make the protocol run as they are shipped: ingress and worker
// behind their HTTP handlers, turn, otto with the embedded pack, envelope. What
// surrounds them is played: Meta, Graph, the queue, the ledger, the hint store
// and the model. Every call that the rooms make to the outside is an operation
// of one scheduler, which decides when it takes effect, when its caller hears
// of it, and whether something goes wrong on the way: it fails before or after
// it took effect, hangs, takes effect after its caller gave up, or the process
// dies at that very moment. Processes freeze, have clocks that disagree and are
// told to stop; tasks and webhooks come twice, late and out of order.
//
// Everything runs in a bubble of [testing/synctest] with a clock of its own,
// and every choice is drawn from one seeded source, so that a seed is a
// history: the same seed gives the same trace, and a failure is replayed by its
// number.
//
// There is nothing to import: the package is its tests.
//
// Reading order: world, operation and scheduler, instance, ports, queue, meta,
// chance, checks; then the tests: seeds, assumptions, sweep, mutants and the
// tables they write.
package simulation
