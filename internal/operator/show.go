package operator

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/pii"
)

// Words are something personal: how long it is, and what it is only when
// somebody asked for that.
type Words struct {
	Length int    `json:"length"` // in characters
	Text   string `json:"text,omitempty"`
}

// Detail is one thing in full. Of turn and letter it has one.
type Detail struct {
	ID            string          `json:"id"`
	What          string          `json:"what"`
	Conversation  conversation.ID `json:"conversation,omitempty"`
	Number        string          `json:"number,omitempty"` // ours
	CorrelationID string          `json:"correlation_id,omitempty"`
	Turn          *TurnDetail     `json:"turn,omitempty"`
	Letter        *LetterDetail   `json:"letter,omitempty"`
	// Refused is why nothing of it can be tried again now; nil when something
	// can.
	Refused *Refusal `json:"refused,omitempty"`
}

// TurnDetail is a turn: what was decided, and what became of it.
type TurnDetail struct {
	Version   int64                      `json:"version"`
	Phase     conversation.DeliveryPhase `json:"phase"`
	Ended     bool                       `json:"ended"`
	Newest    bool                       `json:"newest"`
	DecidedAt time.Time                  `json:"decided_at"`
	Updated   time.Time                  `json:"updated"`
	SendBy    time.Time                  `json:"send_by,omitzero"`
	Messages  []conversation.MessageID   `json:"messages"`
	To        Person                     `json:"to"`
	Decision  Decision                   `json:"decision"`
	Parts     []PartDetail               `json:"parts"`
	Effects   []EffectDetail             `json:"effects,omitempty"`
}

// Person is a lead.
type Person struct {
	Phone  Words `json:"phone"`
	UserID Words `json:"user_id"`
	Name   Words `json:"name"`
}

// Decision is how an answer was found.
type Decision struct {
	Route    conversation.Route `json:"route"`
	Mode     conversation.Mode  `json:"mode,omitempty"`
	From     conversation.State `json:"from"`
	Into     conversation.State `json:"into"`
	Event    conversation.Event `json:"event"`
	Refused  string             `json:"refused,omitempty"`
	PackHash string             `json:"pack_hash,omitempty"`
	Model    string             `json:"model,omitempty"`
	Calls    int                `json:"calls,omitempty"`
	Outcomes []string           `json:"outcomes,omitempty"`
	Verdicts []VerdictDetail    `json:"verdicts,omitempty"`
}

// VerdictDetail is what a guard said; what it found may quote the draft.
type VerdictDetail struct {
	Guard string `json:"guard"`
	OK    bool   `json:"ok"`
	Found Words  `json:"found"`
}

// PartDetail is one part of an answer.
type PartDetail struct {
	Part     int                        `json:"part"` // from 1
	Kind     conversation.ReplyKind     `json:"kind"`
	Text     Words                      `json:"text"`
	Template string                     `json:"template,omitempty"` // its name at Meta's
	Options  []Words                    `json:"options,omitempty"`
	Phase    conversation.DeliveryPhase `json:"phase"`
	Reason   string                     `json:"reason,omitempty"`
	Granted  int                        `json:"granted,omitempty"`
	Attempts []AttemptDetail            `json:"attempts"`
}

// AttemptDetail is one attempt to send a part, without Meta's id of it.
type AttemptDetail struct {
	Attempt int `json:"attempt"`
	// Result is what Meta answered; empty when nobody knows.
	Result    conversation.ResultKind `json:"result,omitempty"`
	Code      int                     `json:"code,omitempty"`
	At        time.Time               `json:"at,omitzero"`
	NotBefore time.Time               `json:"not_before,omitzero"`
	Digest    string                  `json:"digest,omitempty"`
	// Category and Billing are of its price, as Meta first said them.
	Category string          `json:"category,omitempty"`
	Billing  string          `json:"billing,omitempty"`
	Receipts []ReceiptDetail `json:"receipts,omitempty"`
}

