package turn_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/turn"
)

var (
	teamIsAway = fault.Mark(errors.New("no answer"), fault.Dependency)
	teamIsGone = fault.Mark(errors.New("410"), fault.Refused)
)

const aPerson = "quero falar com uma pessoa"

// times is the same error so often.
func times(n int, err error) []error { return slices.Repeat([]error{err}, n) }

func TestATeamIsToldOfAHandoff(t *testing.T) {
	tests := []struct {
		name    string
		next    []error
		phase   conversation.EffectPhase
		reason  string
		fate    turn.Fate
		atLeast time.Duration // until it is settled
		atMost  time.Duration
	}{
		{"at once", nil, conversation.EffectDone, "", turn.Answered, 0, 5 * time.Second},
		{"after an outage", times(5, teamIsAway), conversation.EffectDone, "dependency", turn.Answered, time.Minute, 3 * time.Minute},
		{"never: it refuses", []error{teamIsGone}, conversation.EffectParked, "refused", turn.Parked, 0, 5 * time.Second},
		{"never: it stays away", times(2000, teamIsAway), conversation.EffectParked, "no-answer", turn.Parked, 24 * time.Hour, 25 * time.Hour},
		{"when it asks for time", []error{fault.After(errors.New("429"), time.Minute)}, conversation.EffectDone, "throttled", turn.Answered, time.Minute, 2 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.team = &team{next: tt.next}
				began := time.Now()
				s.arrive(s.text(iara, "wamid.1", aPerson))
				reports := s.drain(s.turns())
				took := time.Since(began)
				last := s.turnsOf(iara)[0]
				record := last.Records[0]
				if record.Phase() != tt.phase || record.Reason != tt.reason || !last.Ended() {
					t.Errorf("effect %s for %q, ended %v; want %s, %q", record.Phase(), record.Reason, last.Ended(), tt.phase, tt.reason)
				}
				if took < tt.atLeast || took > tt.atMost {
					t.Errorf("it took %v", took)
				}
				if i := slices.IndexFunc(reports, func(r turn.Report) bool { return r.Fate == tt.fate }); i < 0 {
					t.Errorf("no task was %s: %+v", tt.fate, reports)
				}
				if got := s.meta.sent(iara); len(got) != 1 {
					t.Errorf("the lead got %d answers", len(got))
				}
				if tt.phase != conversation.EffectDone {
					return
				}
				if len(s.team.told) != 1 {
					t.Fatalf("the team was told %d times", len(s.team.told))
				}
				e := s.team.told[0]
				if e.ID != string(last.ID)+".0" || e.Effect.Handoff.Reason != "requested" || !strings.Contains(e.Effect.Handoff.Briefing.Reveal(), aPerson) ||
					e.Turn.To.Phone.Reveal() != iara {
					t.Errorf("it was told %+v", e)
				}
			})
		})
	}
}

// The task of a message is not acknowledged while something that the message
// caused is still to be done, and whoever gets the task finishes it.
func TestATaskStaysUntilTheTeamKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.team = &team{next: times(1, teamIsAway)}
		e := s.text(iara, "wamid.1", aPerson)
		report, err := s.handle(s.turns(), e)
		if err != nil || report.Fate != turn.Deferred || report.Phase != "" {
			t.Fatalf("%+v, %v", report, err)
		}
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Fatalf("the lead waited for the team: %q", got)
		}
		// The next message does not wait for it either.
		s.arrive(s.text(iara, "wamid.2", "tem alguém aí?"))
		s.drain(s.turns())
		if ids := s.team.ids(); len(ids) != 2 || !strings.HasSuffix(ids[0], "~2.0") || !strings.HasSuffix(ids[1], "~1.0") {
			t.Errorf("the team knows %v", ids)
		}
		if turns := s.turnsOf(iara); len(turns) != 2 || !turns[1].Ended() {
			t.Errorf("%d turns, the first ended %v", len(turns), turns[len(turns)-1].Ended())
		}
		if report, err := s.handle(s.turns(), e); err != nil || report.Fate != turn.Known {
			t.Errorf("in the end: %+v, %v", report, err)
		}
	})
}

