package conversation

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/pii"
)

// Bounds of what a session remembers. The transcript itself is the messages
// and turns in the ledger; a session holds what the next turn needs.
const (
	maxHistory      = 40
	maxHistoryRunes = 16_000
	maxTransitions  = 20
)

// Conversation is the document that every turn compares and sets.
type Conversation struct {
	ID ID `json:"id"`
	// Version counts commits; it is the fence between concurrent workers.
	Version int64  `json:"version"`
	Number  string `json:"number"` // our phone_number_id
	Owner   Owner  `json:"owner"`
	// LastTurn is the newest turn; empty before the first.
	LastTurn TurnID `json:"last_turn,omitempty"`
	// WindowFrom is Meta's time of the newest message that opened the
	// customer-service window.
	WindowFrom time.Time `json:"window_from,omitzero"`
	// MovedTo is set when another document took over this person.
	MovedTo ID      `json:"moved_to,omitempty"`
	Session Session `json:"session"`
	Card    Card    `json:"card,omitempty"`
	Spent   Spent   `json:"spent,omitzero"`
	// Handoff is the waiting for a person; nil when nobody was asked for, or the
	// conversation was given back.
	Handoff *Waiting `json:"handoff,omitempty"`
	// Mended are the failures that a turn has already drawn the consequences of,
	// the newest last.
	Mended []Mended `json:"mended,omitempty"`
	// Spared is when Meta last said that the person is not to be sent, or cannot be
	// sent, what they did not ask for. It holds until they write again.
	Spared time.Time `json:"spared,omitzero"`
	// Invited is the window, by its WindowFrom, for which the person was asked by a
	// template to open a new one.
	Invited time.Time `json:"invited,omitzero"`
	// Expiry is the timer that watches the session.
	Expiry Expiry `json:"expiry,omitzero"`
	// Pace is when all that Meta allows to be sent to this person is back; zero
	// before anything was sent. It lives here so that it holds over all workers.
	Pace time.Time `json:"pace,omitzero"`
}

// Waiting is how the waiting for a person stands.
type Waiting struct {
	// ID is the handoff's, and Since when it was asked for.
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	// Deadline is when the lead, or the team, is told next that nobody has
	// come; zero when somebody has, or nobody is told any more.
	Deadline time.Time `json:"deadline,omitzero"`
	// Came is when a person first wrote to the lead, or said that they take it;
	// zero when none has.
	Came time.Time `json:"came,omitzero"`
	// Told is when the lead was last told that nobody has come.
	Told time.Time `json:"told,omitzero"`
	// Taken: nobody was asked for. A person took over by writing to the lead, and
	// Wrote is when one last did.
	Taken bool      `json:"taken,omitempty"`
	Wrote time.Time `json:"wrote,omitzero"`
	// Reminders are the turns that told the team again, in order.
	Reminders []TurnID `json:"reminders,omitempty"`
}

// Mended is one failure and the turn that drew its consequences.
type Mended struct {
	// Failure is the [Opaque] of the attempt that failed.
	Failure string `json:"failure"`
	Turn    TurnID `json:"turn"`
}

// maxMended bounds what is remembered of failures.
const maxMended = 20

// Mend remembers that a turn draws the consequences of a failure.
func (c *Conversation) Mend(failure string, by TurnID) {
	mended := append(slices.Clone(c.Mended), Mended{Failure: failure, Turn: by})
	c.Mended = mended[max(0, len(mended)-maxMended):]
}

// MendedBy is the turn that drew the consequences of a failure; empty when none
// did.
func (c *Conversation) MendedBy(failure string) TurnID {
	for _, m := range c.Mended {
		if m.Failure == failure {
			return m.Turn
		}
	}
	return ""
}

// Disturbable reports whether the person may be sent what they did not ask for.
func (c *Conversation) Disturbable() bool {
	return c.Session.OptedOut.IsZero() && c.Session.Unmarketed.IsZero() && (c.Spared.IsZero() || c.WindowFrom.After(c.Spared))
}

