package scenario

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// Scenario is one conversation and what has to come of it.
type Scenario struct {
	// File is where it was read from, Name what it is called.
	File string
	Name string
	// Covers are the ids of what it stands for; its rows in the table.
	Covers []string
	// Pack names the business; empty is the default one.
	Pack string
	// Start is the time of the first step.
	Start time.Time
	// Profile is the lead's name as WhatsApp shows it, From the lead's number
	// or business-scoped user id.
	Profile, From string
	Model         Model
	Seed          uint64
	Steps         []Step
}

// Model is who answers for the model.
type Model string

// The models of a scenario.
const (
	Offline  Model = "offline"  // the stand-in's own small mind
	NoModel  Model = "none"     // there is none
	Scripted Model = "scripted" // each step says what it answers
	Worst    Model = "worst"    // the worst that the schema allows, by Seed
)

// Step is something that happens and what has to come of it.
type Step struct {
	Line int
	// Lead are messages that arrive together; none when only time passes.
	Lead []Message
	// Team is what a person of the business says about a handoff; empty for nothing.
	Team TeamWord
	// Wait is how long time passes, Until until when; one of them, or neither.
	Wait  time.Duration
	Until time.Time
	// Skip is until when time jumps: what was due meanwhile happens then.
	Skip time.Time
	// Answers are what the scripted model answers in this step, in order.
	Answers []Answer
	Expect  *Expect
}

// TeamWord is what a person says about a handoff beside writing to the lead.
type TeamWord string

// The words about a handoff.
const (
	Accept  TeamWord = "accept"  // a person has come
	Release TeamWord = "release" // Otto answers again
)

// MessageKind is what a message of a step is.
type MessageKind string

// The kinds of messages.
const (
	KindText     MessageKind = "text"
	KindTap      MessageKind = "tap"
	KindAudio    MessageKind = "audio"
	KindImage    MessageKind = "image"
	KindVideo    MessageKind = "video"
	KindDocument MessageKind = "document"
	KindSticker  MessageKind = "sticker"
	KindLocation MessageKind = "location"
	KindContacts MessageKind = "contacts"
	KindReaction MessageKind = "reaction"
	KindOrder    MessageKind = "order"
	KindRaw      MessageKind = "raw"
	KindPerson   MessageKind = "person" // somebody of the business, in the phone app
)

// Message is one message of a step.
type Message struct {
	Kind MessageKind
	// Text is what is written, the option that is tapped (id or title), the
	// name of a file, or the emoji of a reaction.
	Text string
	// Title is what the tapped option says, where it was not offered just now.
	Title   string
	Caption string
	// To is the message that a text quotes or a reaction is on, by words of it; of
	// several the newest. Empty is none for a text, and the newest of ours for a
	// reaction.
	To string
	// At is a place: latitude and longitude.
	At [2]float64
	// Perceived is what is made of the file of an audio, an image or a document;
	// nil where the scenario does not say for any of its files: then nobody looks.
	Perceived *Perceived
	// Raw are the fields of a message as Meta would send it.
	Raw map[string]any
	// Copies is how often the webhook is delivered; zero is once.
	Copies int
}

// Perceived is what scripted senses make of a file.
type Perceived struct {
	Outcome conversation.Perception
	Text    string
	// Ill says that whoever reads it is ill instead, whenever it is asked.
	Ill bool
}

// Answer is what a scripted model answers once: a decision, a text that is
// none, or a fault.
type Answer struct {
	Line int
	// Decision is a partial decision; what it leaves out is harmless.
	Decision map[string]any
	// Content is sent word for word instead.
	Content string
	// Fault is what goes wrong instead, at most Times.
	Fault string
	Times int
}

// Expect is what has to come of a step. What is nil is not looked at.
type Expect struct {
	Line    int
	Replies *int
	// Says has to occur in what the lead reads in this step, of each group of
	// SaysAny at least one; Never must not. Case and accents do not count.
	Says    []string
	SaysAny [][]string
	Never   []string
	// Kind and Options are of the last message the lead got.
	Kind    *string
	Options []string

	State, Owner, Interest *string
	// Route, Asked and Verdicts are of the step's last turn.
	Route, Asked *string
	Verdicts     map[string]bool
	// Card are fields and their values; nil for one that is not known.
	Card map[string]*string
	// Calls is how often the model was asked in this step.
	Calls *int
	// Handoff is why the team was called in this step; empty when it was not.
	Handoff     *string
	Appointment *time.Time
	// Effects are the kinds of effects of the step's turns, in order.
	Effects []string
	// PromptHas has to be in what the model was shown in this step, PromptLacks
	// must not.
	PromptHas, PromptLacks []string
}

// asserts reports whether e looks at anything but how many answers came.
func (e *Expect) asserts() bool {
	return e != nil && (e.Says != nil || e.SaysAny != nil || e.Never != nil || e.Kind != nil || e.Options != nil ||
		e.State != nil || e.Owner != nil || e.Interest != nil || e.Route != nil || e.Asked != nil || e.Verdicts != nil ||
		e.Card != nil || e.Calls != nil || e.Handoff != nil || e.Appointment != nil || e.Effects != nil ||
		e.PromptHas != nil || e.PromptLacks != nil || e.Replies != nil && *e.Replies == 0)
}
