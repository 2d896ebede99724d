package turn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

// who is a person under some of their names.
func who(phone, user string) conversation.Identity {
	return conversation.Identity{Phone: pii.Contact(phone), UserID: pii.Contact(user)}
}

const (
	oldPhone, newPhone = "5511988880001", "5511977770009"
	oldUser, newUser   = "BR.7001", "BR.8001"
)

// from is a text of somebody.
func (s *street) from(person conversation.Identity, wamid, words string) envelope.Envelope {
	return s.inbound(conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: person, Kind: conversation.KindText, Type: "text",
		Text: pii.Text(words), SentAt: time.Now(), ReceivedAt: time.Now(),
	})
}

// changed is the notice that somebody's names changed.
func (s *street) changed(wamid string, was, is conversation.Identity) envelope.Envelope {
	return s.inbound(conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: is, Was: &was, Kind: conversation.KindSystem, Type: "system",
		Note: "user_changed_number", SentAt: time.Now(), ReceivedAt: time.Now(),
	})
}

// of is the conversation in charge of one name; nil when there is none.
func (s *street) of(person conversation.Identity) *conversation.StoredConversation {
	s.t.Helper()
	stored, err := s.ledger.Conversation(context.Background(), person.Conversations(s.key, number)[:1])
	if err != nil {
		s.t.Fatal(err)
	}
	return stored
}

// knows are the words that a conversation remembers the lead by.
func knows(c *conversation.StoredConversation) string {
	if c == nil {
		return ""
	}
	var words []string
	for _, line := range c.Session.History {
		if line.Who == conversation.Lead {
			words = append(words, line.Text.Reveal())
		}
	}
	return strings.Join(words, "|")
}

// talk has messages arrive one by one.
func (s *street) talk(letters ...func(*street) envelope.Envelope) {
	s.t.Helper()
	w := s.turns()
	for _, letter := range letters {
		s.arrive(letter(s))
		for _, r := range s.drain(w) {
			if r.Fate != turn.Answered && r.Fate != turn.Applied && r.Fate != turn.Known {
				s.t.Errorf("a task ended as %s, for %q", r.Fate, r.Reason)
			}
		}
		<-time.After(time.Minute)
	}
}

func writes(person conversation.Identity, wamid, words string) func(*street) envelope.Envelope {
	return func(s *street) envelope.Envelope { return s.from(person, wamid, words) }
}

func becomes(was, is conversation.Identity, wamid string) func(*street) envelope.Envelope {
	return func(s *street) envelope.Envelope { return s.changed(wamid, was, is) }
}