// ReceiptDetail is one status of one attempt.
type ReceiptDetail struct {
	Status conversation.Status `json:"status"`
	Code   int                 `json:"code,omitempty"`
	At     time.Time           `json:"at"`
}

// EffectDetail is one effect of a turn.
type EffectDetail struct {
	Effect    int                      `json:"effect"` // from 1
	Kind      conversation.EffectKind  `json:"kind"`
	Way       conversation.Way         `json:"way,omitempty"`
	Why       string                   `json:"why,omitempty"` // a person was asked for; a code
	Briefing  Words                    `json:"briefing"`
	Due       time.Time                `json:"due,omitzero"` // when a timer fires, or a meeting starts
	Phase     conversation.EffectPhase `json:"phase"`
	Attempts  int                      `json:"attempts"`
	Reason    string                   `json:"reason,omitempty"`
	NotBefore time.Time                `json:"not_before,omitzero"`
	Done      time.Time                `json:"done,omitzero"`
}

// LetterDetail is a dead letter.
type LetterDetail struct {
	State    State               `json:"state"`
	Reason   string              `json:"reason"`
	At       time.Time           `json:"at"`
	Attempts int                 `json:"attempts"`
	Replays  int                 `json:"replays"`
	Dropped  time.Time           `json:"dropped,omitzero"`
	Turn     conversation.TurnID `json:"turn,omitempty"` // that answered it
	// Kind, From and Text are the message's, where it could be opened; Content
	// is what came, where it could not.
	Kind    conversation.Kind `json:"kind,omitempty"`
	From    *Person           `json:"from,omitempty"`
	Text    *Words            `json:"text,omitempty"`
	Content *Words            `json:"content,omitempty"`
}

// shower makes details.
type shower struct {
	reveal bool
	ring   *pii.Ring
}

// wamid is Meta's id of a message, which holds the telephone number.
var wamid = regexp.MustCompile(`wamid\.[A-Za-z0-9+/=_-]*`)

func (s shower) words(text string) Words {
	w := Words{Length: utf8.RuneCountInString(text)}
	if s.reveal {
		w.Text = wamid.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "wamid.…")
	}
	return w
}

func (s shower) person(i conversation.Identity) Person {
	return Person{Phone: s.words(i.Phone.Reveal()), UserID: s.words(i.UserID.Reveal()), Name: s.words(i.Name.Reveal())}
}

func (s shower) turn(v view, now time.Time) Detail {
	t := v.turn
	d := &TurnDetail{
		Version: t.Version, Phase: t.Phase(), Ended: t.Ended(), Newest: v.newest(), DecidedAt: t.DecidedAt, Updated: t.Updated,
		SendBy: t.SendBy, Messages: t.Messages, To: s.person(t.To), Decision: s.decision(t.Turn), Parts: []PartDetail{},
	}
	var refused *Refusal
	if d.Ended {
		refused = &Refusal{Code: NotParked, Why: "nothing of it is parked"}
	}
	for i, delivery := range t.Deliveries {
		if delivery.Phase() == conversation.Parked {
			refused = v.reopenable(i, now)
		}
		d.Parts = append(d.Parts, s.part(i, t.Replies[i], delivery))
	}
	for i, record := range t.Records {
		if record.Phase() == conversation.EffectParked {
			refused = nil
		}
		d.Effects = append(d.Effects, s.effect(i, t.Effects[i], record))
	}
	return Detail{
		ID: string(t.ID), What: "turn", Conversation: t.Conversation, Number: t.Number, CorrelationID: t.CorrelationID,
		Turn: d, Refused: refused,
	}
}

func (s shower) decision(t conversation.Turn) Decision {
	d := Decision{
		Route: t.Route, Mode: t.Mode, From: t.From, Into: t.Into, Event: t.Event, Refused: t.Refused, PackHash: t.PackHash,
		Model: t.Model.Name, Calls: t.Model.Calls, Outcomes: t.Model.Outcomes,
	}
	d.Verdicts = s.verdicts(t.Verdicts)
	return d
}

