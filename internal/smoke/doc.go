// Package smoke tries a running pair of services from outside, as Meta comes to
// it, and reads in the services' log what became of that.
//
// Promises:
//
//   - Nothing is taken on trust: an answer counts once the log has it, and a check
//     that could not be made has failed.
//   - Checklist writes one message and has it answered once. Quiet writes what
//     travels the same way and answers nobody.
//   - A finding holds statuses, counts and names of events: no secret,
//     telephone number or text.
//   - It ends: every request is bounded, and waiting for the log is too.
//
// Where the log is kept is the caller's choice: NewCloudLog reads Cloud Logging,
// and FindStreet the page of a local street.
package smoke
