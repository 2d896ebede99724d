package otto

import (
	"strings"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

// The hours, of the business's zone, at which the afternoon and the night begin.
const (
	noon    = 12
	evening = 18
)

// fill puts what a sentence of the pack leaves open into it.
func (o *Otto) fill(s *scene, text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	part := 0
	switch hour := s.now.Hour(); {
	case hour >= evening || hour < 5:
		part = 2
	case hour >= noon:
		part = 1
	}
	back := ""
	if again, ok := o.pack.Hours.NextOpen(s.now); ok {
		back = o.words.back(s.now, again)
	}
	moment := ""
	if at := s.meetingAt(); !at.IsZero() {
		moment = when.SayMoment(at)
	}
	heard := ""
	if strings.Contains(text, FillHeard) {
		heard = o.sayHeard(s, s.repeated)
	}
	return strings.NewReplacer(
		FillHeard, heard, "{saudacao}", o.pack.Sentences.DayParts[part], "{volta}", back, "{quando}", moment, "{horarios}", when.SayList(s.slots),
	).Replace(text)
}

// filled is a reply of the pack with nothing left open.
func (o *Otto) filled(s *scene, r conversation.Reply) conversation.Reply {
	r = o.canned(r)
	r.Text = pii.Text(o.fill(s, r.Text.Reveal()))
	return r
}
