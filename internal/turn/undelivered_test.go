package turn_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

const mendPhone = "5511988887777"

// mending is a street whose messages of one lead are answered and then not
// delivered.
type mending struct {
	*street
	t *testing.T
	w *turn.Turns
}

// mend plays a story in a bubble: the pack has a template, and the team is told.
func mend(t *testing.T, story func(t *testing.T, m *mending)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &mending{street: newStreet(t), t: t}
		m.team, m.alarms = &team{}, true
		m.change = func(p *otto.Pack) { p.Invitation = conversation.Template{Name: "retomar", Language: "pt_BR"} }
		m.meta.receipts = false
		m.restart()
		story(t, m)
	})
}

func (m *mending) restart() {
	m.w = m.turnsWith(func(o *turn.Options) { o.Mind = talkative{m.mind(m.knowledge())} })
}

// answered has the lead say something and get an answer.
func (m *mending) answered(n int) conversation.StoredTurn {
	m.t.Helper()
	m.arrive(m.text(mendPhone, fmt.Sprintf("wamid.IN%d", n), "oi"))
	m.drain(m.w)
	return m.turnsOf(mendPhone)[0]
}

// fails has a status say that an attempt failed.
func (m *mending) fails(id conversation.TurnID, attempt, code int) {
	m.t.Helper()
	m.status(conversation.StatusReport{
		Number: number, Opaque: conversation.Opaque(id, 0, attempt), Status: conversation.StatusFailed, Code: code, At: time.Now(),
	})
}

func (m *mending) status(r conversation.StatusReport) {
	m.t.Helper()
	e := statusEnvelope(m.street, r)
	if _, err := m.queue.Put(m.t.Context(), e, time.Time{}); err != nil {
		m.t.Fatal(err)
	}
	m.drain(m.w)
}

func (m *mending) conversation() conversation.Conversation {
	m.t.Helper()
	stored, err := m.ledger.Conversation(m.t.Context(), conversation.Identity{Phone: mendPhone}.Conversations(m.key, number))
	if err != nil || stored == nil {
		m.t.Fatal(err)
	}
	return stored.Conversation
}

// undelivered are the codes that the team was told of.
func (m *mending) undelivered() []int {
	var codes []int
	for _, e := range m.team.told {
		if e.Effect.Kind == conversation.EffectUndelivered {
			codes = append(codes, e.Effect.Undelivered.Code)
		}
	}
	return codes
}

// templates are how many templates were accepted.
func (m *mending) templates() int {
	n := 0
	for _, out := range m.meta.accepted {
		if out.Reply.Kind == conversation.ReplyTemplate {
			n++
		}
	}
	return n
}

func (m *mending) refuse(code int) {
	m.meta.next = append(m.meta.next, verdict{
		result: conversation.Result{Kind: conversation.Refused, Code: code, At: time.Now()},
		err:    fault.Mark(errRefused, fault.Refused),
	})
}

var errRefused = errors.New("send: refused")

// statusEnvelope is a status as the ingress would enqueue it.
func statusEnvelope(s *street, r conversation.StatusReport) envelope.Envelope {
	s.t.Helper()
	return statusesEnvelope(s, r)
}

// statusesEnvelope is one task of many statuses.
func statusesEnvelope(s *street, reports ...conversation.StatusReport) envelope.Envelope {
	s.t.Helper()
	e := envelope.Envelope{
		V: envelope.Version, Kind: envelope.Status, Tenant: "default", ReceivedAt: time.Now(), CorrelationID: "corr-s",
		ID: s.key.Event("status", s.token()),
	}
	if err := e.Seal(s.ring, conversation.StatusBatch{Statuses: reports}); err != nil {
		s.t.Fatal(err)
	}
	return e
}