func TestAConversationFollowsItsPerson(t *testing.T) {
	const one, two, three = "Quero um sistema de estoque", "Ele é para uma padaria", "E um aplicativo também"
	tests := []struct {
		name  string
		talk  []func(*street) envelope.Envelope
		names []conversation.Identity // that lead to the conversation
		free  []conversation.Identity // that lead to nothing that was said
		knows string
		to    conversation.Identity // who is written to
	}{
		{
			name: "the ninth digit comes and goes",
			talk: []func(*street) envelope.Envelope{
				writes(who("551188880001", ""), "w1", one), writes(who("5511988880001", ""), "w2", two), writes(who("551188880001", ""), "w3", three),
			},
			names: []conversation.Identity{who("551188880001", ""), who("5511988880001", "")},
			knows: one + "|" + two + "|" + three, to: who("551188880001", ""),
		},
		{
			name: "a phone, then a user id with it, then the user id alone",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, ""), "w1", one), writes(who(oldPhone, oldUser), "w2", two), writes(who("", oldUser), "w3", three),
			},
			names: []conversation.Identity{who(oldPhone, ""), who("", oldUser)},
			knows: one + "|" + two + "|" + three, to: who(oldPhone, oldUser),
		},
		{
			name: "a phone and a user id that only later prove to be one person",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, ""), "w1", one), writes(who("", oldUser), "w2", two), writes(who(oldPhone, oldUser), "w3", three),
			},
			names: []conversation.Identity{who(oldPhone, ""), who("", oldUser)},
			knows: one + "|" + two + "|" + three, to: who(oldPhone, oldUser),
		},
		{
			name: "a changed number, known by user id",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, oldUser), "w1", one), becomes(who(oldPhone, oldUser), who(newPhone, newUser), "w2"), writes(who(newPhone, newUser), "w3", two),
			},
			names: []conversation.Identity{who("", oldUser), who("", newUser), who(newPhone, "")},
			free:  []conversation.Identity{who(oldPhone, "")},
			knows: one + "|" + two, to: who(newPhone, newUser),
		},
		{
			name: "a changed number, known by phone alone",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, ""), "w1", one), becomes(who(oldPhone, ""), who(newPhone, ""), "w2"), writes(who(newPhone, ""), "w3", two),
			},
			names: []conversation.Identity{who(newPhone, "")},
			free:  []conversation.Identity{who(oldPhone, "")},
			knows: one + "|" + two, to: who(newPhone, ""),
		},
		{
			name: "a changed number, known by phone first and by user id later",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, ""), "w1", one), writes(who(oldPhone, oldUser), "w2", two),
				becomes(who(oldPhone, ""), who(newPhone, newUser), "w3"), writes(who("", newUser), "w4", three),
			},
			names: []conversation.Identity{who("", oldUser), who("", newUser), who(newPhone, "")},
			free:  []conversation.Identity{who(oldPhone, "")},
			knows: one + "|" + two + "|" + three, to: who(newPhone, newUser),
		},
		{
			name: "a message under the new names comes before the notice",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, oldUser), "w1", one), writes(who(newPhone, newUser), "w2", two), becomes(who(oldPhone, oldUser), who(newPhone, newUser), "w3"),
			},
			names: []conversation.Identity{who("", oldUser), who("", newUser), who(newPhone, "")},
			free:  []conversation.Identity{who(oldPhone, "")},
			knows: one + "|" + two, to: who(newPhone, newUser),
		},
		{
			name: "a changed user id",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, oldUser), "w1", one), becomes(who("", oldUser), who(oldPhone, newUser), "w2"), writes(who("", newUser), "w3", two),
			},
			names: []conversation.Identity{who(oldPhone, ""), who("", oldUser), who("", newUser)},
			knows: one + "|" + two, to: who(oldPhone, newUser),
		},
		{
			name: "a changed user id whose notice comes last",
			talk: []func(*street) envelope.Envelope{
				writes(who(oldPhone, oldUser), "w1", one), writes(who(oldPhone, newUser), "w2", two), becomes(who("", oldUser), who(oldPhone, newUser), "w3"),
			},
			names: []conversation.Identity{who(oldPhone, ""), who("", oldUser), who("", newUser)},
			knows: one + "|" + two, to: who(oldPhone, newUser),
		},
		{
			name: "the number of somebody who is known by another user id",
			talk: []func(*street) envelope.Envelope{
				writes(who(newPhone, "BR.666"), "w0", "isto é de outra pessoa"),
				writes(who(oldPhone, oldUser), "w1", one), becomes(who(oldPhone, oldUser), who(newPhone, newUser), "w2"), writes(who(newPhone, newUser), "w3", two),
			},
			names: []conversation.Identity{who("", oldUser), who("", newUser), who(newPhone, "")},
			free:  []conversation.Identity{who(oldPhone, "")},
			knows: one + "|" + two, to: who(newPhone, newUser),
		},
		{
			name: "the number of somebody who is known by nothing else",
			talk: []func(*street) envelope.Envelope{
				writes(who(newPhone, ""), "w0", "isto é de outra pessoa"),
				writes(who(oldPhone, ""), "w1", one), becomes(who(oldPhone, ""), who(newPhone, ""), "w2"), writes(who(newPhone, ""), "w3", two),
			},
			names: []conversation.Identity{who(newPhone, "")},
			free:  []conversation.Identity{who(oldPhone, "")},
			knows: one + "|" + two, to: who(newPhone, ""),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.model = says("Sim, temos.")
				s.talk(tt.talk...)
				var first conversation.ID
				for _, name := range tt.names {
					c := s.of(name)
					if c == nil {
						t.Fatal("a name leads nowhere")
					}
					if first == "" {
						first = c.ID
					}
					if got := knows(c); got != tt.knows || c.ID != first {
						t.Errorf("a name leads to %q, want %q", got, tt.knows)
					}
					if p := c.Session.Person; p.Phone != tt.to.Phone || p.UserID != tt.to.UserID {
						t.Error("somebody else would be written to")
					}
				}
				for _, name := range tt.free {
					if c := s.of(name); c != nil && (knows(c) != "" || len(c.Card) > 0 || c.Session.Person.Known()) {
						t.Errorf("whoever gets the number next finds %q", knows(c))
					}
				}
			})
		})
	}
}

