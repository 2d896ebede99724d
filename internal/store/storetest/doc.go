// Package storetest holds the promises of the stores as tests that every
// store passes, whatever keeps it: [Ledger] for the durable one.
//
// A store runs the suite from its own tests with a function that makes an
// empty store. The suite goes through public methods only and compares whole
// values, so that a field that does not survive a store is found here.
//
// The package also finds the real servers that stores are tested against. A
// server that cannot be had is named together with what replaces it; with
// REQUIRE_REAL=1 in the environment that is a failure.
package storetest