// A failure without our callback data has the same consequences: once, whether it
// comes again with the data or without.
func TestAFailureIsKnownByTheMessagesID(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		failure := conversation.StatusReport{
			Number: number, WAMID: "wamid.OUT1", Status: conversation.StatusFailed, Code: 131016, At: time.Now(),
		}
		m.status(failure)
		m.status(failure)
		m.fails(first.ID, 1, 131016)
		turns := m.turnsOf(mendPhone)
		if len(turns) != 1 || len(m.meta.accepted) != 2 || turns[0].Phase() != conversation.Sent || turns[0].Deliveries[0].Attempt != 2 {
			t.Fatalf("%d turns, %d messages, %s", len(turns), len(m.meta.accepted), turns[0].Phase())
		}
		m.status(conversation.StatusReport{Number: number, WAMID: "wamid.OUT2", Status: conversation.StatusDelivered, At: time.Now()})
		second := m.turnsOf(mendPhone)[0].Deliveries[0].Receipts[2]
		if _, delivered := second[conversation.StatusDelivered]; len(second) != 1 || !delivered {
			t.Errorf("receipts of the second attempt: %v", second)
		}
	})
}

// Whatever may pass by itself is tried once more: what failed for certain cannot
// arrive twice.
func TestAFailureThatMayPassIsTriedOnceMore(t *testing.T) {
	for _, code := range []int{131000, 131016, 130429, 131057, 131056} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			mend(t, func(t *testing.T, m *mending) {
				first := m.answered(1)
				began := time.Now()
				m.fails(first.ID, 1, code)
				m.fails(first.ID, 1, code) // Meta says so again.
				turns := m.turnsOf(mendPhone)
				if len(turns) != 1 || len(m.meta.accepted) != 2 || turns[0].Phase() != conversation.Sent || turns[0].Deliveries[0].Attempt != 2 {
					t.Fatalf("%d turns, %d messages, %s", len(turns), len(m.meta.accepted), turns[0].Phase())
				}
				if got, want := m.meta.accepted[1].Opaque, conversation.Opaque(first.ID, 0, 2); got != want {
					t.Errorf("sent as %s", got)
				}
				soon := code == 131000 || code == 131016
				if took := time.Since(began); (took < time.Minute) != soon {
					t.Errorf("tried again within %v", took)
				}
				m.fails(first.ID, 2, code)
				if len(m.meta.accepted) != 2 || len(m.turnsOf(mendPhone)) != 1 {
					t.Errorf("tried a third time: %d messages", len(m.meta.accepted))
				}
			})
		})
	}
}

// A second attempt that could come twice, or after something newer, is not made.
func TestAFailureThatCouldDuplicateIsLeft(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		m.answered(2)
		m.fails(first.ID, 1, 131000)
		if len(m.meta.accepted) != 2 {
			t.Errorf("an old answer was sent after a newer one: %d messages", len(m.meta.accepted))
		}
	})
	mend(t, func(t *testing.T, m *mending) {
		// Nobody knows what became of attempt 1, and attempt 2 follows it.
		m.meta.next = []verdict{{drop: true}}
		alive := statusEnvelope(m.street, conversation.StatusReport{Number: number, Status: conversation.StatusSent, At: time.Now()})
		alive.ReceivedAt = time.Now().Add(30 * time.Second)
		if _, err := m.queue.Put(t.Context(), alive, alive.ReceivedAt); err != nil {
			t.Fatal(err)
		}
		first := m.answered(1)
		if d := first.Deliveries[0]; d.Attempt != 2 || len(m.meta.accepted) != 1 {
			t.Fatalf("attempt %d, %d messages", d.Attempt, len(m.meta.accepted))
		}
		m.fails(first.ID, 2, 131000)
		if len(m.meta.accepted) != 1 {
			t.Errorf("sent again beside an attempt whose fate is unknown")
		}
	})
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		m.fails(first.ID, 1, 131000)
		sent := len(m.meta.accepted)
		m.status(conversation.StatusReport{
			Number: number, Opaque: conversation.Opaque(first.ID, 0, 1), Status: conversation.StatusFailed, Code: 131000, At: time.Now(),
		})
		if len(m.meta.accepted) != sent {
			t.Errorf("an old failure was mended again")
		}
	})
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		<-time.After(25 * time.Hour)
		m.fails(first.ID, 1, 131000)
		if len(m.meta.accepted) != 1 {
			t.Errorf("sent after the window had closed")
		}
	})
}

