package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// Waits before a postponed part is tried again, by what Meta said.
const (
	mostWait    = 5 * time.Minute
	numberWait  = 2 * time.Second
	accountWait = time.Minute
)

// Graph is the part of [whatsapp.Client] that a channel needs.
type Graph interface {
	// Send makes one attempt; see [whatsapp.Client.Send] for its errors.
	Send(ctx context.Context, s whatsapp.Send) (whatsapp.Sent, error)
}

// Alarm is a number of ours from which nothing can be sent until a person acts.
type Alarm struct {
	Number  string
	Setback conversation.Setback
}

// Options are what a Channel needs. Rate, Chance and Alarm may be left out.
type Options struct {
	Graph Graph
	// Rate is how many messages a second each number sends at most from this
	// process; zero is what Meta allows by default.
	Rate int
	// Chance draws from [0, 1), so that processes that were slowed down together do
	// not recover together.
	Chance func() float64
	// Alarm is told once when a number is barred, and not again until something got
	// through.
	Alarm func(ctx context.Context, a Alarm)
	// Menu is the label of a list's button where the answer has none.
	Menu string
	Now  func() time.Time
}

// Channel sends answers. It is safe for concurrent use.
type Channel struct {
	o     Options
	mu    sync.Mutex
	gates map[string]*gate // by number
}

// New makes a Channel.
func New(o Options) *Channel {
	if o.Rate <= 0 {
		o.Rate = whatsapp.NumberRate
	}
	if o.Chance == nil {
		o.Chance = func() float64 { return 0 }
	}
	if o.Alarm == nil {
		o.Alarm = func(context.Context, Alarm) {}
	}
	return &Channel{o: o, gates: map[string]*gate{}}
}

// gate is that of a number.
func (c *Channel) gate(number string) *gate {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.gates[number]
	if g == nil {
		g = newGate(float64(c.o.Rate))
		c.gates[number] = g
	}
	return g
}

// Send makes one attempt to send one part of an answer. A result without a
// kind means that nobody knows whether Meta accepted it. The error says why a
// message was not accepted; it is a [fault.Throttled] or [fault.Dependency]
// when the number or the account is ill rather than this message. A number that
// has sent enough for now, or that Meta has barred, is not tried: the message is
// postponed, and after a minute one message finds out whether it is barred still.
func (c *Channel) Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error) {
	gate := c.gate(m.Number)
	now := c.o.Now()
	if a := gate.admit(now, c.o.Chance()); !a.ok {
		result := c.result(conversation.Result{Kind: conversation.Postponed, Code: a.code, NotBefore: a.from})
		if a.barred {
			return result, fault.Mark(errors.New("send message: the number is barred"), fault.Dependency)
		}
		return result, fault.After(errors.New("send message: the number has sent enough for now"), a.from.Sub(now))
	}
	sent, err := c.o.Graph.Send(ctx, c.send(m))
	var refusal *whatsapp.Error
	switch {
	case errors.As(err, &refusal) && refusal.Account():
		if gate.bar(c.o.Now().Add(accountWait), refusal.Code) {
			c.o.Alarm(ctx, Alarm{Number: m.Number, Setback: setback(refusal)})
		}
	case errors.As(err, &refusal) && refusal.Class() == whatsapp.ClassRateNumber:
		gate.slow(c.o.Now(), c.o.Chance())
		gate.settle(true)
	default:
		gate.settle(err == nil || refusal != nil && !whatsapp.Ambiguous(err))
	}
	if err == nil {
		return c.result(conversation.Result{Kind: conversation.Accepted, WAMID: pii.Contact(sent.ID), Digest: sent.Digest}), nil
	}
	return c.refused(err, m)
}

// send is an attempt in WhatsApp's shape, or in the plain one where that cannot
// carry it.
func (c *Channel) send(m conversation.Outgoing) whatsapp.Send {
	send := whatsapp.Send{PhoneNumberID: m.Number, To: recipient(m.To), Message: c.message(m.Reply), Opaque: m.Opaque}
	if broken := send.Check(); broken != nil {
		send.Message = whatsapp.TextMessage{Body: Plain(m.Reply)}
	}
	return send
}