// A number passes from one person to the next. The next one begins anew, and
// the one before keeps what was said, but is not written to there.
func TestAStrangerInheritsNothing(t *testing.T) {
	for name, before := range map[string][]func(*street) envelope.Envelope{
		"known by phone first":          {writes(who(oldPhone, ""), "w1", "segredo"), writes(who(oldPhone, oldUser), "w2", "outro segredo")},
		"known by user id":              {writes(who(oldPhone, oldUser), "w1", "segredo"), writes(who(oldPhone, oldUser), "w2", "outro segredo")},
		"gone with a notice":            {writes(who(oldPhone, oldUser), "w1", "segredo"), becomes(who(oldPhone, oldUser), who(newPhone, newUser), "w2")},
		"gone, and known by phone only": {writes(who(oldPhone, ""), "w1", "segredo"), becomes(who(oldPhone, ""), who(newPhone, ""), "w2")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.model = says("Sim, temos.")
				s.talk(before...)
				stranger := who(oldPhone, "BR.9009")
				s.talk(writes(stranger, "w8", "Bom dia, quem fala?"), writes(who(oldPhone, ""), "w9", "E o que vocês vendem?"))
				for _, name := range []conversation.Identity{who("", "BR.9009"), who(oldPhone, "")} {
					if got := knows(s.of(name)); got != "Bom dia, quem fala?|E o que vocês vendem?" {
						t.Errorf("the stranger's conversation knows %q", got)
					}
				}
				former := s.of(who("", oldUser))
				if former == nil {
					former = s.of(who(newPhone, ""))
				}
				if former == nil || !strings.Contains(knows(former), "segredo") || strings.Contains(knows(former), "quem fala") {
					t.Fatalf("the former owner's conversation knows %q", knows(former))
				}
				if former.Session.Person.Phone == oldPhone {
					t.Error("what is for the former owner would be sent to the stranger")
				}
			})
		})
	}
}

// What holds for a person holds in whichever of their conversations it was said.
func TestAMergeKeepsWhatHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := waitingStreet(t)
		for i, m := range []struct {
			person conversation.Identity
			words  string
		}{{who(oldPhone, ""), "oi"}, {who(oldPhone, ""), "bom dia"}, {who("", oldUser), "quero falar com uma pessoa"}} {
			s.arrive(s.from(m.person, fmt.Sprint("w", i), m.words))
			s.until(time.Minute)
		}
		absorbed := s.of(who("", oldUser))
		sent := len(s.meta.accepted)
		s.arrive(s.from(who(oldPhone, oldUser), "w4", "quanto custa um sistema?"))
		s.until(time.Minute)
		conv := s.of(who(oldPhone, ""))
		if conv.ID == absorbed.ID || conv.Owner != conversation.OwnerPerson || conv.Session.State != conversation.HandoffHuman ||
			conv.Handoff == nil || conv.Handoff.ID != absorbed.Handoff.ID {
			t.Errorf("owner %s, state %s, waiting %+v", conv.Owner, conv.Session.State, conv.Handoff)
		}
		if len(s.meta.accepted) != sent {
			t.Error("Otto answered where a person was asked for")
		}
		turns, err := s.ledger.Turns(t.Context(), conv.ID, 1)
		if err != nil || len(turns) != 1 || !slices.Equal(turns[0].Absorbed, []conversation.ID{absorbed.ID}) || turns[0].Before == nil {
			t.Errorf("the record of the merge: %+v, %v", turns, err)
		}
		// The timer of the handoff was set in the conversation that moved.
		s.until(24 * time.Hour)
		if n := len(s.of(who(oldPhone, "")).Handoff.Reminders); n != 3 || !strings.Contains(s.team.kinds(), "handoff_unanswered") {
			t.Errorf("the team was reminded %d times: %s", n, s.team.kinds())
		}
		if history := s.history(conv.ID); len(history) > 0 {
			for _, replayed := range s.replay(history) {
				if len(replayed.Differences) > 0 {
					t.Errorf("%s replays otherwise: %v", replayed.Turn, replayed.Differences)
				}
			}
		}
	})
}

