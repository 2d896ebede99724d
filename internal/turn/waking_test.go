package turn_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

const (
	nobodyYet = "Ninguém respondeu ainda."
	nobodyNow = "Ninguém respondeu, e a equipe volta {volta}."
)

// alwaysOpen is a business in which somebody is there at any time, and has half
// an hour to answer.
func alwaysOpen(p *otto.Pack) {
	p.Sentences.Unanswered, p.Sentences.UnansweredClosed, p.AnswerWithin = nobodyYet, nobodyNow, 30*time.Minute
	p.Hours = otto.Hours{}
	for day := range p.Hours.Week {
		p.Hours.Week[day] = []otto.Span{{From: 0, To: 24 * 60}}
	}
}

// closedForDays is one in which somebody is there again on Wednesday; the
// bubble's time begins on a Saturday.
func closedForDays(p *otto.Pack) {
	alwaysOpen(p)
	for _, day := range []time.Weekday{time.Friday, time.Saturday, time.Sunday, time.Monday, time.Tuesday} {
		p.Hours.Week[day] = nil
	}
}

// waitingStreet is a street whose team is told and whose timers fire.
func waitingStreet(t *testing.T) *street {
	s := newStreet(t)
	s.team, s.alarms, s.change = &team{}, true, alwaysOpen
	return s
}

// until dispatches what falls due within d.
func (s *street) until(d time.Duration) {
	s.t.Helper()
	end := time.Now().Add(d)
	for {
		task, ok := s.queue.next()
		if !ok || task.at.After(end) {
			<-time.After(time.Until(end))
			return
		}
		<-time.After(time.Until(task.at))
		if _, err := s.handle(s.turns(), task.envelope); err != nil {
			s.t.Fatal(err)
		}
		s.queue.done(task)
	}
}

func (s *street) stored(phone string) conversation.StoredConversation {
	s.t.Helper()
	stored, err := s.ledger.Conversation(context.Background(), conversation.Identity{Phone: pii.Contact(phone)}.Conversations(s.key, number))
	if err != nil || stored == nil {
		s.t.Fatalf("the conversation of %s: %v, %v", phone, stored, err)
	}
	return *stored
}

// kinds are those of what the team was told, each id once.
func (t *team) kinds() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var kinds, ids []string
	for _, e := range t.told {
		if !slices.Contains(ids, e.ID) {
			ids, kinds = append(ids, e.ID), append(kinds, string(e.Effect.Kind))
		}
	}
	return strings.Join(kinds, " ")
}

// echo is what a person of the team wrote to a lead from the phone.
func (s *street) echo(phone, wamid string) envelope.Envelope {
	return s.inbound(conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: conversation.Identity{Phone: pii.Contact(phone)},
		Kind: conversation.KindEcho, Type: "text", Text: "Oi, aqui é a Bia.", SentAt: time.Now(), ReceivedAt: time.Now(),
	})
}

func TestALeadHearsTheTruthWhenNobodyComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		began := time.Now()
		s.arrive(s.text(iara, "wamid.1", aPerson))
		s.until(30*time.Minute + 5*time.Second)
		sent := s.meta.sent(iara)
		if len(sent) != 2 || sent[1] != nobodyYet {
			t.Fatalf("the lead heard %q", sent)
		}
		if got := s.team.kinds(); got != "handoff handoff_unanswered" {
			t.Errorf("the team was told %s", got)
		}
		waiting := s.stored(iara).Handoff
		if waiting == nil || waiting.Told.Sub(began) > 30*time.Minute+5*time.Second || waiting.Deadline.Sub(waiting.Told) != time.Hour {
			t.Errorf("%+v", waiting)
		}
		s.drain(s.turns())
		if got := s.meta.sent(iara); len(got) != 2 {
			t.Errorf("the lead heard it again: %q", got)
		}
		if got := s.team.kinds(); got != "handoff"+strings.Repeat(" handoff_unanswered", 3) {
			t.Errorf("the team was told %s", got)
		}
		turns := s.turnsOf(iara)
		if len(turns) != 4 {
			t.Fatalf("%d turns", len(turns))
		}
		for _, turn := range turns[:3] {
			if turn.Route != conversation.RouteTimer || turn.Event != conversation.EventHandoffUnanswered || !turn.Ended() ||
				turn.From != conversation.HandoffHuman || turn.Into != conversation.HandoffHuman || len(turn.Messages) != 0 {
				t.Errorf("%s on %s, %s to %s by %s, ended %v", turn.ID, turn.Route, turn.From, turn.Into, turn.Event, turn.Ended())
			}
		}
		reminder := s.team.told[1].Effect.Handoff
		if first := s.team.told[0].Effect.Handoff; reminder.ID != first.ID || first.Deadline.Sub(began) > 31*time.Minute ||
			!strings.Contains(reminder.Briefing.Reveal(), aPerson) {
			t.Errorf("told of %+v, then of %+v", first, reminder)
		}
	})
}