// A failure that a later status disproves has no consequence.
func TestADeliveryDisprovesAFailure(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		m.status(conversation.StatusReport{
			Number: number, Opaque: conversation.Opaque(first.ID, 0, 1), Status: conversation.StatusDelivered, At: time.Now(),
		})
		m.fails(first.ID, 1, 131000)
		if turns := m.turnsOf(mendPhone); len(m.meta.accepted) != 1 || turns[0].Phase() != conversation.Sent {
			t.Errorf("%d messages, %s", len(m.meta.accepted), turns[0].Phase())
		}
	})
}

// Graph's answer and a status have the same consequence.
func TestAClosedWindowAsksForANewOne(t *testing.T) {
	for name, fail := range map[string]func(m *mending){
		"refused": func(m *mending) { m.refuse(131047); m.answered(1) },
		"failed":  func(m *mending) { m.fails(m.answered(1).ID, 1, 131047) },
	} {
		t.Run(name, func(t *testing.T) {
			mend(t, func(t *testing.T, m *mending) {
				fail(m)
				turns := m.turnsOf(mendPhone)
				if m.templates() != 1 || len(turns) != 2 || turns[0].Mode != conversation.ModeInvite || !turns[0].SendBy.IsZero() || len(m.undelivered()) != 0 {
					t.Fatalf("%d templates, %d turns, team told of %v", m.templates(), len(turns), m.undelivered())
				}
				// Once a window: when the template does not help, the team is told.
				m.fails(turns[0].ID, 1, 131047)
				if m.templates() != 1 || !slices.Equal(m.undelivered(), []int{131047}) {
					t.Errorf("%d templates, team told of %v", m.templates(), m.undelivered())
				}
				// The lead writes: a new window, and another chance.
				<-time.After(time.Hour)
				next := m.answered(2)
				m.fails(next.ID, 1, 131047)
				if m.templates() != 2 {
					t.Errorf("%d templates after a new window", m.templates())
				}
			})
		})
	}
}

func TestNobodyIsInvitedWhoWantsNothing(t *testing.T) {
	for name, story := range map[string]func(m *mending){
		"opted out": func(m *mending) {
			first := m.answered(1)
			m.fails(first.ID, 1, 131050)
			if c := m.conversation(); c.Session.OptedOut.IsZero() {
				m.t.Error("131050 is no opt-out")
			}
			m.fails(m.answered(2).ID, 1, 131047)
		},
		"cannot be reached": func(m *mending) {
			first := m.answered(1)
			m.fails(first.ID, 1, 131026)
			m.fails(first.ID, 1, 131047)
		},
		"no template": func(m *mending) {
			m.change = nil
			m.restart()
			m.fails(m.answered(1).ID, 1, 131047)
		},
	} {
		t.Run(name, func(t *testing.T) {
			mend(t, func(t *testing.T, m *mending) {
				story(m)
				if m.templates() != 0 {
					t.Errorf("%d templates were sent", m.templates())
				}
			})
		})
	}
}

// The answer to what a lead writes is not unasked for.
func TestAnOptOutStopsNoAnswer(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		m.fails(m.answered(1).ID, 1, 131050)
		if got := m.answered(2); got.Phase() != conversation.Sent || len(m.meta.accepted) != 2 {
			t.Errorf("%s, %d messages", got.Phase(), len(m.meta.accepted))
		}
	})
}