// history are the turns of exactly one conversation with their messages, oldest
// first.
func (s *street) history(id conversation.ID) []turn.Recorded {
	s.t.Helper()
	turns, err := s.ledger.Turns(context.Background(), id, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Reverse(turns)
	var recorded []turn.Recorded
	for _, stored := range turns {
		r := turn.Recorded{Turn: stored}
		for _, id := range stored.Messages {
			m, _, ok, err := s.ledger.Message(context.Background(), id)
			if err != nil || !ok {
				s.t.Fatalf("message: %v, %v", ok, err)
			}
			r.Messages = append(r.Messages, m)
		}
		recorded = append(recorded, r)
	}
	return recorded
}

// A conversation whose last answer is still on its way is not taken over: the
// message waits.
func TestAMergeWaitsForAnAnswerOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.receipts = false
		w := s.turns()
		s.arrive(s.from(who(oldPhone, ""), "w1", "oi"))
		s.drain(w)
		s.meta.next = []verdict{{drop: true}}
		s.arrive(s.from(who("", oldUser), "w2", "oi"))
		for range 2 { // The message, and the timer that would look after its turn.
			if task, ok := s.queue.next(); ok && task.at.Before(time.Now().Add(time.Second)) {
				if _, err := s.handle(w, task.envelope); err != nil {
					t.Fatal(err)
				}
				s.queue.done(task)
			}
		}
		report, err := s.handle(w, s.from(who(oldPhone, oldUser), "w3", "quanto custa?"))
		if err != nil || report.Fate != turn.Deferred {
			t.Fatalf("the message is %s, %v", report.Fate, err)
		}
		s.drain(w)
		if one, two := s.of(who(oldPhone, "")), s.of(who("", oldUser)); one.ID != two.ID || !strings.Contains(knows(one), "quanto custa?") {
			t.Errorf("in the end one knows %q and the other %q", knows(one), knows(two))
		}
	})
}

// Every act of a merge may fail or kill the worker: no message is lost, none is
// answered twice, and in the end there is one conversation.
func TestEveryActOfAMergeMayFailOrKillTheWorker(t *testing.T) {
	for _, m := range []mode{failBefore, failAfter, crashBefore, crashAfter} {
		for at := 1; ; at++ {
			var calls int
			t.Run(fmt.Sprintf("%s at %d", m, at), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStreet(t)
					w := s.turns()
					s.arrive(s.from(who(oldPhone, ""), "w1", "oi"))
					s.drain(w)
					s.arrive(s.from(who("", oldUser), "w2", "oi"))
					s.drain(w)
					s.worker = &mortal{at: at, mode: m}
					s.arrive(s.from(who(oldPhone, oldUser), "w3", "quero falar com uma pessoa"))
					first := s.worker
					s.drain(s.turns())
					calls = len(first.calls)
					one, two := s.of(who(oldPhone, "")), s.of(who("", oldUser))
					if one.ID != two.ID || knows(one) != "oi|oi|quero falar com uma pessoa" {
						t.Errorf("one knows %q, the other %q", knows(one), knows(two))
					}
					answers := 0
					for _, out := range s.meta.accepted {
						if out.To.Phone == oldPhone && out.To.UserID == oldUser {
							answers++
						}
					}
					last, err := s.ledger.Turns(t.Context(), one.ID, 1)
					if err != nil || len(last) != 1 {
						t.Fatalf("the last turn: %v, %v", last, err)
					}
					// One that died with the worker, and that nobody can know of, is an
					// operator's.
					if answers != 1 && (answers != 0 || last[0].Phase() != conversation.Parked) {
						t.Errorf("%d answers, the turn is %s", answers, last[0].Phase())
					}
				})
			})
			if at > calls {
				break
			}
		}
	}
}