func TestALeadWhoWritesAgainHearsTheTruthAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.arrive(s.text(iara, "wamid.1", aPerson))
		s.until(40 * time.Minute)
		s.arrive(s.text(iara, "wamid.2", "tem alguém aí?"))
		s.drain(s.turns())
		if got := s.meta.sent(iara); len(got) != 3 || got[1] != nobodyYet || got[2] != nobodyYet {
			t.Errorf("the lead heard %q", got)
		}
		if got := s.team.kinds(); got != "handoff handoff_unanswered message handoff_unanswered handoff_unanswered" {
			t.Errorf("the team was told %s", got)
		}
		for _, e := range s.team.told {
			if m := e.Effect.Message; m != nil && (m.Text.Reveal() != "tem alguém aí?" || !slices.Equal(m.Kinds, []conversation.Kind{conversation.KindText})) {
				t.Errorf("forwarded %+v", m)
			}
		}
	})
}

func TestNobodyIsRemindedOfAPersonWhoCame(t *testing.T) {
	for name, come := range map[string]func(s *street){
		"from the phone": func(s *street) { s.arrive(s.echo(iara, "wamid.E")) },
		"at the desk":    func(s *street) { s.release(iara) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := waitingStreet(t)
				s.arrive(s.text(iara, "wamid.1", aPerson))
				s.until(10 * time.Minute)
				come(s)
				s.drain(s.turns())
				if got := s.meta.sent(iara); len(got) != 1 {
					t.Errorf("the lead heard %q", got)
				}
				if got := s.team.kinds(); got != "handoff" {
					t.Errorf("the team was told %s", got)
				}
				if turns := s.turnsOf(iara); len(turns) != 2 {
					t.Errorf("%d turns", len(turns))
				}
			})
		})
	}
}

// release gives a conversation back.
func (s *street) release(phone string) {
	s.t.Helper()
	c, ok := turn.Release(s.stored(phone), turn.HandoffOptions{PackHash: s.knowledge().Hash, SessionTTL: s.session, Token: s.token(), Now: time.Now()})
	if !ok {
		s.t.Fatal("there is nobody to give it back")
	}
	if _, err := s.ledger.Commit(context.Background(), c); err != nil {
		s.t.Fatal(err)
	}
}

// accept has a person take what was handed off.
func (s *street) accept(phone string) {
	s.t.Helper()
	c, ok := turn.Accept(s.stored(phone), turn.HandoffOptions{PackHash: s.knowledge().Hash, SessionTTL: s.session, Token: s.token(), Now: time.Now()})
	if !ok {
		s.t.Fatal("nobody waits for a person")
	}
	if _, err := s.ledger.Commit(context.Background(), c); err != nil {
		s.t.Fatal(err)
	}
}

