// Package httpserver is echo with the same coat for both programs: limits,
// recovery, request id, health, graceful stop.
//
// Promises:
//
//   - A body larger than the limit is answered 413, before a byte of it is read
//     when its length is announced and while it is read otherwise; more
//     requests at once than the limit are answered 503 with Retry-After before
//     their bodies are read. /health and /ready are never refused.
//   - A panic is answered 500 and reported by its type and stack, never by its
//     value. Nothing a client sent is ever reflected: an error has an empty
//     body.
//   - Every request is reported once, by the pattern of its route and never by
//     its path or query, before the answer is complete: nothing runs after a
//     response.
//   - /health touches no dependency. /ready asks each dependency at most every
//     five seconds, for at most two, and says no more of it than ok, degraded
//     or failed.
//   - When told to stop, the server stops accepting, says not_ready, lets what
//     runs finish for eight seconds, and then cuts it.
//
// It has no CORS, no debug mode, no banner, and does not log: what it has to
// say it hands to [Options.Report]. Which ids a request carries is decided by
// [Options.Enter].
package httpserver