// beaten is a ledger in which somebody else writes to one of the conversations
// right before the first commit.
type beaten struct {
	turn.Ledger
	before func()
	done   *bool
}

func (l beaten) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	if !*l.done {
		*l.done = true
		l.before()
	}
	return l.Ledger.Commit(ctx, c)
}

func TestAMergeThatLosesARaceLosesNoMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		s.arrive(s.from(who(oldPhone, ""), "w1", "oi"))
		s.drain(w)
		s.arrive(s.from(who(oldPhone, ""), "w2", "bom dia"))
		s.drain(w)
		s.arrive(s.from(who("", oldUser), "w3", "oi"))
		s.drain(w)
		racing := s.turns()
		racing.Ledger = beaten{racing.Ledger, func() {
			if _, err := s.handle(w, s.from(who(oldPhone, ""), "w4", "obrigada")); err != nil {
				t.Error(err)
			}
		}, new(bool)}
		report, err := s.handle(racing, s.from(who(oldPhone, oldUser), "w5", "boa tarde"))
		if err != nil || report.Conflicts == 0 {
			t.Errorf("%d conflicts, %v", report.Conflicts, err)
		}
		s.drain(w)
		if got := knows(s.of(who("", oldUser))); !strings.Contains(got, "obrigada") || !strings.Contains(got, "boa tarde") || strings.Count(got, "|") != 4 {
			t.Errorf("in the end the conversation knows %q", got)
		}
	})
}

func TestACommitOfAMergeIsAppliedWholeOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		s.arrive(s.from(who(oldPhone, ""), "w1", "oi"))
		s.drain(w)
		c := *s.of(who(oldPhone, ""))
		stale := conversation.MovedAway(c.ID, "elsewhere", number, 1)
		next := conversation.New("elsewhere", number, who("", newUser))
		next.Version, next.LastTurn = 1, "elsewhere~1"
		_, err := s.ledger.Commit(t.Context(), conversation.Commit{
			Conversation: next, Turn: conversation.Turn{ID: "elsewhere~1", Conversation: "elsewhere", Version: 1},
			Beside: []conversation.StoredConversation{{Conversation: stale, Updated: c.Updated.Add(-time.Second)}},
		})
		if !fault.Is(err, fault.Conflict) || errors.Is(err, context.Canceled) {
			t.Errorf("a stale merge: %v", err)
		}
		if again := s.of(who(oldPhone, "")); again.ID != c.ID {
			t.Error("a part of it was written")
		}
	})
}

// What Meta says late of an answer to the former owner of a number has no
// consequence for the next one.
func TestALateFailureDoesNotReachTheNextOwner(t *testing.T) {
	mend(t, func(t *testing.T, m *mending) {
		first := m.answered(1)
		m.arrive(m.changed("w2", who(mendPhone, ""), who(newPhone, "")))
		m.drain(m.w)
		m.fails(first.ID, 1, 131050) // stopped marketing
		if c := m.of(who(mendPhone, "")); c != nil && !c.Vacant() {
			t.Errorf("the number that was given up is %s's again", c.ID)
		}
		m.arrive(m.from(who(mendPhone, "BR.9009"), "w3", "bom dia"))
		m.drain(m.w)
		m.fails(first.ID, 1, 131050)
		next := m.of(who("", "BR.9009"))
		if next == nil || !next.Spared.IsZero() || len(next.Mended) > 0 || !next.Session.OptedOut.IsZero() {
			t.Error("the next owner bears what was said of the former one")
		}
	})
}