// Who takes a handoff has come, without having written a word: the lead's next
// message is forwarded, and nobody is told that no one came.
func TestAHandoffThatWasAcceptedWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.arrive(s.text(iara, "wamid.1", aPerson))
		s.until(time.Minute)
		s.accept(iara)
		c := s.stored(iara)
		if c.Owner != conversation.OwnerPerson || c.Session.State != conversation.HandoffHuman || c.Handoff == nil ||
			c.Handoff.Came.IsZero() || !c.Handoff.Deadline.IsZero() || c.Handoff.Taken {
			t.Errorf("%s's, in %s, %+v", c.Owner, c.Session.State, c.Handoff)
		}
		if _, ok := turn.Accept(c, turn.HandoffOptions{Now: time.Now()}); ok {
			t.Error("it is taken twice")
		}
		said, turns := len(s.meta.sent(iara)), len(s.turnsOf(iara))
		s.until(48 * time.Hour)
		if got := s.meta.sent(iara); len(got) != said || len(s.turnsOf(iara)) != turns {
			t.Errorf("the lead heard %q in %d turns", got, len(s.turnsOf(iara)))
		}
		s.release(iara)
		if _, ok := turn.Accept(s.stored(iara), turn.HandoffOptions{Now: time.Now()}); ok {
			t.Error("what is Otto's is taken")
		}
	})
}

func TestAConversationThatWasGivenBackIsOttos(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.arrive(s.text(iara, "wamid.1", aPerson))
		s.until(time.Minute)
		s.release(iara)
		if c := s.stored(iara); c.Owner != conversation.OwnerOtto || c.Handoff != nil || c.Session.State != conversation.Triage {
			t.Errorf("%s's, in %s, %+v", c.Owner, c.Session.State, c.Handoff)
		}
		if _, ok := turn.Release(s.stored(iara), turn.HandoffOptions{Now: time.Now()}); ok {
			t.Error("it is given back twice")
		}
		// What the worker has in its cache is of before.
		s.arrive(s.text(iara, "wamid.2", "oi"))
		s.until(time.Minute)
		if got := s.meta.sent(iara); len(got) != 2 {
			t.Errorf("the lead heard %q", got)
		}
		// A new handoff is waited for anew; the timer of the old one does nothing.
		s.arrive(s.text(iara, "wamid.3", aPerson))
		s.drain(s.turns())
		if got := s.team.kinds(); got != "handoff handoff"+strings.Repeat(" handoff_unanswered", 3) {
			t.Errorf("the team was told %s", got)
		}
	})
}

// Outside Meta's window nothing can be said; the team is told all the same.
func TestOutsideTheWindowOnlyTheTeamIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.change = closedForDays
		s.arrive(s.text(iara, "wamid.1", aPerson))
		s.drain(s.turns())
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("the lead heard %q", got)
		}
		if got := s.team.kinds(); got != "handoff"+strings.Repeat(" handoff_unanswered", 3) {
			t.Errorf("the team was told %s", got)
		}
		if last := s.turnsOf(iara)[0]; last.Mode != conversation.ModeReminded || !last.Ended() {
			t.Errorf("%s, ended %v", last.Mode, last.Ended())
		}
	})
}

func TestATimerThatComesTwiceDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.session = 2 * time.Hour
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.until(time.Minute)
		s.arrive(s.text(iara, "wamid.2", aPerson))
		seen := []envelope.Envelope{}
		for {
			task, ok := s.queue.next()
			if !ok {
				break
			}
			<-time.After(time.Until(task.at))
			if _, err := s.handle(s.turns(), task.envelope); err != nil {
				t.Fatal(err)
			}
			s.queue.done(task)
			if task.envelope.Kind == envelope.Timer {
				seen = append(seen, task.envelope)
			}
		}
		turns, told, sent := len(s.turnsOf(iara)), len(s.team.told), len(s.meta.sent(iara))
		if len(seen) < 4 {
			t.Fatalf("%d timers", len(seen))
		}
		for _, e := range seen {
			if report, err := s.handle(s.turns(), e); err != nil || report.Fate != turn.Applied {
				t.Errorf("%+v, %v", report, err)
			}
		}
		if len(s.turnsOf(iara)) != turns || len(s.team.told) != told || len(s.meta.sent(iara)) != sent || len(s.queue.tasks) != 0 {
			t.Errorf("%d turns, %d notices, %d answers, %d tasks", len(s.turnsOf(iara)), len(s.team.told), len(s.meta.sent(iara)), len(s.queue.tasks))
		}
	})
}

func TestASessionEndsWhenNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.session = 2 * time.Hour
		most := 0
		for n := range 12 { // eleven hours of talk
			s.arrive(s.text(iara, fmt.Sprintf("wamid.%d", n), "oi"))
			s.until(time.Hour)
			most = max(most, len(s.queue.tasks))
			if state := s.stored(iara).Session.State; state != conversation.Triage {
				t.Fatalf("after %d hours: %s", n+1, state)
			}
		}
		if most > 2 {
			t.Errorf("%d timers at once", most)
		}
		s.until(time.Hour + 5*time.Second)
		turns := s.turnsOf(iara)
		last := turns[0]
		if len(turns) != 13 || last.Into != conversation.Timeout || last.Event != conversation.EventInactivity || len(last.Replies) != 0 || !last.Ended() {
			t.Errorf("%d turns, the last to %s by %s with %d replies", len(turns), last.Into, last.Event, len(last.Replies))
		}
		s.until(24 * time.Hour)
		if len(s.queue.tasks) != 0 || len(s.turnsOf(iara)) != 13 {
			t.Errorf("%d tasks are left, %d turns", len(s.queue.tasks), len(s.turnsOf(iara)))
		}
		if got := s.meta.sent(iara); len(got) != 12 {
			t.Errorf("%d answers", len(got))
		}
		s.arrive(s.text(iara, "wamid.back", "oi"))
		s.drain(s.turns())
		if turns := s.turnsOf(iara); len(turns) != 15 || turns[0].Into != conversation.Timeout || turns[1].From != conversation.Timeout {
			t.Errorf("%d turns, the last from %s to %s", len(turns), turns[0].From, turns[0].Into)
		}
	})
}

// Whatever happens to the worker in between, the team gets one notice and the
// lead one answer, from every state.
func TestFromEveryStateAPersonIsReachedWhateverHappens(t *testing.T) {
	for _, state := range conversation.States() {
		if state.Muted() {
			continue
		}
		for _, m := range []mode{crashBefore, crashAfter} {
			for at := 1; ; at++ {
				called := ""
				synctest.Test(t, func(t *testing.T) {
					s := newStreet(t)
					s.team = &team{}
					s.stand(iara, state)
					doomed := &mortal{at: at, mode: m}
					s.worker = doomed
					s.meta.delay = 50 * time.Second
					for n := range 12 {
						s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, time.Duration(n+1)*12*time.Second)
					}
					s.arrive(s.text(iara, "wamid.1", aPerson))
					s.drain(s.turns())
					called = doomed.called()
					if last := s.turnsOf(iara)[0]; last.Into != conversation.HandoffHuman || !last.Ended() || len(s.team.ids()) != 1 ||
						len(s.meta.sent(iara)) != 1 || s.stored(iara).Owner != conversation.OwnerPerson {
						t.Errorf("%s, %s at %d of %s: in %s, ended %v, the team knows %v, %d answers", state, m, at, called,
							last.Into, last.Ended(), s.team.ids(), len(s.meta.sent(iara)))
					}
				})
				if len(strings.Fields(called)) < at {
					break
				}
			}
		}
	}
}

// stand puts a conversation into a state, as turns before have left it.
func (s *street) stand(phone string, state conversation.State) {
	s.t.Helper()
	person := conversation.Identity{Phone: pii.Contact(phone)}
	c := conversation.New(person.Conversations(s.key, number)[0], number, person)
	c.Session.State, c.Session.Since = state, time.Now().Add(-time.Hour)
	c.Version, c.LastTurn = 1, conversation.NewTurnID(c.ID, 1)
	if _, err := s.ledger.Commit(context.Background(), conversation.Commit{
		Conversation: c, At: time.Now(),
		Turn: conversation.Turn{ID: c.LastTurn, Conversation: c.ID, Version: 1, Number: number, Into: state, DecidedAt: time.Now()},
	}); err != nil {
		s.t.Fatal(err)
	}
}

