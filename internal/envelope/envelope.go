// Package envelope is the letter that ingress writes and worker reads: the
// body of a Cloud Task, versioned and validated.
//
// Everything personal is in the sealed payload; what is clear are keyed ids,
// our own number, times and trace context. The envelope does not know what it
// carries.
package envelope

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// Version is the version this program writes, and the newest it reads.
const Version = 1

// MaxSize is the largest encoded envelope in bytes. Cloud Tasks refuses
// tasks above 100 KB; the rest is headroom for its own fields.
const MaxSize = 90 << 10

// ErrTooLarge says that an envelope would exceed [MaxSize].
var ErrTooLarge = errors.New("envelope exceeds 90 KiB")

// ErrNewer says that the envelope was written by a newer revision, which will
// take it when this one answers "not now".
var ErrNewer = errors.New("envelope of a newer version")

// Kind is what an envelope carries.
type Kind string

// The kinds of envelopes.
const (
	Inbound    Kind = "inbound"
	Status     Kind = "status"
	Timer      Kind = "timer"
	Quarantine Kind = "quarantine"
)

// Envelope is one letter.
type Envelope struct {
	V             int      `json:"v"`
	Kind          Kind     `json:"kind"`
	Tenant        string   `json:"tenant"`
	PhoneNumberID string   `json:"phone_number_id"`
	ID            string   `json:"id"`
	Conversation  string   `json:"conversation"`
	Aliases       []string `json:"aliases,omitempty"`
	Seq           int64    `json:"seq"`
	FollowUp      int      `json:"follow_up"`
	// Replay counts how often an operator had the letter delivered once more.
	Replay        int       `json:"replay,omitempty"`
	ReceivedAt    time.Time `json:"received_at"`
	CorrelationID string    `json:"correlation_id"`
	Traceparent   string    `json:"traceparent,omitempty"`
	Payload       []byte    `json:"payload"`
	// Retries is how often the queue tried to deliver the letter before: the
	// reader notes it, and it is no part of the letter.
	Retries int `json:"-"`
}

// Encode is the envelope as a task's body, in the current version.
func (e Envelope) Encode() ([]byte, error) {
	e.V = Version
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode envelope: %w", err)
	}
	if len(body) > MaxSize {
		return nil, ErrTooLarge
	}
	return body, nil
}

// Decode reads a task's body. Unknown fields are ignored. An envelope of a
// newer version is returned as far as it can be read, with [ErrNewer]; every
// other error is of kind [fault.Unreadable].
func Decode(body []byte) (Envelope, error) {
	if len(body) > MaxSize {
		return Envelope{}, fault.Mark(ErrTooLarge, fault.Unreadable)
	}
	var e Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		// The version alone decides whether a newer revision wrote this, and
		// the age, where it can be read, how long to wait for that revision.
		var head struct {
			V          int             `json:"v"`
			ReceivedAt json.RawMessage `json:"received_at"`
		}
		if json.Unmarshal(body, &head) == nil && head.V > Version {
			newer := Envelope{V: head.V}
			if json.Unmarshal(head.ReceivedAt, &newer.ReceivedAt) != nil {
				newer.ReceivedAt = time.Time{}
			}
			return newer, ErrNewer
		}
		// The decoder's own words may quote the body.
		return Envelope{}, fault.Mark(errors.New("decode envelope: not the JSON of an envelope"), fault.Unreadable)
	}
	if e.V > Version {
		return e, ErrNewer
	}
	if reason := e.invalid(); reason != "" {
		return Envelope{}, fault.Mark(errors.New("decode envelope: "+reason), fault.Unreadable)
	}
	return e, nil
}

func (e Envelope) invalid() string {
	switch {
	case e.V < 1:
		return "no version"
	case e.Tenant == "":
		return "no tenant"
	case e.ID == "":
		return "no id"
	case len(e.Payload) == 0:
		return "no payload"
	case e.FollowUp < 0 || e.Replay < 0:
		return "negative follow_up or replay"
	}
	switch e.Kind {
	case Inbound:
		if e.Conversation == "" || e.PhoneNumberID == "" {
			return "inbound without conversation or number"
		}
	case Timer:
		if e.Conversation == "" {
			return "timer without conversation"
		}
	case Status, Quarantine:
	default:
		return "unknown kind"
	}
	return ""
}

// TaskName is the name of the task that carries this envelope: a name that
// exists already makes a repeat harmless. The queue remembers names for a
// while, so that every replay, and every follow-up of it, has one of its own.
// It is empty for status envelopes, which may be delivered any number of times.
func (e Envelope) TaskName() string {
	name := e.ID
	switch {
	case e.Kind == Status:
		return ""
	case e.Kind == Timer:
		return name + "-t"
	case e.FollowUp == 0 && e.Replay == 0:
		return name + "-0"
	}
	if e.Replay > 0 {
		name += "-r" + strconv.Itoa(e.Replay)
	}
	if e.FollowUp > 0 {
		name += "-f" + strconv.Itoa(e.FollowUp)
	}
	return name
}

// Path is the worker's route for this envelope.
func (e Envelope) Path() string {
	switch e.Kind {
	case Status:
		return "/tasks/status"
	case Timer:
		return "/tasks/timer"
	default:
		return "/tasks/inbound"
	}
}

// Seal puts v into the envelope's payload as sealed JSON. The payload opens
// only inside an envelope of the same kind and id.
func (e *Envelope) Seal(ring *pii.Ring, v any) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode payload: %w", err)
	}
	e.Payload = ring.Seal(plain, e.place())
	return nil
}

// Open reads the payload into v. Its error is of kind [fault.Unreadable] and
// holds nothing of the payload.
func (e Envelope) Open(ring *pii.Ring, v any) error {
	plain, err := ring.Open(e.Payload, e.place())
	if err != nil {
		return fault.Mark(fmt.Errorf("open payload: %w", err), fault.Unreadable)
	}
	if json.Unmarshal(plain, v) != nil {
		return fault.Mark(errors.New("decode payload: not the JSON that this kind carries"), fault.Unreadable)
	}
	return nil
}

func (e Envelope) place() string { return string(e.Kind) + ":" + e.ID }