// Digest is the digest of what Send posts for an attempt; empty when nothing can
// be posted for it.
func (c *Channel) Digest(m conversation.Outgoing) string {
	body, err := c.send(m).Body()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (c *Channel) result(r conversation.Result) conversation.Result {
	r.At = c.o.Now()
	return r
}

// refused is the consequence of an attempt that was not accepted.
func (c *Channel) refused(err error, m conversation.Outgoing) (conversation.Result, error) {
	err = fmt.Errorf("send message: %w", err)
	if whatsapp.Ambiguous(err) {
		return conversation.Result{}, fault.Mark(err, fault.Dependency)
	}
	var refusal *whatsapp.Error
	if !errors.As(err, &refusal) {
		var limit *whatsapp.LimitError
		if errors.As(err, &limit) {
			return c.result(conversation.Result{Kind: conversation.Refused}), fault.Mark(err, fault.Broken)
		}
		// Nothing was written: the network or the token is ill.
		return c.postponed(0, numberWait), fault.Mark(err, fault.Dependency)
	}
	switch {
	case refusal.Account():
		return c.postponed(refusal.Code, accountWait), fault.Mark(err, fault.Dependency)
	case refusal.Class() == whatsapp.ClassRatePair:
		return c.postponed(refusal.Code, pairWait(m)), fault.Mark(err, fault.Refused)
	case refusal.Class() == whatsapp.ClassRateNumber:
		wait := min(max(refusal.RetryAfter, numberWait), mostWait)
		return c.postponed(refusal.Code, wait), fault.After(err, wait)
	case refusal.Class() == whatsapp.ClassTransient:
		wait := numberWait
		if refusal.Remedy() == whatsapp.RemedyRetryLater {
			wait = accountWait
		}
		return c.postponed(refusal.Code, wait), fault.Mark(err, fault.Dependency)
	case refusal.Remedy() == whatsapp.RemedyRetryLater:
		return c.postponed(refusal.Code, accountWait), fault.Mark(err, fault.Refused)
	default:
		return c.result(conversation.Result{Kind: conversation.Refused, Code: refusal.Code}), fault.Mark(err, fault.Refused)
	}
}

func (c *Channel) postponed(code int, wait time.Duration) conversation.Result {
	return c.result(conversation.Result{
		Kind: conversation.Postponed, Code: code, NotBefore: c.o.Now().Add(wait),
	})
}

// pairWait grows with the attempts made so far.
func pairWait(m conversation.Outgoing) time.Duration {
	_, _, attempt, _ := conversation.ParseOpaque(m.Opaque)
	return whatsapp.Backoff(attempt)
}

// message is the reply in WhatsApp's shape.
func (c *Channel) message(r conversation.Reply) whatsapp.Outgoing {
	switch {
	case r.Kind == conversation.ReplyTemplate && r.Template != nil:
		return whatsapp.TemplateMessage{Name: r.Template.Name, Language: r.Template.Language}
	case r.Kind == conversation.ReplyButtons && len(r.Options) > 0:
		message := whatsapp.ButtonsMessage{Body: r.Text.Reveal()}
		for _, option := range r.Options {
			message.Buttons = append(message.Buttons, whatsapp.Button{ID: option.ID, Title: option.Title})
		}
		return message
	case r.Kind == conversation.ReplyList && len(r.Options) > 0:
		section := whatsapp.Section{}
		for _, option := range r.Options {
			section.Rows = append(section.Rows, row(option))
		}
		label := r.Menu
		if label == "" {
			label = c.o.Menu
		}
		label = whatsapp.Truncate(label, whatsapp.MaxListButton)
		return whatsapp.ListMessage{Body: r.Text.Reveal(), Button: label, Sections: []whatsapp.Section{section}}
	case r.Kind == conversation.ReplyFlow && r.Form != nil:
		return whatsapp.FlowMessage{
			Body: r.Text.Reveal(), FlowID: r.Form.Flow, CTA: r.Form.Label, Token: r.Form.Token.Reveal(),
		}
	default:
		return whatsapp.TextMessage{Body: r.Text.Reveal()}
	}
}

// row is an option as a list shows it. A title that is too long stands whole in
// the description, if that is free and holds it: a choice is cut only where the
// person can still read all of it. What only explains a choice may be cut.
func row(o conversation.Option) whatsapp.Row {
	r := whatsapp.Row{ID: o.ID, Title: o.Title, Description: whatsapp.Truncate(o.Description, whatsapp.MaxRowDescription)}
	whole := utf8.RuneCountInString(o.Title)
	if whole > whatsapp.MaxRowTitle && whole <= whatsapp.MaxRowDescription && o.Description == "" {
		r.Title, r.Description = whatsapp.Truncate(o.Title, whatsapp.MaxRowTitle), o.Title
	}
	return r
}

// Plain is a reply as text alone, with its options as lines, cut to what one
// text message holds.
func Plain(r conversation.Reply) string {
	var text strings.Builder
	text.WriteString(r.Text.Reveal())
	for _, option := range r.Options {
		text.WriteString("\n• " + option.Title)
	}
	return whatsapp.Truncate(text.String(), whatsapp.MaxText)
}

// recipient prefers the phone number: Meta documents it for every kind of
// message, and user ids only for some.
func recipient(to conversation.Identity) whatsapp.Recipient {
	if to.Phone != "" {
		return whatsapp.Phone(to.Phone.Reveal())
	}
	return whatsapp.User(to.UserID.Reveal())
}
