// Package secrets resolves a reference to Secret Manager, cached, or hands out
// the value an environment held itself.
//
// Promises:
//
//   - Nothing touches the network before the first reference is asked for, so
//     a program listens first and resolves after.
//   - A rotated secret is in use within five minutes, without a restart.
//   - Callers of one reference share one call, which ends within five seconds;
//     a caller that holds a known value waits for a newer one only briefly.
//   - While Secret Manager is ill, or a new version is unusable, the last
//     known value serves for up to an hour more. A refusal (no such version,
//     disabled, access denied) is an answer and takes effect at once.
//   - Every payload is held against its checksum and bounded.
//
// An error names the reference, never what it holds. Its kind is Refused or
// Unreadable where asking again cannot help, and Dependency where it may.
package secrets
