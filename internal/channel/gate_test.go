package channel_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// edge answers every message with what stands in it.
type edge struct {
	posts int
	err   error
}

func (e *edge) Send(context.Context, whatsapp.Send) (whatsapp.Sent, error) {
	e.posts++
	return whatsapp.Sent{ID: "wamid.X"}, e.err
}

// clock is a channel whose time a test moves on.
type clock struct {
	*channel.Channel
	edge   *edge
	now    time.Time
	alarms []channel.Alarm
}

func newClock(rate int, chance float64) *clock {
	c := &clock{edge: &edge{}, now: now}
	c.Channel = channel.New(channel.Options{
		Graph: c.edge, Menu: "Ver opções", Now: func() time.Time { return c.now }, Rate: rate,
		Chance: func() float64 { return chance },
		Alarm:  func(_ context.Context, a channel.Alarm) { c.alarms = append(c.alarms, a) },
	})
	return c
}

func (c *clock) send(t *testing.T, from string) (conversation.Result, error) {
	t.Helper()
	m := text(words)
	m.Number = from
	return c.Send(t.Context(), m)
}

// burst sends until the number has sent enough.
func (c *clock) burst(t *testing.T) (sent int, next time.Time) {
	t.Helper()
	for ; ; sent++ {
		r, err := c.send(t, number)
		if r.Kind == conversation.Accepted {
			continue
		}
		after, _ := fault.RetryAfter(err)
		if r.Kind != conversation.Postponed || r.Code != 0 || !fault.Is(err, fault.Throttled) || after != r.NotBefore.Sub(c.now) {
			t.Fatalf("%s, code %d, %v after %v", r.Kind, r.Code, err, after)
		}
		return sent, r.NotBefore
	}
}

func TestANumberSendsNoFasterThanItMay(t *testing.T) {
	c := newClock(0, 0)
	sent, next := c.burst(t)
	if sent != whatsapp.NumberRate || next.Sub(c.now) != time.Second/whatsapp.NumberRate {
		t.Errorf("%d at once, the next after %v", sent, next.Sub(c.now))
	}
	// Those who wait are told different times, and all of them hold.
	var due []time.Time
	for range 40 {
		r, _ := c.send(t, number)
		due = append(due, r.NotBefore)
	}
	for i, at := range due {
		if i > 0 && !at.After(due[i-1]) {
			t.Fatalf("two are told to come back at once")
		}
		c.now = at
		if r, err := c.send(t, number); r.Kind != conversation.Accepted {
			t.Fatalf("one that waited as told is put off: %v", err)
		}
	}
	// Another number is another matter.
	if r, err := c.send(t, "7"); r.Kind != conversation.Accepted {
		t.Errorf("another number waits: %v", err)
	}
	took := c.now.Sub(now)
	if all := float64(c.edge.posts); all > whatsapp.NumberRate*(1+took.Seconds())+1 {
		t.Errorf("%v messages in %v", all, took)
	}
}

func TestANumberSlowsDownAndRecovers(t *testing.T) {
	for _, chance := range []float64{0, 0.5, 0.999} {
		c := newClock(80, chance)
		c.edge.err = &whatsapp.Error{HTTPStatus: 400, Code: 130429}
		if r, _ := c.send(t, number); r.Kind != conversation.Postponed || r.Code != 130429 {
			t.Fatalf("%s, code %d", r.Kind, r.Code)
		}
		c.edge.err = nil
		c.now = c.now.Add(10 * time.Second)
		if sent, _ := c.burst(t); sent != 40 {
			t.Errorf("%d a second after Meta complained, want half", sent)
		}
		c.now = c.now.Add(30 * time.Second)
		if sent, _ := c.burst(t); sent != 80 {
			t.Errorf("%d a second after half a minute, want all again", sent)
		}
		// However often Meta complains, something is still sent.
		c.edge.err = &whatsapp.Error{HTTPStatus: 400, Code: 130429}
		for range 30 {
			c.now = c.now.Add(2 * time.Second)
			_, _ = c.send(t, number)
		}
		c.edge.err, c.now = nil, c.now.Add(2*time.Second)
		if sent, _ := c.burst(t); sent != 1 {
			t.Errorf("%d a second at the slowest", sent)
		}
	}
}

