// Package ingress is the front door: it proves that a webhook is Meta's,
// splits it into envelopes, hands them to the queue, and only then says 200.
//
// A 200 means that every element of the webhook is durably enqueued, was so
// before, is nothing to us, or lies in quarantine for an operator. Anything
// else is a 503, and the whole webhook comes again, which is harmless: a task
// carries the name of its message.
//
// A message is marked as seen only after its task exists. A crash between the
// two repeats work; the other order would lose the message.
//
// The package never calls a model, never reads the ledger and does nothing
// after its answer.
package ingress
