// Package conversation says what a conversation is: its identity, state,
// session and contact card, the messages that enter it, the turns that answer
// them and what became of each answer.
//
// It knows no network and no clock: time is always an argument. The types
// that cross a port between the application and an adapter live here, so that
// adapters satisfy ports without knowing who consumes them.
//
// Reading order: ids, inbound, coalesce, state and machine, card, session,
// turn, delivery, then what stores keep (ledger, hint).
package conversation
