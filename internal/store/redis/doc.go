// Package redis is the hint: session cache, leases, mailboxes, dedupe marks and
// the day's spending in Redis; every key is built by one documented function in keys.go.
//
// Promises:
//
//   - Everything here may be lost at any moment, between any two calls. That
//     costs time, tokens and order, never a message and never a second answer:
//     the ledger decides, this store only saves it work.
//   - A call takes one round trip, bounded by [Options.CallTimeout]. A call that
//     meets a server which forgot the scripts takes a second one within the
//     same bound; an entry that has to heal a mailbox takes a second one with a
//     bound of its own. Nothing else is repeated.
//   - After a few failures in a row the store rests: calls fail at once, until
//     a single probe comes through.
//   - Every error is a [fault.Dependency] and holds no key, value, address or
//     password.
//   - Every key has a time to live, holds keyed pseudonyms only, and shares one
//     hash tag with the other keys of its conversation or account, so that
//     scripts touch a single slot of a cluster.
//   - Letters and snapshots are sealed, each for the key and field it stands
//     at. A value that does not open is as good as lost: it is left out and
//     counted.
//
// It refuses to be a database, a queue or a fence. A lease is advice.
//
// Scripts are plain Lua 5.1 over string and hash commands of Redis 3.2, so that
// any server with EVALSHA will do, hosted ones included.
package redis
