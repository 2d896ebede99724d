// Package crashtest kills the real programs at every act of a turn and counts
// what the lead received.
//
// It builds the worker and the ingress as they are shipped, with no hook in
// them, and chooses the moment of death from outside: between a worker and
// each of its servers stands a gate that holds either the bytes of a request,
// so that it never reached the server, or those of its answer, so that it took
// effect and nobody was told. Then the process is killed as a machine that
// loses power would be, a new one is started, and when the queue has come to
// rest Graph, the ledger and the queue must agree: every message belongs to
// one turn, every turn was sent once and says so, and no task is left.
//
// A second conversation goes on all the while. It proves to the worker that
// receipts arrive, which is what allows it to decide sends whose fate is
// unknown, and it is held to the same rules.
//
// There is nothing to import: the package is its tests. Redis and Firestore
// are the real ones where they can be had.
package crashtest
