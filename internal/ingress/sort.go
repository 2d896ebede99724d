package ingress

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	// rawLimit is how much of an oversized message travels along, in bytes.
	rawLimit = 8 << 10
	// quarantineLimit is how much of an unreadable element is kept, in bytes.
	quarantineLimit = 64 << 10
	// statusBatch is how many statuses share a task: some 300 bytes each stay
	// well below an envelope's size.
	statusBatch = 100
	// growth is what an envelope may gain on its way, in bytes: the order of
	// arrival and the number of a follow-up are written into it later.
	growth = 32
)

// postman sorts the elements of one webhook into mail.
type postman struct {
	*Ingress
	mail        *mail
	received    time.Time
	correlation string
	traceparent string
	seen        map[conversation.MessageID]bool // nil for a lone element
	statuses    []conversation.StatusReport
}

// sort takes a verified body apart. Nothing in it can make it fail: what
// cannot be read is mail for the quarantine.
func (i *Ingress) sort(body []byte, received time.Time, correlation, traceparent string) *mail {
	p := &postman{Ingress: i, mail: &mail{}, received: received, correlation: correlation, traceparent: traceparent}
	delivery, err := whatsapp.Decode(body)
	if err != nil {
		p.quarantine(body, "body", "")
		return p.mail
	}
	if len(delivery.Elements) > 1 {
		p.seen = make(map[conversation.MessageID]bool, len(delivery.Elements))
	}
	for _, element := range delivery.Elements {
		p.element(element)
	}
	p.flush()
	return p.mail
}

func (p *postman) element(e whatsapp.Element) {
	// An element of somebody else's number is nothing to us, readable or not.
	if e.PhoneNumberID != "" && !p.ours(e.PhoneNumberID) {
		p.mail.ignored++
		return
	}
	switch e.Kind {
	case whatsapp.KindMessage, whatsapp.KindEcho:
		p.message(e)
	case whatsapp.KindStatus:
		p.status(e)
	case whatsapp.KindUnreadable:
		p.quarantine(e.Raw, e.Reason, e.PhoneNumberID)
	case whatsapp.KindError:
		p.mail.ignored++
		p.mail.trouble = e.Error.Code
		p.mail.notices = append(p.mail.notices, failed(e))
	case whatsapp.KindAccount:
		if e.Field == "user_preferences" {
			p.preferences(e)
			return
		}
		p.mail.ignored++
		p.mail.notices = append(p.mail.notices, noticed(e))
	default:
		p.mail.ignored++
		p.mail.notices = append(p.mail.notices, noticed(e))
	}
}

func (p *postman) message(e whatsapp.Element) {
	if e.Message.GroupID != "" { // We are no member of groups: never answer into one.
		p.mail.ignored++
		return
	}
	m := inbound(e, p.received)
	if !m.From.Known() {
		p.quarantine(e.Raw, "sender", e.PhoneNumberID)
		return
	}
	p.post(m, e.Raw)
}

// post makes mail of a message to its conversation; raw is what it was read
// from.
func (p *postman) post(m conversation.Inbound, raw []byte) {
	m.ID = conversation.MessageID(p.o.Key.Message(m.WAMID))
	aliases := m.Conversations(p.o.Key)
	it := &item{weight: 1, success: fateEnqueued, message: m.ID}
	if p.seen[m.ID] {
		it.fate = fateDuplicate
		p.mail.items = append(p.mail.items, it)
		return
	}
	if p.seen != nil {
		p.seen[m.ID] = true
	}
	if quiet := conversation.QuietTime(m, p.o.Coalesce); quiet > 0 {
		it.at = p.received.Add(quiet)
	}
	it.envelope = p.envelope(envelope.Inbound, string(m.ID), m.Number)
	it.envelope.Conversation = string(aliases[0])
	for _, alias := range aliases {
		it.envelope.Aliases = append(it.envelope.Aliases, string(alias))
	}
	var err error
	if it.letter, err = p.seal(&it.envelope, m); err != nil {
		m = oversized(m, raw)
		if it.letter, err = p.seal(&it.envelope, m); err != nil {
			p.quarantine(raw, "size", m.Number)
			return
		}
	}
	p.mail.items = append(p.mail.items, it)
}

// seal puts v into e and returns the letter, which must fit a task now and
// when it has grown.
func (p *postman) seal(e *envelope.Envelope, v any) ([]byte, error) {
	if err := e.Seal(p.o.Ring, v); err != nil {
		return nil, err
	}
	letter, err := e.Encode()
	if err == nil && len(letter) > envelope.MaxSize-growth {
		return nil, envelope.ErrTooLarge
	}
	return letter, err
}

func (p *postman) envelope(kind envelope.Kind, id, number string) envelope.Envelope {
	return envelope.Envelope{
		Kind: kind, Tenant: p.o.Tenant, PhoneNumberID: number, ID: id,
		ReceivedAt: p.received, CorrelationID: p.correlation, Traceparent: p.traceparent,
	}
}

func (p *postman) status(e whatsapp.Element) {
	s := e.Status
	report := conversation.StatusReport{
		Number: e.PhoneNumberID, Opaque: s.Opaque, WAMID: contact(s.ID),
		Status: conversation.Status(s.State), At: s.Timestamp,
	}
	if report.At.IsZero() {
		report.At = p.received
	}
	if s.Pricing != nil {
		report.Category, report.Billing = s.Pricing.Category, s.Pricing.Type
	}
	if len(s.Errors) > 0 {
		report.Code = s.Errors[0].Code
	}
	p.statuses = append(p.statuses, report)
	if len(p.statuses) == statusBatch {
		p.flush()
	}
}

// flush makes mail of the statuses gathered so far.
func (p *postman) flush() {
	if len(p.statuses) > 0 {
		p.batch(p.statuses)
	}
	p.statuses = nil
}

// batch makes one task of statuses, or one of each half where they are too
// large together: a status of absurd size must not take its neighbours along.
func (p *postman) batch(statuses []conversation.StatusReport) {
	first := statuses[0]
	id := p.o.Key.Event("status", first.Number, first.WAMID.Reveal(), string(first.Status), p.received.String())
	it := &item{weight: len(statuses), success: fateEnqueued}
	it.envelope = p.envelope(envelope.Status, id, first.Number)
	content := conversation.StatusBatch{Statuses: statuses}
	_, err := p.seal(&it.envelope, content)
	switch half := len(statuses) / 2; {
	case err == nil:
		p.mail.items = append(p.mail.items, it)
	case half > 0:
		p.batch(statuses[:half])
		p.batch(statuses[half:])
	default:
		// Nobody's receipt: kept as it is.
		if raw, err := json.Marshal(content); err == nil {
			p.quarantine(raw, "size", first.Number)
		}
	}
}

// quarantine keeps a raw element for an operator. Its task is named after its
// bytes, so that redeliveries do not pile up.
func (p *postman) quarantine(content []byte, reason, number string) {
	sum := sha256.Sum256(content)
	it := &item{weight: 1, success: fateQuarantined}
	it.envelope = p.envelope(envelope.Quarantine, p.o.Key.Event("quarantine", hex.EncodeToString(sum[:])), number)
	for keep := min(len(content), quarantineLimit); ; keep /= 2 {
		q := conversation.Quarantined{
			Reason: reason, Content: content[:keep], Length: len(content), SHA256: hex.EncodeToString(sum[:]),
		}
		if _, err := p.seal(&it.envelope, q); err == nil || keep == 0 {
			break // Incompressible bytes need more room than the limit leaves.
		}
	}
	p.mail.items = append(p.mail.items, it)
}
