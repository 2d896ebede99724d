// Package internal is the house, and this comment is its tour: bottom up, and
// then in the order in which a message meets the rooms. It holds no code but
// the test of its doors, which names every room and who may enter which.
//
// # The words everybody uses
//
// Package pii gives names to what must not be printed: a hash to join records
// by, a seal for text at rest, values that redact themselves. Package fault
// holds the kinds of failure; an adapter marks an error with one, an edge reads
// it once and turns it into a status code.
//
// Package conversation says what a conversation is: its identity, its ten
// states and the steps between them, its session and contact card, the record
// of a turn. It knows no network and no clock. Package otto thinks: it answers
// what needs no model, asks a model for a decision through one small port,
// decodes it strictly and lets nothing out that its guards refuse. Three rooms
// read Portuguese for it: when reads days and hours, and says them; claim reads
// what else a text states, prices above all, and whether anybody said so; pledge
// reads what it promises, and what it says that will be done. Package flow is the
// form in which a lead asks for a meeting without writing. Package envelope is the
// letter that the two programs exchange.
//
// # Outside, and back in
//
// A person writes on WhatsApp. Meta posts a signed webhook to the ingress
// program, where package httpserver has put its coat around every route:
// limits, recovery, a request id, health and a stop that lets work finish.
//
// Package ingress is the front door. It proves the signature over the raw bytes
// (pkg/whatsapp speaks Meta's protocol and nothing of ours), sorts what is
// inside, puts each message into its conversation's mailbox (store/redis, a
// hint) and into a task of its own under a name that makes repeats harmless
// (package cloudtasks). Only when all of that is stored does it say 200.
//
// Cloud Tasks pushes the task to the worker program. Package worker is the back
// door: it proves that the task is ours, hands the letter to a turn, and
// translates the turn's fate into what Cloud Tasks understands.
//
// Package turn is the heart. It takes the conversation's lease, loads what the
// ledger knows, has package media look at the files that came along, decides
// with otto which answer these messages deserve (package openai asks the model
// and writes down what is said, package pack is what the business knows and how
// it speaks), and writes conversation, messages, reply and effects in one commit
// (store/firestore, the ledger). Only then does package channel turn the answer
// into a WhatsApp message and send it, once. What became of it is recorded, and
// weeks later a status webhook may still add to it: those come the same way in.
// What is theirs to know package handoff tells the team, after the commit and
// until the team has it. What has to happen because nothing happened, a timer
// brings to the same turn.
//
// What ends in none of this waits for a person: package operator is what one may
// do about it, and package desk assembles that from the worker's settings.
//
// # What holds it up
//
// Package config tells each program what it must know and refuses a wrong
// environment whole; package secrets resolves what is only named there; package
// telemetry prints one event per request and per turn. Package program is the
// life of a service, from listening to stopping. Packages ingressd and workerd
// assemble the two programs from all of this; they are among the few places
// that know everyone.
//
// # What stands in
//
// Everything outside has a stand-in that speaks the real protocol, so that
// tests and a laptop travel the production path: whatsapptest is Meta,
// cloudtaskstest is Cloud Tasks, openaitest is the model, secretstest is Secret
// Manager, firestoretest is Firestore, collectortest takes what telemetry exports.
// Package store/memory keeps in maps what
// the stores keep in servers; store/storetest and turntest hold the promises
// that all of them are tested against. None of these is linked into a service,
// but for store/memory, which development may ask for. Package simulator puts
// them on one street, which `make run` opens, and simulatortest for a test; package
// scenario plays written conversations through the same rooms, from files that
// package yamltext reads. Package smoke tries a pair that runs somewhere, as Meta
// comes to it.
// Seven rooms hold tests and nothing else: bench measures what a message costs,
// simulation plays the delivery protocol through seeded misfortune, crashtest
// kills the real programs, at every act of a turn and at random under load,
// infratest holds what infra/ says of the cloud against what the programs do,
// deploytest runs the scripts that deploy, browsertest opens the street's page in a
// browser and uses it, and imagetest starts the images of both services as the
// platform does.
package internal