// Telling the team does not wait for a send whose fate is unknown, and an away
// team does not put off the moment at which that send is resolved.
func TestAnAmbiguousSendAndAnAwayTeamDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.team = &team{next: times(400, teamIsAway)}
		s.meta.next = []verdict{{drop: true}}
		began := time.Now()
		for n := range 10 {
			s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, time.Duration(n+1)*20*time.Second)
		}
		s.arrive(s.text(iara, "wamid.1", aPerson))
		for len(s.meta.sent(iara)) == 0 {
			task, ok := s.queue.next()
			if !ok {
				t.Fatal("nothing is left to do and the lead got no answer")
			}
			if wait := time.Until(task.at); wait > 0 {
				<-time.After(wait)
			}
			if _, err := s.handle(s.turns(), task.envelope); err != nil {
				t.Fatal(err)
			}
			s.queue.done(task)
		}
		if took := time.Since(began); took > 70*time.Second {
			t.Errorf("the lead waited %v", took)
		}
	})
}

func TestEveryActOfATurnWithAnEffectMayFailOrKillTheWorker(t *testing.T) {
	for _, mode := range []mode{failBefore, failAfter, crashBefore, crashAfter} {
		for at := 1; ; at++ {
			var called string
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.team = &team{}
				doomed := &mortal{at: at, mode: mode}
				s.worker = doomed
				s.meta.delay = 50 * time.Second
				for n := range 12 {
					s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, time.Duration(n+1)*12*time.Second)
				}
				s.arrive(s.text(iara, "wamid.1", aPerson))
				s.drain(s.turns())
				called = doomed.called()
				turns := s.turnsOf(iara)
				if len(turns) != 1 || !turns[0].Ended() || len(s.meta.sent(iara)) != 1 || len(s.team.ids()) != 1 {
					t.Errorf("%s at %d of %s: %d turns, %d answers, the team knows %v", mode, at, called, len(turns), len(s.meta.sent(iara)), s.team.ids())
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

// A receiver that is no longer configured leaves what was decided to an
// operator.
func TestAnEffectWithoutAReceiverIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.team = &team{next: times(1, teamIsAway)}
		s.arrive(s.text(iara, "wamid.1", aPerson))
		task, _ := s.queue.next()
		if _, err := s.handle(s.turns(), task.envelope); err != nil {
			t.Fatal(err)
		}
		s.queue.done(task)
		s.team = nil
		s.drain(s.turns())
		if r := s.turnsOf(iara)[0].Records[0]; r.Phase() != conversation.EffectParked || r.Reason != "no-receiver" {
			t.Errorf("%+v", r)
		}
	})
}

// A meeting is noted in the same commit as the answer that says so, and the team
// is told.
func TestATeamIsToldOfAnAppointment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.team, s.agreed = &team{}, time.Now().Add(48*time.Hour)
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(s.turns())
		last := s.turnsOf(iara)[0]
		if len(s.team.told) != 1 || !last.Ended() {
			t.Fatalf("told %d times, ended %v", len(s.team.told), last.Ended())
		}
		e := s.team.told[0]
		a := e.Effect.Appointment
		if e.ID != string(last.ID)+".0" || e.Effect.Kind != conversation.EffectAppointment || a == nil || a.ID != string(last.ID) ||
			!a.Start.Equal(s.agreed) || a.Briefing != "Reunião com Iara" || a.Conversation != last.Conversation {
			t.Errorf("told %+v of %+v", e, a)
		}
		if last.Reasons.Asked != "email" || last.Reasons.Intent != 0.7 {
			t.Errorf("it rests on %+v", last.Reasons)
		}
		if c := s.stored(iara); c.Owner != conversation.OwnerOtto || c.Handoff != nil {
			t.Errorf("%s's, %+v", c.Owner, c.Handoff)
		}
		// The record is there: another one of its name is in the way.
		_, err := s.ledger.Commit(context.Background(), conversation.Commit{
			Conversation: conversation.New("another", number, conversation.Identity{}), Appointment: a,
			Turn: conversation.Turn{ID: "another~1", Conversation: "another"},
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("the record is not there: %v", err)
		}
	})
}

func TestWhatMetaFailsToDeliverHasAConsequence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.arrive(s.text(iara, "wamid.1", "oi"))
		w := s.turns()
		s.drain(w)
		for range 2 { // reports come twice
			s.meta.report(s.meta.accepted[0].Opaque, "wamid.OUT1", conversation.StatusFailed, time.Minute)
		}
		reports := s.drain(w)
		if len(reports) != 2 || !slices.Equal(reports[0].Failures, []int{0}) {
			t.Errorf("reports %+v", reports)
		}
		acts, err := s.ledger.Acts(context.Background(), 9)
		if err != nil || len(acts) != 1 || acts[0].Kind != conversation.ActReplyFailed || acts[0].Turn != s.turnsOf(iara)[0].ID {
			t.Errorf("acts %+v, %v", acts, err)
		}
	})
}