func TestEveryActOfAReminderMayFailOrKillTheWorker(t *testing.T) {
	for _, m := range []mode{failBefore, failAfter, crashBefore, crashAfter} {
		for at := 1; ; at++ {
			called := ""
			synctest.Test(t, func(t *testing.T) {
				s := waitingStreet(t)
				s.arrive(s.text(iara, "wamid.1", aPerson))
				s.until(29 * time.Minute)
				doomed := &mortal{at: at, mode: m}
				s.worker = doomed
				s.meta.delay = 50 * time.Second
				for n := range 12 {
					s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, 90*time.Second+time.Duration(n+1)*12*time.Second)
				}
				s.drain(s.turns())
				called = doomed.called()
				if got := s.meta.sent(iara); len(got) != 2 || got[1] != nobodyYet {
					t.Errorf("%s at %d of %s: the lead heard %q", m, at, called, got)
				}
				if got := s.team.kinds(); got != "handoff"+strings.Repeat(" handoff_unanswered", 3) {
					t.Errorf("%s at %d of %s: the team was told %s", m, at, called, got)
				}
				for _, turn := range s.turnsOf(iara) {
					if !turn.Ended() {
						t.Errorf("%s at %d of %s: %s did not end", m, at, called, turn.ID)
					}
				}
			})
			if n := len(strings.Fields(called)); n < at {
				if n < 8 {
					t.Fatalf("only %d acts: %s", n, called)
				}
				break
			}
		}
	}
}

// A message that is being answered while the timer fires wins, or loses: there
// is one turn after the other.
func TestATimerThatLosesLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.arrive(s.text(iara, "wamid.1", aPerson))
		s.until(10 * time.Minute)
		w := s.turns()
		var alarm envelope.Envelope
		for _, task := range s.queue.tasks {
			alarm = task.envelope
		}
		w.Ledger = overtaken{w.Ledger, func() { s.release(iara) }, new(bool)}
		report, err := s.handle(w, alarm)
		if err != nil || report.Conflicts != 1 || report.Turn != "" {
			t.Errorf("%+v, %v", report, err)
		}
		if turns := s.turnsOf(iara); len(turns) != 2 || turns[0].Event != conversation.EventReleased {
			t.Errorf("%d turns, the last by %s", len(turns), turns[0].Event)
		}
	})
}

// overtaken is a ledger in which somebody else writes first, once.
type overtaken struct {
	turn.Ledger
	first func()
	done  *bool
}

func (o overtaken) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	if !*o.done {
		*o.done = true
		o.first()
	}
	return o.Ledger.Commit(ctx, c)
}

func TestTurnsThatNobodyWroteForAreReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		s.session = 2 * time.Hour
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.until(3 * time.Hour) // inactive
		s.arrive(s.text(iara, "wamid.2", aPerson))
		s.until(40 * time.Minute) // unanswered
		s.arrive(s.text(iara, "wamid.3", "tem alguém aí?"))
		s.until(48 * time.Hour) // told again, then only the team
		s.release(iara)
		s.arrive(s.text(iara, "wamid.4", aPerson))
		s.until(time.Minute)
		s.accept(iara)
		s.arrive(s.echo(iara, "wamid.E"))
		s.until(time.Minute)
		history := s.recorded(iara)
		modes := map[conversation.Mode]int{}
		for i, r := range s.replay(history) {
			modes[history[i].Turn.Mode]++
			if len(r.Differences) > 0 || r.Skipped != "" {
				t.Errorf("%s (%s): %+v, skipped %q", r.Turn, history[i].Turn.Mode, r.Differences, r.Skipped)
			}
		}
		for _, m := range []conversation.Mode{conversation.ModeInactive, conversation.ModeUnanswered, conversation.ModeReminded, conversation.ModeReleased, conversation.ModeAccepted} {
			if modes[m] == 0 {
				t.Errorf("no turn was %s: %v", m, modes)
			}
		}
		history[2].Turn.Effects[0].Handoff.Briefing = "outra coisa"
		if r := s.replay(history[:3])[2]; len(r.Differences) != 1 || r.Differences[0].Step != turn.StepEffects {
			t.Errorf("another briefing: %+v", r.Differences)
		}
	})
}
