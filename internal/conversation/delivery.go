package conversation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// DeliveryPhase is what is known of one part of an answer. It is derived from
// recorded facts and never stored, so that a send's result and a receipt can
// be written by different programs without a transaction.
type DeliveryPhase string

// The phases of a delivery. Sent, Failed, Parked and Closed are terminal.
const (
	Decided DeliveryPhase = "DECIDED" // may be sent from NotBefore on
	Sending DeliveryPhase = "SENDING" // an attempt is on its way or its fate is unknown
	Sent    DeliveryPhase = "SENT"    // Meta accepted it
	Failed  DeliveryPhase = "FAILED"  // Meta refused it for good
	Parked  DeliveryPhase = "PARKED"  // unresolved: an operator looks at it
	Closed  DeliveryPhase = "CLOSED"  // an operator closed it
)

// Terminal reports whether nothing more is going to happen by itself.
func (p DeliveryPhase) Terminal() bool {
	return p == Sent || p == Failed || p == Parked || p == Closed
}

// Delivery is what became of one part of an answer.
type Delivery struct {
	// Attempt is the number of the newest intent to send; the commit of a
	// turn sets that of the first part; see [Turn.Intended].
	Attempt int `json:"attempt"`
	// Results are the answers of Meta to each attempt.
	Results map[int]Result `json:"results,omitempty"`
	// Receipts are the status webhooks that named each attempt.
	Receipts map[int]map[Status]Receipt `json:"receipts,omitempty"`
	// Mark is Parked or Closed once an operator has to look or has looked.
	Mark DeliveryPhase `json:"mark,omitempty"`
	// Reason says why it is parked: a code, never content.
	Reason string `json:"reason,omitempty"`
	// Granted are the attempts that operators allowed beyond the limit.
	Granted int `json:"granted,omitempty"`
}

// ResultKind is what an attempt's answer means.
type ResultKind string

// The kinds of results. An attempt without a result is ambiguous.
const (
	Accepted  ResultKind = "accepted"
	Refused   ResultKind = "refused"   // definite and permanent
	Postponed ResultKind = "postponed" // definite and worth another attempt
	Withheld  ResultKind = "withheld"  // never sent: the window had closed, or it was not needed any more
)

// Result is Meta's synchronous answer to one attempt.
type Result struct {
	Kind ResultKind `json:"kind"`
	// WAMID is the id Meta gave the message; stored sealed.
	WAMID pii.Contact `json:"wamid,omitempty"`
	// ID is the pseudonym of WAMID. It is recorded as what leads back to the
	// attempt, beside the turn, and is not read again with it.
	ID   SentID `json:"-"`
	Code int    `json:"code,omitempty"` // Meta's error code
	// NotBefore is when a postponed part may be tried again.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Digest is the SHA-256, in hexadecimal, of the bytes that Meta accepted.
	Digest string    `json:"digest,omitempty"`
	At     time.Time `json:"at"`
}

// Attempted names one attempt at one part of a turn's answer.
type Attempted struct {
	Turn    TurnID
	Part    int
	Attempt int
}

// Status is a delivery status that Meta reports.
type Status string

// The statuses of a message, in their order.
const (
	StatusSent      Status = "sent"
	StatusDelivered Status = "delivered"
	StatusRead      Status = "read"
	StatusPlayed    Status = "played"
	StatusFailed    Status = "failed"
)

// Receipt is one status of one attempt.
type Receipt struct {
	Turn     TurnID      `json:"turn"`
	Part     int         `json:"part"`
	Attempt  int         `json:"attempt"`
	Status   Status      `json:"status"`
	WAMID    pii.Contact `json:"wamid,omitempty"`
	Code     int         `json:"code,omitempty"`
	Category string      `json:"category,omitempty"` // of the price, e.g. service
	Billing  string      `json:"billing,omitempty"`  // e.g. regular, free_customer_service
	At       time.Time   `json:"at"`
}

// StatusReport is one status as Meta reports it, on its way to the worker. It
// travels sealed.
type StatusReport struct {
	Number   string      `json:"number"`
	Opaque   string      `json:"opaque,omitempty"`
	WAMID    pii.Contact `json:"wamid,omitempty"`
	Status   Status      `json:"status"`
	Code     int         `json:"code,omitempty"`
	Category string      `json:"category,omitempty"`
	Billing  string      `json:"billing,omitempty"`
	At       time.Time   `json:"at"`
}

// StatusBatch is what one status task carries.
type StatusBatch struct {
	Statuses []StatusReport `json:"statuses"`
}

// TimerNotice is what one timer task carries.
type TimerNotice struct {
	Kind TimerKind `json:"kind"`
	// Turn is the turn that the timer is about, or that set the first of its
	// kind.
	Turn TurnID `json:"turn,omitempty"`
	// N counts the timers of one kind and turn, from 1.
	N int `json:"n,omitempty"`
	// Part is the part of the turn that the timer is about, and N the attempt at it,
	// for [TimerUndelivered].
	Part int `json:"part,omitempty"`
	// Waits counts how often this one was put off, because the conversation was
	// not ready for it.
	Waits int `json:"waits,omitempty"`
}

// TimerKind is what a timer is for.
type TimerKind string

// The kinds of timers.
const (
	// TimerResolve looks once more at a turn that was parked.
	TimerResolve TimerKind = "resolve"
	// TimerHandoff tells lead and team that nobody has come.
	TimerHandoff TimerKind = "handoff"
	// TimerInactivity ends a session in which nothing happens any more.
	TimerInactivity TimerKind = "inactivity"
	// TimerUndelivered draws the consequences of an attempt that failed.
	TimerUndelivered TimerKind = "undelivered"
)

