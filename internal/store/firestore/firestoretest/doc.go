// Package firestoretest is a Firestore that lives in a test process and speaks
// the real gRPC protocol over loopback.
//
// It keeps what the ledger relies on: commits are whole or not at all and in
// one order, with preconditions, field masks and the maximum transform; times
// of writing strictly increase; batches are read at one moment; a query lists
// one collection by one field. Whatever else the protocol offers is refused as
// unimplemented, so that a test notices it. It fails and stalls on command and
// answers from a map, which makes it fit for benchmarks too.
package firestoretest
