// Package memory keeps in maps what the other stores keep in servers: the
// reference for tests and for a street that runs without any of them.
//
// A [Ledger] makes the promises of the durable ledger: commits are whole or
// not at all, write times strictly increase, and what goes in or comes out is
// a copy. It forgets everything with the process and never expires anything,
// so it serves development and tests only.
package memory
