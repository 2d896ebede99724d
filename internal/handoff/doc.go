// Package handoff tells the team what is theirs to know: that a lead waits for a
// person, that a meeting waits to be confirmed, what a lead writes meanwhile. It
// does so by a signed webhook to a system of theirs, or by WhatsApp.
//
// It makes exactly one attempt per call; whether to make another is the turn's
// decision. Every copy of one notice has the same id, in its body and as its
// Idempotency-Key, so that a receiver that honours it counts one. The signature
// covers the time of the attempt and the raw body: a receiver checks it over
// both and refuses what is older than it can explain.
//
// It follows no redirects, for a notice names a lead and goes nowhere but where
// it was configured to go, and its errors hold neither the address nor what it
// answered.
package handoff
