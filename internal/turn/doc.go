// Package turn makes inbound messages of one conversation become at most one
// answer: take, load, decide, commit, send, record the receipt.
//
// It keeps three promises together with its stores. No message is lost: a
// task is acknowledged only when its own message is terminal in the ledger or
// a follow-up task for it durably exists. None is answered twice: one commit
// before anything is sent consumes the messages, fixes the exact reply and
// fences every other worker, and a send whose fate is unknown is never simply
// repeated. The record of a turn exists before the lead can see the answer.
//
// The order of acts:
//
//  1. Enter: take the lease of the conversation (a hint that saves work).
//  2. Load: conversation, messages and last turn from the ledger.
//  3. Resolve the last turn if its fate is open; see pursue.go.
//  4. Decide: which messages are new, whether they may be answered, what the
//     files among them hold, and what Otto says.
//  5. Commit: conversation, consumed messages, turn and effects in one write.
//  6. Send, while the permit lasts; record Meta's answer.
//  7. Perform what else the turn makes happen; record what came of it.
//  8. Leave: cache the conversation, mark the messages, free the lease.
//
// The package refuses to know Redis, Firestore, Cloud Tasks, WhatsApp or a
// model: it sees them through the ports in ports.go.
package turn