func TestWhatStopsMarketingSparesTheLeadUntilTheyWrite(t *testing.T) {
	for _, code := range []int{130472, 131026, 131048, 131049} {
		mend(t, func(t *testing.T, m *mending) {
			m.fails(m.answered(1).ID, 1, code)
			c := m.conversation()
			if c.Disturbable() || !c.Session.OptedOut.IsZero() || c.LastTurn != conversation.NewTurnID(c.ID, 2) {
				t.Errorf("%d: disturbable %v, opted out %v, last %s", code, c.Disturbable(), c.Session.OptedOut, c.LastTurn)
			}
			<-time.After(time.Minute)
			m.answered(2)
			if c := m.conversation(); !c.Disturbable() {
				t.Errorf("%d: still spared after writing", code)
			}
		})
	}
}

// What will never arrive concerns the team only when something depends on it.
func TestTheTeamHearsOfWhatMattersAndIsNotDelivered(t *testing.T) {
	for _, code := range []int{131021, 131026, 132001, 139999} {
		mend(t, func(t *testing.T, m *mending) {
			m.fails(m.answered(1).ID, 1, code)
			if told := m.undelivered(); len(told) != 0 {
				t.Errorf("%d: the team is told of %v although nothing depends on it", code, told)
			}
		})
		mend(t, func(t *testing.T, m *mending) {
			w := m.turns() // Otto as he is
			m.arrive(m.text(mendPhone, "wamid.IN1", "quero falar com uma pessoa"))
			m.alarms = false
			m.drain(w)
			m.alarms = true
			first := m.turnsOf(mendPhone)[0]
			m.fails(first.ID, 1, code)
			m.fails(first.ID, 1, code)
			told := 0
			for _, e := range m.team.told {
				if u := e.Effect.Undelivered; u != nil {
					told++
					if u.Turn != first.ID || u.Code != code || u.Text != first.Replies[0].Text {
						t.Errorf("%d: told of %+v", code, u)
					}
				}
			}
			if told != 1 {
				t.Errorf("%d: the team is told %d times", code, told)
			}
		})
	}
}

// Whoever hears of a failure reports what it means, and a status for a message
// of nobody's has no consequence.
func TestAFailureIsReportedWithItsMeaning(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		e := statusEnvelope(m.street, conversation.StatusReport{
			Number: number, Opaque: conversation.Opaque(first.ID, 0, 1), Status: conversation.StatusFailed, Code: 131042, At: time.Now(),
		})
		report, err := m.w.Statuses(t.Context(), e)
		if err != nil || len(report.Setbacks) != 1 || report.Setbacks[0].Remedy != conversation.ConfigurationAlarm || report.Setbacks[0].Meaning == "" {
			t.Errorf("%v, %+v", err, report.Setbacks)
		}
		for _, opaque := range []string{"", "somebody else's", conversation.Opaque("0123456789abcdef0123456789abcdef~1", 0, 1)} {
			report, err := m.w.Statuses(t.Context(), statusEnvelope(m.street, conversation.StatusReport{
				Number: number, Opaque: opaque, Status: conversation.StatusFailed, Code: 131042, At: time.Now(), WAMID: pii.Contact("wamid.X"),
			}))
			if err != nil || report.Unknown != 1 || len(report.Setbacks) != 0 {
				t.Errorf("%q: %v, %+v", opaque, err, report)
			}
		}
	})
}

