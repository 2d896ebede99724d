// Package whatsapptest is a Graph API that lives in a process, and a pen that
// signs webhooks, in the manner of net/http/httptest.
//
// [NewServer] answers the requests of a WhatsApp client over real HTTP, in
// Graph's wire format and with its strictness: what Meta would refuse is
// refused with Meta's code. It remembers what it accepted, tells of what people
// are shown before an answer ([Presence]), breaks on command ([Server.Fail]) and
// reports each message's fate to a webhook, signed, late, twice or not at all
// ([Server.SetStatuses]). It may run for long: everything it remembers is bounded.
// Its clock is an option.
//
// It keeps the files that people send ([Server.PutMedia]) and those that the
// business uploads, serves them at addresses that expire, and breaks there too
// ([Server.FailMedia]).
//
// What an app's administrator asks, about token, numbers and subscriptions, it
// answers from an [Administration].
//
// [Pen] writes what Meta would send when a person writes to the business.
//
// It is made of stand-ins only: no number here is anybody's, and nothing here
// talks to Meta.
package whatsapptest