func TestABarredNumberIsNotTried(t *testing.T) {
	for _, code := range []int{0, 10, 190, 200, 33, 368, 131031, 131042, 133010} {
		c := newClock(80, 0)
		status := 400
		if code == 0 {
			status = 401
		}
		c.edge.err = &whatsapp.Error{HTTPStatus: status, Code: code}
		want := conversation.Result{Kind: conversation.Postponed, Code: code, NotBefore: now.Add(time.Minute), At: now}
		for n := range 20 {
			r, err := c.send(t, number)
			if diff := cmp.Diff(want, r); diff != "" || !fault.Is(err, fault.Dependency) {
				t.Fatalf("code %d, message %d: %v\n%s", code, n, err, diff)
			}
		}
		if c.edge.posts != 1 {
			t.Errorf("code %d: %d posts, want one", code, c.edge.posts)
		}
		// A minute later one finds out, and the others wait for it.
		c.now = now.Add(time.Minute)
		if r, _ := c.send(t, number); c.edge.posts != 2 || r.Kind != conversation.Postponed {
			t.Errorf("code %d: %d posts after a minute", code, c.edge.posts)
		}
		if _, _ = c.send(t, number); c.edge.posts != 2 {
			t.Errorf("code %d: tried again at once", code)
		}
		if len(c.alarms) != 1 || c.alarms[0].Number != number || c.alarms[0].Setback.Code != code || c.alarms[0].Setback.Meaning == "" {
			t.Errorf("code %d: alarms %v", code, c.alarms)
		}
		if r, err := c.send(t, "7"); r.Kind == conversation.Accepted || c.edge.posts != 3 {
			t.Errorf("code %d: another number was not tried: %v", code, err)
		}
		// What gets through ends the episode; the next one is told of again.
		c.edge.err, c.now = nil, c.now.Add(time.Minute)
		if r, err := c.send(t, number); r.Kind != conversation.Accepted {
			t.Fatalf("code %d: the probe: %v", code, err)
		}
		if r, err := c.send(t, number); r.Kind != conversation.Accepted {
			t.Errorf("code %d: after the probe: %v", code, err)
		}
		c.edge.err = &whatsapp.Error{HTTPStatus: 400, Code: 190}
		_, _ = c.send(t, number)
		if len(c.alarms) != 3 {
			t.Errorf("code %d: %d alarms, want another for the new episode and one for the other number", code, len(c.alarms))
		}
	}
}

// While one message finds out whether a number is barred, the others wait; and a
// probe whose fate is unknown proves nothing.
func TestOnlyOneMessageProbes(t *testing.T) {
	c := newClock(80, 0)
	c.edge.err = &whatsapp.Error{HTTPStatus: 401, Code: 190}
	_, _ = c.send(t, number)
	c.now = c.now.Add(time.Minute)
	inside := probing{t: t, clock: c}
	c.Channel = channel.New(channel.Options{Graph: &inside, Menu: "Ver opções", Now: func() time.Time { return c.now }})
	if _, err := c.send(t, number); err == nil {
		t.Fatal("the first is not refused")
	}
	c.now = c.now.Add(time.Minute)
	if _, err := c.send(t, number); err == nil || inside.posts != 2 {
		t.Fatalf("the probe: %v after %d posts", err, inside.posts)
	}
	if r := inside.other; r.Kind != conversation.Postponed || r.Code != 190 || r.NotBefore.Sub(c.now) != 5*time.Second {
		t.Errorf("beside the probe: %+v", r)
	}
	if r, _ := c.send(t, number); r.Kind != "" || inside.posts != 3 {
		t.Errorf("after a probe whose fate is unknown: %s, %d posts", r.Kind, inside.posts)
	}
}

// probing refuses the first message for the token, and sends another one while
// the second is on its way.
type probing struct {
	t     *testing.T
	clock *clock
	posts int
	other conversation.Result
}

func (p *probing) Send(context.Context, whatsapp.Send) (whatsapp.Sent, error) {
	p.posts++
	switch p.posts {
	case 1:
		return whatsapp.Sent{}, &whatsapp.Error{HTTPStatus: 401, Code: 190}
	case 2:
		p.other, _ = p.clock.send(p.t, number)
	}
	return whatsapp.Sent{}, &whatsapp.TransportError{Cause: "timeout", Written: true}
}

func TestATemplateIsSent(t *testing.T) {
	s := newStreet(t, nil)
	m := text("")
	m.Reply = conversation.Reply{Kind: conversation.ReplyTemplate, Template: &conversation.Template{Name: "retomar", Language: "pt_BR"}}
	if got, err := s.channel.Send(t.Context(), m); err != nil || got.Kind != conversation.Accepted {
		t.Fatalf("%s, %v", got.Kind, err)
	}
	if sent := s.graph.Sent()[0]; sent.Type != "template" || sent.Template != "retomar" {
		t.Errorf("a %s named %q", sent.Type, sent.Template)
	}
}

// What Graph answers and what a status says are judged by one table.
func TestSetbacks(t *testing.T) {
	for _, c := range whatsapp.Codes() {
		if c.First == 0 {
			continue
		}
		s := channel.Platform{}.Setback(c.First)
		want := conversation.Setback{
			Code: c.First, Class: string(c.Class), Meaning: c.Meaning, Remedy: conversation.Remedy(c.Remedy),
			Pair: c.First == 131056, StopsMarketing: c.StopsMarketing, OptedOut: c.First == 131050, Known: true,
		}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("%d (-want +got):\n%s", c.First, diff)
		}
	}
	for _, code := range []int{139999, -1} {
		if s := (channel.Platform{}).Setback(code); s.Known || s.Remedy != conversation.Permanent {
			t.Errorf("%d: %+v", code, s)
		}
	}
	if s := (channel.Platform{}).Setback(0); s != (conversation.Setback{Remedy: conversation.Permanent}) {
		t.Errorf("no code: %+v", s)
	}
}

func TestThePlatformsPace(t *testing.T) {
	p := channel.Platform{}
	meta := whatsapptest.Meta()
	full, at := time.Time{}, now
	for n := range 200 {
		var due time.Time
		if due, full = p.Pace(full, at, 1+n%3); due.Before(at) {
			t.Fatal("due in the past")
		}
		at = due
		for range 1 + n%3 {
			if !meta.Take(at) {
				t.Fatalf("message %d: more than Meta allows", n)
			}
		}
	}
	if spent := p.Spent(time.Time{}, now); spent.Sub(now) != 270*time.Second {
		t.Errorf("spent until %v later", spent.Sub(now))
	}
}
