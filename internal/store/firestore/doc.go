// Package firestore keeps the ledger: conversations, messages and turns (the
// audit), what leads from a message that was sent to its turn, handoffs,
// appointments, dead letters, watermarks and the epoch, in Firestore's native mode.
//
// It promises that a commit is whole or not at all and takes one round trip;
// that a turn's decision is created once and never rewritten, while what
// became of it is written to fields of its own, so that Meta's answers and
// receipts never undo each other; and that free text and identifiers of people
// are sealed before they leave the process, each for its own document and
// field. What stays readable is ids, states, codes, counts and times.
//
// It refuses to retry: the generated client's own retries are off, every call
// ends within its deadline, and whether an unanswered commit was applied is
// found out by the caller through the turn's token. It uses no transactions
// that read, no queries on the way of a turn, and no network before the first
// call.
//
// Every document lies under tenants/{tenant}/ and names the version of its
// schema. Fields that a reader does not know are left alone; a document of a
// newer schema is left to a newer program.
package firestore
