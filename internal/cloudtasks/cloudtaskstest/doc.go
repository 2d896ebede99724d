// Package cloudtaskstest is a Cloud Tasks that lives in a process: the real
// gRPC protocol (google.cloud.tasks.v2), real HTTP pushes, really signed
// identity tokens, and faults on command. Programs reach it through the real
// generated client, over loopback and without encryption:
//
//	srv, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
//	…
//	defer srv.Close()
//	client, err := cloudtasks.New(cloudtasks.Options{EmulatorHost: srv.Addr(), …})
//	…
//	err = srv.WaitIdle(ctx) // every task was pushed and acknowledged
//
// What it does as the service's reference says:
//
//   - Queues are created, read, listed, updated, paused, resumed, purged and
//     deleted; tasks are created, read, listed, deleted and forced to run.
//   - A push carries the task's method, body and headers, the X-CloudTasks-*
//     headers and User-Agent "Google-Cloud-Tasks". Headers that belong to the
//     service cannot be set by a task.
//   - Only 2xx is success. Redirects are not followed.
//   - A name that exists, existed or ran is refused with ALREADY_EXISTS until
//     [Options.NameRetention] has passed since the task ended.
//   - A failed task waits min_backoff, doubled max_doublings times, then grown
//     linearly, at most max_backoff, and never less than the Retry-After of the
//     answer. It is deleted when max_attempts and max_retry_duration are both
//     spent (-1 attempts are never spent, a duration of zero always is), or 31
//     days after its creation.
//   - A token bucket limits a queue's rate, also below one per second, and a
//     count its concurrency. Answers 429 and 503 halve the rate, down to one per
//     second, and successes bring it back.
//   - A worker that does not answer within the dispatch deadline is hung up on
//     and called again, whatever it is still doing.
//   - With an OIDC token asked for, a push carries an RS256 token for the given
//     audience (else the URL) whose issuer serves discovery and keys at
//     [Server.IssuerURL].
//
// Where it is kinder or simpler than the service: dispatches do not ramp up
// slowly; a high rate of errors other than 429 and 503 does not slow a queue;
// back-off times below a second are kept as they are; a deleted queue may be
// created again at once; a purge takes effect at once; there is no permission
// check. Time is the caller's ([Clock]); the lifetime of tokens alone follows
// the machine's clock, because those who verify them look there.
//
// What it refuses, with UNIMPLEMENTED, so that nobody is deceived: App Engine
// tasks, OAuth tokens, queue-level overrides of target or routing, list filters,
// batches, IAM and CMEK.
package cloudtaskstest
