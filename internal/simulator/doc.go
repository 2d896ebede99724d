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
//	POST   /api/webhooks                       a message's webhook, delivered again
//	GET    /api/conversations                  everybody, newest first, and how each stands
//	GET    /api/conversations/{from}           one transcript, or with ?since= what changed in it
//	GET    /api/conversations/{from}/turns     the audit record of its turns
//	GET    /api/conversations/{from}/scenario  the same as a scenario's YAML
//	GET    /api/media/{id}                     a file that a lead sent
//	GET    /api/events                         server-sent events: whose conversation changed
//	POST   /api/faults, DELETE /api/faults     what breaks next
//	POST   /api/clock                          the time machine
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
// It refuses any ENVIRONMENT but development and any reference to Secret
// Manager. It keeps everything in memory and is no place for load.
//
// Reading order: environ, street, clock; then what stands between the parts
// (fuse, gate, ledger, courier, witness); then what a person sees (transcript,
// standing, overview, message, api, page).
package simulator
