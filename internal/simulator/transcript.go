package simulator

import (
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// Bounds of what is remembered; the oldest is forgotten first.
const (
	maxPeople   = 1000
	maxMessages = 20_000 // of one person
	// maxWritten bounds what everybody's messages weigh together, in bytes. It is
	// more than the newest message of each of maxPeople can: see [transcript.add].
	maxWritten = 512 << 20
	// lineWeight is what a message weighs besides its words.
	lineWeight = 512
)

// Directions of a message, as the business sees them.
const (
	inwards  = "in"
	outwards = "out"
)

// Authors of a message.
const (
	byLead   = "lead"
	byOtto   = "otto"
	byPerson = "person" // of the team, in its phone app
)

// Statuses of a message. One of a lead is sent when it was written, delivered
// when the ingress accepted its webhook, and read when the worker marked it.
const (
	statusSent      = "sent"
	statusDelivered = "delivered"
	statusRead      = "read"
	statusFailed    = "failed"
)

// ranks order statuses: a late one never takes a later one back.
var ranks = map[string]int{statusSent: 1, statusDelivered: 2, statusRead: 3, "played": 3, statusFailed: 4}

// line is one message as WhatsApp shows it.
type line struct {
	ID        string    `json:"id"`
	Direction string    `json:"direction"`
	Author    string    `json:"author"`
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Status    string    `json:"status"`
	At        time.Time `json:"at"`
	// Error is why Meta did not deliver it; nil when it did, or did not say.
	Error *failure `json:"error,omitempty"`
	// ReplyTo is the message that this one quotes, taps or reacts to.
	ReplyTo string `json:"reply_to,omitempty"`
	// Options are the buttons or rows of a reply, Menu the label of its list.
	Options []option `json:"options,omitempty"`
	Menu    string   `json:"menu,omitempty"`
	Header  string   `json:"header,omitempty"`
	Footer  string   `json:"footer,omitempty"`
	// Media is the id that GET /api/media/ takes.
	Media     string   `json:"media,omitempty"`
	MIME      string   `json:"mime,omitempty"`
	Filename  string   `json:"filename,omitempty"`
	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`
}

// failure is why a message was not delivered, in Meta's words.
type failure struct {
	Code  int    `json:"code"`
	Title string `json:"title,omitempty"`
}

// option is one choice of a reply.
type option struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// weight is how much memory a message takes, more or less.
func (l *line) weight() int {
	n := lineWeight + len(l.Text) + len(l.Header) + len(l.Footer) + len(l.Menu) + len(l.Filename)
	for _, o := range l.Options {
		n += len(o.ID) + len(o.Title) + len(o.Description)
	}
	return n
}

// person is somebody who wrote or was written to.
type person struct {
	from  string
	name  string
	lines []line
	// revisions are the counts of changes when each of the lines changed last.
	// They stand apart, so that looking for the newest passes over little memory.
	revisions []int
	first     int // how many lines were forgotten
	unread    int // place of the first line that may be a lead's unread one
	weight    int
	replies   int // lines outwards ever, and those of them that failed
	failed    int
	changed   int // the transcript's count of changes when this one changed last
}

// place is where a line stands: the n-th ever of a person, from 0.
type place struct {
	person *person
	n      int
}

// line is the line at a place; only what is remembered has one.
func (p place) line() *line { return &p.person.lines[p.n-p.person.first] }

// transcript is what WhatsApp would show on everybody's phone. It is safe for
// concurrent use.
type transcript struct {
	// tally is told when each message was written, and which way it goes; nil
	// means that nobody is. It must not call the transcript.
	tally func(at time.Time, direction string)
	// name is the ledger's name of a message by Meta's id of it; nil means that
	// none is kept.
	name func(id string) conversation.MessageID

	mu      sync.Mutex
	people  map[string]*person
	order   []*person // who was heard of first comes first
	places  map[string]place
	names   map[conversation.MessageID]string // Meta's ids of what the ledger may know
	typing  map[*person]time.Time             // until when an answer is shown as being written
	weight  int
	failed  int // lines outwards that failed, ever
	met     int // people, ever
	base    int // the count of changes to begin with
	changes int
	stirred int           // the count of changes when everybody was last stirred
	changed chan struct{} // closed and renewed at each change
}

// newTranscript begins at a count of changes. Where that grows from one street to
// the next, a count of an earlier one is known as such.
func newTranscript(base int) *transcript {
	return &transcript{
		people: map[string]*person{}, places: map[string]place{}, typing: map[*person]time.Time{}, names: map[conversation.MessageID]string{},
		base: base, changes: base, stirred: base, changed: make(chan struct{}),
	}
}

// wrote adds what a lead wrote.
func (t *transcript) wrote(from, name string, l line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.person(from)
	if name != "" {
		p.name = name
	}
	l.Direction, l.Author, l.Status = inwards, byLead, statusSent
	t.add(p, l)
}

// received adds what the business sent.
func (t *transcript) received(m whatsapptest.SentMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := line{
		ID: m.ID, Direction: outwards, Author: byOtto, Type: m.Type, Text: m.Text, Status: statusSent, At: m.At, ReplyTo: m.ReplyTo,
		Header: m.Header, Footer: m.Footer, Menu: m.ListButton,
	}
	for _, b := range m.Buttons {
		l.Options = append(l.Options, option{ID: b.ID, Title: b.Title})
	}
	for _, r := range m.Rows {
		l.Options = append(l.Options, option{ID: r.ID, Title: r.Title, Description: r.Description})
	}
	t.add(t.person(m.Person()), l)
}

// answered adds what a person of the team wrote to somebody; false for a stranger.
func (t *transcript) answered(to string, l line) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.people[to]
	if p == nil {
		return false
	}
	l.Direction, l.Author, l.Status = outwards, byPerson, statusSent
	t.add(p, l)
	return true
}

// progress moves a message forward.
func (t *transcript) progress(id, status string) { t.settle(id, status, nil) }

// fail says that a message was not delivered, and why if Meta said.
func (t *transcript) fail(id string, why *failure) { t.settle(id, statusFailed, why) }

func (t *transcript) settle(id, status string, why *failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.places[id]
	if !known || ranks[status] <= ranks[at.line().Status] {
		return
	}
	l := at.line()
	l.Status, l.Error = status, why
	if status == statusFailed && l.Direction == outwards {
		at.person.failed++
		t.failed++
	}
	t.touchLine(at)
}

// read marks what a lead wrote as read, up to a message. What came before it and
// is still on its way keeps saying so.
func (t *transcript) read(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.places[id]
	if !known || last.line().Direction != inwards {
		return
	}
	p := last.person
	pending := false // whether a line so far was not delivered yet
	for at := (place{p, max(p.unread, p.first)}); at.n <= last.n; at.n++ {
		switch l := at.line(); {
		case l.Direction == outwards:
		case l.Status == statusDelivered:
			l.Status = statusRead
			t.touchLine(at)
		case l.Status == statusSent:
			pending = true
		}
		if !pending {
			p.unread = at.n + 1
		}
	}
	// It is read even where its delivery is noted only later, or comes after that
	// of messages which overtook it.
	if l := last.line(); ranks[l.Status] < ranks[statusRead] {
		l.Status = statusRead
		t.touchLine(last)
	}
}

// types shows whoever wrote a message an answer that is being written, until a
// time or until it comes.
func (t *transcript) types(id string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at, known := t.places[id]; known {
		t.typing[at.person] = until
		t.touch(at.person)
	}
}

// hush ends the typing that is over, and says when the next is and what is closed
// when that may have changed. next is zero when nobody is shown any.
func (t *transcript) hush(now time.Time) (next time.Time, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, until := range t.typing {
		switch {
		case !until.After(now):
			delete(t.typing, p)
			t.touch(p)
		case next.IsZero() || until.Before(next):
			next = until
		}
	}
	return next, t.changed
}

// stir says that something else about everybody may have changed.
func (t *transcript) stir() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touch(nil)
	t.stirred = t.changes
}

// stirOne says that something else about a person may have changed.
func (t *transcript) stirOne(from string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.people[from]; p != nil {
		t.touch(p)
	}
}

// nudge says that something changed which is nobody's.
func (t *transcript) nudge() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touch(nil)
}

// of is one person's transcript; known is false for a stranger.
func (t *transcript) of(from string) (name string, lines []line, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.people[from]
	if p == nil {
		return "", nil, false
	}
	return p.name, slices.Clone(p.lines), true
}

// news is what changed in one person's transcript.
type news struct {
	From string `json:"from"`
	Name string `json:"name"`
	// Messages are the lines that changed, in their order; all of them when Whole.
	Messages []line `json:"messages"`
	Whole    bool   `json:"whole"`
	// Revision is what to ask with for what changes next.
	Revision int `json:"revision"`
	// First is the place of the oldest line that is remembered, counted from 0
	// for the first ever, and Total how many lines are remembered.
	First  int  `json:"first"`
	Total  int  `json:"total"`
	Typing bool `json:"typing"`
}

// news is what changed in a person's transcript after a revision. Everything is
// after 0, and after a revision that is none of this transcript.
func (t *transcript) news(from string, after int) (n news, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.people[from]
	if p == nil {
		return news{}, false
	}
	n = news{From: p.from, Name: p.name, Revision: p.changed, First: p.first, Total: len(p.lines), Messages: []line{}}
	_, n.Typing = t.typing[p]
	if after <= t.base || after > t.changes {
		n.Whole, n.Messages = true, slices.Clone(p.lines)
		return n, true
	}
	for i, revision := range p.revisions {
		if revision > after {
			n.Messages = append(n.Messages, p.lines[i])
		}
	}
	return n, true
}

// wamids are Meta's ids of messages by the ledger's names, each in its place; one
// that is not remembered is empty.
func (t *transcript) wamids(names []conversation.MessageID) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = t.names[name]
	}
	return ids
}

// line is one message of a person.
func (t *transcript) line(from, id string) (line, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at, known := t.places[id]; known && at.person.from == from {
		return *at.line(), true
	}
	return line{}, false
}

// summary is one person in the list of conversations.
type summary struct {
	From string `json:"from"`
	Name string `json:"name"`
	Last line   `json:"last"`
	// Replies are the lines outwards, ever, and Failed those of them that were not
	// delivered.
	Replies int  `json:"replies"`
	Failed  int  `json:"failed"`
	Typing  bool `json:"typing"`

	revision int // of whatever may have changed about the person
}

// list is everybody, who was heard of last first.
func (t *transcript) list() []summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]summary, 0, len(t.order))
	for _, p := range t.order {
		_, typing := t.typing[p]
		list = append(list, summary{
			From: p.from, Name: p.name, Last: p.lines[len(p.lines)-1], Replies: p.replies, Failed: p.failed, Typing: typing,
			revision: max(p.changed, t.stirred),
		})
	}
	slices.SortStableFunc(list, func(a, b summary) int { return b.Last.At.Compare(a.Last.At) })
	return list
}

// totals are how many people there ever were, and how many messages to them
// failed.
func (t *transcript) totals() (people, failed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.met, t.failed
}

// since is who changed after a count of changes, the count now, and a channel
// that is closed at the next change.
func (t *transcript) since(seen int) (people []string, now int, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.order {
		if p.changed > seen {
			people = append(people, p.from)
		}
	}
	return people, t.changes, t.changed
}

// The methods below are called under the lock.

func (t *transcript) person(from string) *person {
	if p := t.people[from]; p != nil {
		return p
	}
	if len(t.order) == maxPeople {
		gone := t.order[0]
		for _, l := range gone.lines {
			t.unplace(l)
		}
		t.weight -= gone.weight
		delete(t.typing, gone)
		delete(t.people, gone.from)
		t.order = slices.Delete(t.order, 0, 1)
	}
	p := &person{from: from}
	t.people[from] = p
	t.order = append(t.order, p)
	t.met++
	return p
}

// add adds a line and forgets old ones where there is too much: of whoever has
// most, for that is never somebody's only line.
func (t *transcript) add(p *person, l line) {
	if len(p.lines) == maxMessages {
		t.drop(p)
	}
	at := place{p, p.first + len(p.lines)}
	p.lines = append(p.lines, l)
	p.revisions = append(p.revisions, 0)
	t.places[l.ID] = at
	if t.named(l) {
		t.names[t.name(l.ID)] = l.ID
	}
	p.weight += l.weight()
	t.weight += l.weight()
	if l.Direction == outwards {
		p.replies++
		delete(t.typing, p)
	}
	t.touchLine(at)
	for t.weight > maxWritten {
		t.drop(slices.MaxFunc(t.order, func(a, b *person) int { return a.weight - b.weight }))
	}
	if t.tally != nil {
		t.tally(l.At, l.Direction)
	}
}

// drop forgets a person's oldest line. What is left moves only when the memory
// behind it is used up, so that it costs little at each message.
func (t *transcript) drop(p *person) {
	oldest := &p.lines[0]
	t.unplace(*oldest)
	p.weight -= oldest.weight()
	t.weight -= oldest.weight()
	*oldest = line{} // The words are to be forgotten now, not when the rest moves.
	p.lines, p.revisions = p.lines[1:], p.revisions[1:]
	p.first++
}

// named reports whether the ledger may know a message by a name of its own: it
// names what it is told of, which is what leads and the team write.
func (t *transcript) named(l line) bool { return t.name != nil && l.Author != byOtto }

// unplace forgets where a line stands.
func (t *transcript) unplace(l line) {
	delete(t.places, l.ID)
	if t.named(l) {
		delete(t.names, t.name(l.ID))
	}
}

func (t *transcript) touchLine(at place) {
	t.touch(at.person)
	at.person.revisions[at.n-at.person.first] = t.changes
}

func (t *transcript) touch(p *person) {
	t.changes++
	if p != nil {
		p.changed = t.changes
	}
	close(t.changed)
	t.changed = make(chan struct{})
}