func (s shower) verdicts(verdicts []conversation.Verdict) (details []VerdictDetail) {
	for _, v := range verdicts {
		details = append(details, VerdictDetail{Guard: v.Guard, OK: v.OK, Found: s.words(v.Found)})
	}
	return details
}

func (s shower) part(i int, reply conversation.Reply, delivery conversation.Delivery) PartDetail {
	p := PartDetail{
		Part: i + 1, Kind: reply.Kind, Text: s.words(reply.Text.Reveal()), Phase: delivery.Phase(), Reason: delivery.Reason,
		Granted: delivery.Granted, Attempts: []AttemptDetail{},
	}
	if reply.Template != nil {
		p.Template = reply.Template.Name
	}
	for _, option := range reply.Options {
		p.Options = append(p.Options, s.words(option.Title))
	}
	for n := 1; n <= delivery.Attempt; n++ {
		r := delivery.Results[n]
		a := AttemptDetail{Attempt: n, Result: r.Kind, Code: r.Code, At: r.At, NotBefore: r.NotBefore, Digest: r.Digest}
		a.Category, a.Billing = delivery.Price(n)
		for _, status := range []conversation.Status{
			conversation.StatusSent, conversation.StatusDelivered, conversation.StatusRead, conversation.StatusPlayed, conversation.StatusFailed,
		} {
			if receipt, ok := delivery.Receipts[n][status]; ok {
				a.Receipts = append(a.Receipts, ReceiptDetail{
					Status: status, Code: receipt.Code, At: receipt.At,
				})
			}
		}
		p.Attempts = append(p.Attempts, a)
	}
	return p
}

func (s shower) effect(i int, effect conversation.Effect, r conversation.EffectRecord) EffectDetail {
	d := EffectDetail{
		Effect: i + 1, Kind: effect.Kind, Way: effect.Way, Phase: r.Phase(), Attempts: r.Attempts, Reason: r.Reason, NotBefore: r.NotBefore, Done: r.Done,
	}
	if h := effect.Handoff; h != nil {
		d.Why, d.Briefing = h.Reason, s.words(h.Briefing.Reveal())
	}
	if a := effect.Appointment; a != nil {
		d.Briefing, d.Due = s.words(a.Briefing.Reveal()), a.Start
	}
	if m := effect.Message; m != nil {
		d.Briefing = s.words(m.Text.Reveal())
	}
	if u := effect.Undelivered; u != nil {
		d.Why, d.Briefing = fmt.Sprintf("meta-%d", u.Code), s.words(u.Text.Reveal())
	}
	if timer := effect.Timer; timer != nil {
		d.Why, d.Due = string(timer.Kind), timer.At
	}
	return d
}

func (s shower) letter(l letter) Detail {
	d := &LetterDetail{
		State: l.state(), Reason: l.Reason, At: l.At, Attempts: l.Attempts, Replays: l.Replays, Dropped: l.Dropped, Turn: l.message.Turn,
	}
	if m, ok := s.open(l); ok {
		from, text := s.person(m.From), s.words(m.Text.Reveal())
		d.Kind, d.From, d.Text = m.Kind, &from, &text
	} else {
		content := s.words(string(l.Content))
		d.Content = &content
	}
	detail := Detail{
		ID: l.ID, What: string(l.what()), Conversation: l.Conversation, Number: l.Number, CorrelationID: l.CorrelationID, Letter: d,
	}
	if _, err := l.again(); err != nil {
		detail.Refused = refusal(err)
	}
	return detail
}

// open is the message in a letter, where it is one that opens.
func (s shower) open(l letter) (m conversation.Inbound, ok bool) {
	if !l.Message {
		return m, false
	}
	e, err := envelope.Decode(l.Content)
	if err != nil {
		return m, false
	}
	err = e.Open(s.ring, &m)
	return m, err == nil
}
