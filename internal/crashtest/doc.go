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
// That is one message and one death at a chosen moment. [TestStorm] is the
// other way: hundreds of people write for a while to several workers and
// ingresses, every part of which is killed, asked to end, frozen, cut off or
// lied to at moments that a seed draws, and afterwards three books are
// compared: what was sent in and answered with 200, what the ledger says, and
// what Meta accepted. An ordinary run has a short storm; scripts/crash.sh has
// long ones.
//
// There is nothing to import: the package is its tests. Redis and Firestore
// are the real ones where they can be had.
package crashtest
