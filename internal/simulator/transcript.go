package simulator

import (
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// Bounds of what is remembered; the oldest is forgotten first.
const (
	maxPeople   = 1000
	maxMessages = 1000 // of one person
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

// Statuses of a message. One of a lead is sent when it was written and
// delivered when the ingress accepted its webhook.
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

// option is one choice of a reply.
type option struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// person is somebody who wrote or was written to.
type person struct {
	from    string
	name    string
	lines   []line
	changed int // the transcript's count of changes when this one changed last
}

// transcript is what WhatsApp would show on everybody's phone. It is safe for
// concurrent use.
type transcript struct {
	mu      sync.Mutex
	people  map[string]*person
	order   []*person // who was heard of first comes first
	owners  map[string]*person
	changes int
	changed chan struct{} // closed and renewed at each change
}

func newTranscript() *transcript {
	return &transcript{people: map[string]*person{}, owners: map[string]*person{}, changed: make(chan struct{})}
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
func (t *transcript) progress(id, status string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.owners[id]
	if p == nil {
		return
	}
	for i := range p.lines {
		if l := &p.lines[i]; l.ID == id && ranks[status] > ranks[l.Status] {
			l.Status = status
			t.touch(p)
		}
	}
}

// stir says that something else about everybody may have changed.
func (t *transcript) stir() {
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

// line is one message of a person.
func (t *transcript) line(from, id string) (line, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.owners[id]; p != nil && p.from == from {
		if i := slices.IndexFunc(p.lines, func(l line) bool { return l.ID == id }); i >= 0 {
			return p.lines[i], true
		}
	}
	return line{}, false
}

// summary is one person in the list of conversations.
type summary struct {
	From string `json:"from"`
	Name string `json:"name"`
	Last line   `json:"last"`
}

// list is everybody, who was heard of last first.
func (t *transcript) list() []summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := []summary{}
	for _, p := range t.order {
		list = append(list, summary{From: p.from, Name: p.name, Last: p.lines[len(p.lines)-1]})
	}
	slices.SortStableFunc(list, func(a, b summary) int { return b.Last.At.Compare(a.Last.At) })
	return list
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
			delete(t.owners, l.ID)
		}
		delete(t.people, gone.from)
		t.order = slices.Delete(t.order, 0, 1)
	}
	p := &person{from: from}
	t.people[from] = p
	t.order = append(t.order, p)
	return p
}

func (t *transcript) add(p *person, l line) {
	if len(p.lines) == maxMessages {
		delete(t.owners, p.lines[0].ID)
		p.lines = slices.Delete(p.lines, 0, 1)
	}
	p.lines = append(p.lines, l)
	t.owners[l.ID] = p
	t.touch(p)
}

func (t *transcript) touch(p *person) {
	t.changes++
	if p != nil {
		p.changed = t.changes
	}
	close(t.changed)
	t.changed = make(chan struct{})
}
