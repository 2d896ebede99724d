package otto

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/pledge"
)

// Options are what [New] needs.
type Options struct {
	Pack Pack
	// Model answers what needs thought; nil answers that with the menu.
	Model Model
	// Tenant keeps the cache keys of businesses apart.
	Tenant string
	// Key makes and proves the tokens of forms; nil offers no form and reads none.
	Key *pii.HashKey
}

// Otto decides answers. It is safe for concurrent use.
type Otto struct {
	pack    Pack
	model   Model
	index   index
	words   *words
	lexicon lexicon
	knows   knowledge
	pledges *pledge.Reader
	pages   map[conversation.State]page
	names   map[string]bool // of the instructions, see internalNames
	key     *pii.HashKey    // nil when there are no forms
	// without are guards that a test leaves out.
	without map[string]bool
}

// New makes an Otto. A pack that is not fit to be used is an error that names
// every fault.
func New(opt Options) (*Otto, error) {
	if faults := opt.Pack.Validate(); len(faults) > 0 {
		return nil, fmt.Errorf("pack: %w", errors.New(strings.Join(faults, "; ")))
	}
	words, err := newWords()
	if err != nil {
		return nil, err
	}
	lexicon, err := newLexicon()
	if err != nil {
		return nil, err
	}
	pledges, err := pledge.New(opt.Pack.Promises, opt.Pack.Competitors)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	index, err := newIndex(opt.Pack)
	if err != nil {
		return nil, err
	}
	pages, err := newPages(opt.Pack, opt.Tenant, words)
	if err != nil {
		return nil, err
	}
	return &Otto{
		pack: opt.Pack, key: opt.Key, model: opt.Model, index: index, words: words, lexicon: lexicon,
		knows: newKnowledge(opt.Pack), pledges: pledges, pages: pages, names: internalNames(opt.Pack),
	}, nil
}

// Request is what one turn asks of Otto.
type Request struct {
	Conversation conversation.Conversation
	// Messages are what the lead sent since the last turn, in order.
	Messages []conversation.Inbound
	// Noted are the appointments that were asked for by forms among the messages
	// and exist already; see [Otto.Form].
	Noted []string
	Now   time.Time
}

// Decision is the answer to a request, ready to be committed. Nothing in it is
// shared with the request.
type Decision struct {
	Route   conversation.Route
	Replies []conversation.Reply // none or one
	// Session is the new one: state entered, messages and reply remembered.
	Session conversation.Session
	Card    conversation.Card
	// From is the state the conversation was stored in and To where it stands
	// now. The session's transitions hold the steps between, such as being
	// reopened.
	From, To conversation.State
	Event    conversation.Event
	// Refused is why a proposed transition was refused; a code.
	Refused  string
	Verdicts []conversation.Verdict
	Model    conversation.Model
	Reasons  conversation.Reasons
	// Appointment is the start of a meeting that was agreed; zero when none was.
	// An appointment record must be committed together with the decision.
	Appointment time.Time
	// AppointmentID is the id that the record must have; empty when any will do.
	AppointmentID string
	// Briefing is for the person who takes over or confirms a meeting: who the
	// lead is, what they want, what was said and promised. Empty unless Handoff
	// or Appointment is set.
	Briefing pii.Text
	// Handoff is why a person is asked for; a code, empty when none is. A
	// handoff record must be committed together with the decision.
	Handoff string
}

// Why a person is asked for.
const (
	HandoffOutside   = "outside_knowledge" // nothing true can be said about it
	HandoffRequested = "requested"         // by the lead
	HandoffOutage    = "model_outage"
)

// Decide answers the messages of a request. It is an error only when the
// model could not answer, marked as the model marked it, or when ctx ended:
// the same request may be decided again later.
func (o *Otto) Decide(ctx context.Context, r Request) (Decision, error) {
	s := o.begin(r)
	if s.base.Muted() {
		return o.settle(s, o.quiet(s, conversation.RouteMuted, conversation.EventInbound)), nil
	}
	if len(s.said) == 0 {
		return o.Silent(r), nil
	}
	if a, ok := o.reflex(s, o.model != nil); ok {
		return o.settle(s, a), nil
	}
	return o.think(ctx, s)
}

// Fallback answers a request without the model, because it stays ill or has
// cost enough: what needs no thought as ever, the rest with the menu and the
// state unchanged. When the turn before was answered with the menu too, a
// person is asked for.
func (o *Otto) Fallback(r Request) Decision {
	s := o.begin(r)
	if s.base.Muted() {
		return o.settle(s, o.quiet(s, conversation.RouteMuted, conversation.EventInbound))
	}
	if len(s.said) == 0 {
		return o.Silent(r)
	}
	a, _ := o.reflex(s, false)
	return o.settle(s, a)
}

// TakenOver falls silent, because a person of the business wrote to the lead:
// from now on they answer. Everything that was said is remembered.
func (o *Otto) TakenOver(r Request) Decision {
	s := o.begin(r)
	s.base = s.from
	return o.settle(s, o.quiet(s, conversation.RouteSilent, conversation.EventTakenOver))
}

// Silent remembers what waits for no answer and gives none.
func (o *Otto) Silent(r Request) Decision {
	s := o.begin(r)
	s.base = s.from
	for _, u := range s.said {
		if o.lexicon.is("optout", u.folded) {
			s.optedOut = r.Now // also while a person answers, or nobody
		}
	}
	return o.settle(s, o.quiet(s, conversation.RouteSilent, conversation.EventNoted))
}