// Attempted is the attempt that the report's callback data names; ok is false
// when there is none or it is not ours, and only the message's id may tell.
func (s StatusReport) Attempted() (a Attempted, ok bool) {
	a.Turn, a.Part, a.Attempt, ok = ParseOpaque(s.Opaque)
	return a, ok
}

// Receipt is the report as a receipt of an attempt.
func (s StatusReport) Receipt(a Attempted) Receipt {
	return Receipt{
		Turn: a.Turn, Part: a.Part, Attempt: a.Attempt,
		Status: s.Status, WAMID: s.WAMID, Code: s.Code, Category: s.Category, Billing: s.Billing, At: s.At,
	}
}

// Phase derives what is known. A receipt is proof of acceptance, of whatever
// attempt; a failure is final only for the newest one, for an older one may be
// heard of while the newest is still on its way; only then marks and results.
func (d Delivery) Phase() DeliveryPhase {
	accepted, failed := false, false
	for attempt := 1; attempt <= d.Attempt; attempt++ {
		receipts := d.Receipts[attempt]
		bad := Lost(receipts)
		result, answered := d.Results[attempt]
		refused := answered && (result.Kind == Refused || result.Kind == Withheld)
		failed = bad || refused && len(receipts) == 0
		accepted = accepted || !bad && (len(receipts) > 0 || answered && result.Kind == Accepted)
	}
	newest, answered := d.Results[d.Attempt]
	switch {
	case accepted:
		return Sent
	case failed:
		return Failed
	case d.Mark != "":
		return d.Mark
	case d.Attempt == 0, answered && newest.Kind == Postponed:
		return Decided
	default:
		return Sending
	}
}

// Lost reports whether an attempt failed after all: what was delivered did not,
// whatever else is heard of it.
func Lost(receipts map[Status]Receipt) bool {
	if _, failed := receipts[StatusFailed]; !failed {
		return false
	}
	for _, proof := range []Status{StatusDelivered, StatusRead, StatusPlayed} {
		if _, arrived := receipts[proof]; arrived {
			return false
		}
	}
	return true
}

// NotBefore is when a decided delivery may be attempted; zero means now.
func (d Delivery) NotBefore() time.Time { return d.Results[d.Attempt].NotBefore }

// Code is the newest error code that Meta gave; zero when none.
func (d Delivery) Code() int {
	for attempt := d.Attempt; attempt > 0; attempt-- {
		if r, ok := d.Receipts[attempt][StatusFailed]; ok {
			return r.Code
		}
		if r, ok := d.Results[attempt]; ok && r.Code != 0 {
			return r.Code
		}
	}
	return 0
}

// Carries reports whether Meta gave the message of some attempt this id.
func (d Delivery) Carries(wamid pii.Contact) bool {
	for _, r := range d.Results {
		if r.WAMID == wamid {
			return true
		}
	}
	for _, receipts := range d.Receipts {
		for _, r := range receipts {
			if r.WAMID == wamid {
				return true
			}
		}
	}
	return false
}

// Progress is the furthest status Meta reported of any attempt; empty before
// the first. Late and missing steps do no harm, nor do statuses that nobody knows.
// A failure replaces what was sent of its attempt, but no other attempt.
func (d Delivery) Progress() Status {
	order := []Status{StatusFailed, StatusSent, StatusDelivered, StatusRead, StatusPlayed}
	furthest := -1
	for _, receipts := range d.Receipts {
		if Lost(receipts) {
			furthest = max(furthest, slices.Index(order, StatusFailed))
			continue
		}
		for status := range receipts {
			furthest = max(furthest, slices.Index(order, status))
		}
	}
	if furthest < 0 {
		return ""
	}
	return order[furthest]
}

// Price is the category of the price of one attempt and how it is billed, as Meta
// first said it: it stands with one or two of a message's statuses, and not always
// with the same. Both are empty as long as Meta has not said.
func (d Delivery) Price(attempt int) (category, billing string) {
	for _, status := range []Status{StatusSent, StatusDelivered, StatusRead, StatusPlayed} {
		if r := d.Receipts[attempt][status]; r.Category != "" || r.Billing != "" {
			return r.Category, r.Billing
		}
	}
	return "", ""
}

// Duplicates is how many attempts beyond the first Meta provably accepted: a
// duplicate that reached the lead.
func (d Delivery) Duplicates() int {
	proven := 0
	for attempt := 1; attempt <= d.Attempt; attempt++ {
		receipts := d.Receipts[attempt]
		if len(receipts) > 0 && !Lost(receipts) {
			proven++
		}
	}
	return max(0, proven-1)
}

// Opaque is the callback data sent along with one attempt of one part. Meta
// echoes it on every status, so that a receipt finds its attempt even before
// the send was answered. It carries pseudonyms only.
func Opaque(turn TurnID, part, attempt int) string {
	return fmt.Sprintf("v1.%s.%d.%d", turn, part, attempt)
}

// ParseOpaque is the reverse of [Opaque]. Data of somebody else is not ok.
func ParseOpaque(data string) (turn TurnID, part, attempt int, ok bool) {
	fields := strings.Split(data, ".")
	if len(fields) != 4 || fields[0] != "v1" || TurnID(fields[1]).Conversation() == "" {
		return "", 0, 0, false
	}
	part, partErr := strconv.Atoi(fields[2])
	attempt, attemptErr := strconv.Atoi(fields[3])
	if partErr != nil || attemptErr != nil || part < 0 || attempt < 1 {
		return "", 0, 0, false
	}
	turn = TurnID(fields[1])
	if Opaque(turn, part, attempt) != data {
		return "", 0, 0, false // a number that we would have written otherwise
	}
	return turn, part, attempt, true
}
