// Package cloudtasks puts work on Google Cloud Tasks under names that make
// repeats harmless.
//
// What it promises:
//
//   - When [Client.Enqueue] returns nil, the task is stored: it outlives this
//     process, and it will be pushed to the worker at least once.
//   - A named task is stored at most once while Cloud Tasks remembers the name.
//     A name that is already there is an answer, not an error. The service's own
//     pages disagree on how long a name is remembered (about an hour, or up to a
//     day), so nothing may depend on more than an hour: exactness belongs to the
//     worker's ledger.
//   - A call whose outcome is unknown is repeated exactly once under the same
//     name. If that is not enough the error says so, and the caller may repeat
//     the whole call later without harm.
//   - Every error is marked with its kind (package fault) and carries neither
//     body nor header nor task name.
//   - New touches no network: credentials and connection are looked for at the
//     first call.
//
// [Client] speaks of tasks; [Inbox] stands on it and speaks of envelopes, each
// to a queue of its kind, chosen by its conversation.
//
// What it refuses: naming tasks (an envelope has its name), batches (their answer
// is a long-running operation, too late for an acknowledgement), and hiding that
// Cloud Tasks is full or away.
package cloudtasks