// Expiry is the timer that watches a session. There is one as a rule: it
// follows the conversation by setting itself anew.
type Expiry struct {
	// Turn is the turn that set it first, and At when it fires first: as long
	// as that has not come, it is certain to fire.
	Turn TurnID    `json:"turn,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// Session is what Otto remembers from turn to turn. It is stored sealed.
type Session struct {
	State State `json:"state"`
	// Since is when the state was entered, LastAt when the last turn was
	// committed.
	Since     time.Time `json:"since,omitzero"`
	LastAt    time.Time `json:"last_at,omitzero"`
	Person    Identity  `json:"person"`
	Interest  string    `json:"interest,omitempty"`
	Turns     int       `json:"turns,omitempty"`
	Fallbacks int       `json:"fallbacks,omitempty"` // consecutive turns without a model
	// Interests are all lines of business that came up, the strongest first;
	// Interest is the first as long as it is strong enough.
	Interests []Interest `json:"interests,omitempty"`
	// Asked is the card field that the last answer asked for.
	Asked string `json:"asked,omitempty"`
	// Invited is the turn, counted from the first, that last proposed a meeting.
	Invited int `json:"invited,omitempty"`
	// OptedOut is since when the lead wants no messages unasked for; zero when
	// never.
	OptedOut time.Time `json:"opted_out,omitzero"`
	// Unmarketed is since when the person has advertising of this business
	// switched off in WhatsApp; writing does not switch it on again. Zero when
	// it is on.
	Unmarketed time.Time `json:"unmarketed,omitzero"`
	// Renamed is when the person's number or user id last changed; zero when never.
	Renamed time.Time `json:"renamed,omitzero"`
	// Calmed is when the lead was last asked to slow down.
	Calmed time.Time `json:"calmed,omitzero"`
	// Tempo measures how fast the lead writes.
	Tempo Tempo `json:"tempo,omitzero"`
	// Booked is the start of the last meeting that was noted.
	Booked time.Time `json:"booked,omitzero"`
	// Unconfirmed are fields of the card that were heard in an audio and that the
	// lead has not said yes to: nothing is done upon them.
	Unconfirmed []string `json:"unconfirmed,omitempty"`
	// Unsure counts turns in a row in which nothing true could be said.
	Unsure      int          `json:"unsure,omitempty"`
	History     []Line       `json:"history,omitempty"`
	Transitions []Transition `json:"transitions,omitempty"`
}

// Tempo is a bucket that turns fill and time drains.
type Tempo struct {
	Level float64   `json:"level"`
	At    time.Time `json:"at"` // when Level was right
}

// Interest is one line of business and how much the lead's words point to it.
type Interest struct {
	Vertical string  `json:"vertical"`
	Weight   float64 `json:"weight"`
	// At is when it last came up.
	At time.Time `json:"at"`
}

// Speaker is who said a line.
type Speaker string

// The speakers of a conversation.
const (
	Lead   Speaker = "lead"
	Otto   Speaker = "otto"
	Person Speaker = "person"
)

// Line is one utterance in a session's memory.
type Line struct {
	Who  Speaker   `json:"who"`
	Text pii.Text  `json:"text"`
	At   time.Time `json:"at"`
	// Message is the one that said it; empty for Otto's own lines.
	Message MessageID `json:"message,omitempty"`
}

// Transition is one step of the state machine, as remembered.
type Transition struct {
	From  State     `json:"from"`
	To    State     `json:"to"`
	Event Event     `json:"event"`
	At    time.Time `json:"at"`
}

// Spent counts what one contact cost on one day of the business's zone.
type Spent struct {
	Day    string `json:"day,omitempty"` // YYYY-MM-DD
	Tokens int64  `json:"tokens,omitempty"`
	Turns  int64  `json:"turns,omitempty"`
}

// Remember adds lines to the history, keeping the newest whole lines within
// bounds.
func (s *Session) Remember(lines ...Line) {
	history := append(append([]Line(nil), s.History...), lines...)
	if len(history) > maxHistory {
		history = history[len(history)-maxHistory:]
	}
	size, from := 0, len(history)
	for from > 0 {
		size += utf8.RuneCountInString(history[from-1].Text.Reveal())
		if size > maxHistoryRunes && from < len(history) {
			break
		}
		from--
	}
	s.History = history[from:]
}

// Forget takes what a message said out of the history.
func (s *Session) Forget(id MessageID) {
	s.History = slices.DeleteFunc(slices.Clone(s.History), func(l Line) bool { return l.Message == id })
}

// Said is what a message said, as far as it is remembered; empty when it is not.
func (s *Session) Said(id MessageID) pii.Text {
	for _, line := range s.History {
		if id != "" && line.Message == id {
			return line.Text
		}
	}
	return ""
}

// Enter records a transition and moves to its target.
func (s *Session) Enter(t Transition) {
	transitions := append(append([]Transition(nil), s.Transitions...), t)
	if len(transitions) > maxTransitions {
		transitions = transitions[len(transitions)-maxTransitions:]
	}
	s.Transitions = transitions
	if t.From != t.To || s.Since.IsZero() {
		s.Since = t.At
	}
	s.State = t.To
}

// New is a conversation before its first turn.
func New(id ID, number string, person Identity) Conversation {
	return Conversation{
		ID:      id,
		Number:  number,
		Owner:   OwnerOtto,
		Session: Session{State: Initial, Person: person},
	}
}