// An invitation that has not left when the lead writes does not leave any more.
func TestAnInvitationIsWithdrawnWhenTheLeadWrites(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		m.meta.next = []verdict{{
			result: conversation.Result{Kind: conversation.Postponed, Code: 130429, NotBefore: time.Now().Add(time.Hour), At: time.Now()},
			err:    fault.Mark(errRefused, fault.Refused),
		}}
		e := statusEnvelope(m.street, conversation.StatusReport{
			Number: number, Opaque: conversation.Opaque(first.ID, 0, 1), Status: conversation.StatusFailed, Code: 131047, At: time.Now(),
		})
		if _, err := m.w.Statuses(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		timer, _ := m.queue.next()
		if _, err := m.handle(m.w, timer.envelope); err != nil {
			t.Fatal(err)
		}
		m.queue.done(timer)
		if open := m.turnsOf(mendPhone)[0]; open.Mode != conversation.ModeInvite || open.Phase() != conversation.Decided {
			t.Fatalf("%s, %s", open.Mode, open.Phase())
		}
		last := m.answered(2)
		if last.Phase() != conversation.Sent || m.templates() != 0 {
			t.Errorf("%s, %d templates", last.Phase(), m.templates())
		}
		if withdrawn := m.turnsOf(mendPhone)[1]; withdrawn.Deliveries[0].Results[2].Kind != conversation.Withheld {
			t.Errorf("the invitation is %s", withdrawn.Phase())
		}
	})
}

// Whatever dies on the way, the consequence of a failure comes once.
func TestConsequencesSurviveDeath(t *testing.T) {
	for _, code := range []int{131000, 131047} {
		for _, how := range []mode{failBefore, failAfter, crashBefore, crashAfter} {
			for at := 1; at <= 12; at++ {
				mend(t, func(t *testing.T, m *mending) {
					first := m.answered(1)
					m.worker = &mortal{at: at, mode: how}
					m.restart()
					e := statusEnvelope(m.street, conversation.StatusReport{
						Number: number, Opaque: conversation.Opaque(first.ID, 0, 1), Status: conversation.StatusFailed, Code: code, At: time.Now(),
					})
					if _, err := m.queue.Put(t.Context(), e, time.Time{}); err != nil {
						t.Fatal(err)
					}
					// The channel lives, so that an attempt of unknown fate is resolved.
					alive := statusEnvelope(m.street, conversation.StatusReport{Number: number, Status: conversation.StatusSent, At: time.Now()})
					alive.ReceivedAt = time.Now().Add(3 * time.Minute)
					if _, err := m.queue.Put(t.Context(), alive, alive.ReceivedAt); err != nil {
						t.Fatal(err)
					}
					m.meta.receipts = true
					m.drain(m.w)
					if n := len(m.meta.accepted); n != 2 {
						t.Errorf("%d, %s at %d: %d messages", code, how, at, n)
					}
					for _, stored := range m.turnsOf(mendPhone) {
						if !stored.Phase().Terminal() || stored.Phase() == conversation.Parked {
							t.Errorf("%d, %s at %d: turn %d is %s", code, how, at, stored.Version, stored.Phase())
						}
					}
				})
			}
		}
	}
}

// The turns that failures make are replayed as they were decided, and so are
// those after them.
func TestConsequencesAreReplayed(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		w := m.turns() // Otto as he is
		say := func(n int) conversation.StoredTurn {
			m.arrive(m.text(mendPhone, fmt.Sprintf("wamid.IN%d", n), "bom dia"))
			m.drain(w)
			return m.turnsOf(mendPhone)[0]
		}
		for n, code := range []int{131047, 131026, 131050} {
			<-time.After(26 * time.Hour) // A silence so long that the conversation is kept with the turn.
			m.fails(say(n).ID, 1, code)
		}
		<-time.After(26 * time.Hour)
		say(9)
		history := m.recorded(mendPhone)
		modes := map[conversation.Mode]int{}
		for i, r := range m.replay(history) {
			modes[history[i].Turn.Mode]++
			if r.Skipped != "" || len(r.Differences) > 0 {
				t.Errorf("turn %d, %s: %s %v", i+1, history[i].Turn.Mode, r.Skipped, r.Differences)
			}
		}
		if modes[conversation.ModeInvite] != 1 || modes[conversation.ModeMended] != 1 || modes[conversation.ModeStopped] != 1 {
			t.Errorf("modes %v", modes)
		}
	})
}
