// Package turn makes inbound messages of one conversation become at most one
// answer: take, load, decide, commit, send, record the receipt.
package turn
