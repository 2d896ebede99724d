// Package worker is the back door: it proves a task is ours, runs the turn,
// and translates its fate into what Cloud Tasks understands.
//
// A task is acknowledged (200) only when its own message is terminal or a
// follow-up task for it exists; 299 says the same of what is kept for an
// operator. 503 asks the queue to come back and slow down, because a
// dependency is ill; 500 says that the fault is ours.
package worker
