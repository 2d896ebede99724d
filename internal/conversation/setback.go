package conversation

// Setback is what one of Meta's error codes means and asks for.
type Setback struct {
	Code int
	// Class is the sort of failure, in a word, and Meaning in a few; Meaning is
	// empty for a code that nobody knows.
	Class   string
	Meaning string
	Remedy  Remedy
	// Pair: too much was sent to this one person in a short time.
	Pair bool
	// StopsMarketing: what the person has not asked for is to be left off.
	StopsMarketing bool
	// OptedOut: the person said so themselves.
	OptedOut bool
	// Known: the code is in Meta's table.
	Known bool
}

// Remedy is what is to be done about a message that Meta did not deliver.
type Remedy string

// The remedies.
const (
	Retry              Remedy = "retry"               // once more, soon
	RetryLater         Remedy = "retry_later"         // once more, when a limit has passed
	Permanent          Remedy = "permanent"           // nothing: it never reaches this person
	NeedsTemplate      Remedy = "needs_template"      // a template, for the window is closed
	BlockedContact     Remedy = "blocked_contact"     // nothing that was not asked for any more
	ConfigurationAlarm Remedy = "configuration_alarm" // an alarm: a person has to put something right
)
