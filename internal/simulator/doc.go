// Package simulator is the whole street on one machine: fake Meta, fake model,
// queue, both services, a page to talk to Otto.
//
// [Run] starts the same ingress and the same worker that run in production, in
// one process, and gives each of them what it would meet there: a Graph API, a
// Cloud Tasks, a Redis, a ledger and a model. What is not given from outside is
// a stand-in, and the first thing Run prints is which is which.
//
// Promises:
//
//   - A message typed into the page travels the production path: a signed
//     webhook to the ingress's own port, a task with a real token to the
//     worker's, a call of the Graph API back.
//   - Nothing reaches the real world by accident. Whatever could (an access
//     token, a worker's address, a project of Google's) is ignored by name and
//     said so; only OPENAI_API_KEY, REDIS_URL and an OpenTelemetry collector
//     reach out, because somebody set them.
//   - Everything listens on loopback, and the page answers only to loopback
//     names and to itself.
//   - Faults and time are at hand: every stand-in breaks on command, and while
//     nothing outside keeps a clock of its own, one clock drives them all.
//
// Besides the page, its address serves an API to it and to checks from outside:
//
//	POST   /api/messages                       what a lead writes
//	POST   /api/person                         what the team writes in its phone app
//	POST   /api/webhooks                       a message's webhook, delivered again
//	GET    /api/conversations                  everybody, newest first, and how each stands
//	GET    /api/conversations/{from}           one transcript, or with ?since= what changed in it
//	GET    /api/conversations/{from}/turns     the audit record of its turns
//	GET    /api/conversations/{from}/scenario  the same as a scenario's YAML
//	GET    /api/conversations/{from}/inspector state, card, turns and acts of one conversation
//	GET    /api/turns/{id}                     why one turn said what it said, and what that took
//	POST   /api/turns/{id}/repeat              a turn decided again, with another pack or model
//	GET    /api/media/{id}                     a file that a lead sent
//	GET    /api/events                         server-sent events: whose conversation changed
//	GET    /api/faults                         what can break, and what is still to happen
//	POST   /api/faults, DELETE /api/faults     what breaks next
//	POST   /api/clock                          the time machine: by a duration, or until the next opening
//	GET    /api/street                         what is real, and what is on its way
//	GET    /api/logs                           the services' newest log lines
//	GET    /api/overview                       what it all adds up to
//
// Files that a lead sends are served by the fake Graph, so that the worker fetches
// them as it would from Meta. An audio without data speaks its text: a voice note
// that the scripted transcription of package openaitest understands. Of any other
// audio it says that it is a demonstration, and the offline model says of an image
// that it sees none.
//
// Faults are asked for by point and kind, and happen as often as "times" says; the
// kinds mean the same everywhere unless the point is named:
//
//	fail_before  nothing happens and no answer comes
//	fail_after   it happens and no answer comes
//	hang         nothing happens and the caller waits
//	status       an answer that says no, with "status" and "code"
//	duplicate    it happens more than once (webhook, tasks)
//	late         it happens after "delay", 10s unless said (webhook, model)
//	reorder      a webhook comes after the next one of anybody, or after 10s
//	refuse       the model will not talk about it
//	fail_later   the graph accepts it and reports with "code" that it failed
//
// At the point "worker" the kinds are moments at which the worker is killed: before
// a turn is committed (fail_before), between commit and send (hang), and after Graph
// took an answer and before that is recorded (fail_after). Another starts at once on
// the same port, with the lease, the task and the ledger as the first left them.
//
// It refuses any ENVIRONMENT but development and any reference to Secret
// Manager. It keeps everything in memory and is no place for load.
//
// Reading order: environ, street, clock; then what stands between the parts
// (fuse, gate, ledger, worker, courier, witness); then what a person sees (transcript,
// standing, overview, message, person, api, page).
package simulator
