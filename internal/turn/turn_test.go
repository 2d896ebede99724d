package turn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

const iara = "5511900001111"

func TestOneMessageGetsOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.model = says("Olá! Como posso ajudar?")
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "preciso de ajuda com o atendimento da loja"))
		reports := s.drain(w)

		if got := s.meta.sent(iara); len(got) != 1 || got[0] != "Olá! Como posso ajudar?" {
			t.Fatalf("sent %q", got)
		}
		turns := s.turnsOf(iara)
		if len(turns) != 1 {
			t.Fatalf("%d turns", len(turns))
		}
		got := turns[0]
		if got.Route != conversation.RouteModel || got.Phase() != conversation.Sent || got.Deliveries[0].Progress() != conversation.StatusSent {
			t.Errorf("turn: route %s, phase %s, progress %s", got.Route, got.Phase(), got.Deliveries[0].Progress())
		}
		if got.CorrelationID != "corr-1" || got.Model.Name != "scripted" || got.Model.TokensIn != 100 || len(got.Verdicts) == 0 || got.PackHash == "" {
			t.Errorf("audit: %+v", got.Turn)
		}
		if reports[0].Fate != turn.Answered || reports[0].Turn != got.ID || reports[0].Route != conversation.RouteModel {
			t.Errorf("report: %+v", reports[0])
		}
		seen := map[string]bool{}
		for _, phase := range got.Phases {
			if seen[phase.Name] {
				t.Errorf("phase %s appears twice", phase.Name)
			}
			seen[phase.Name] = true
		}
		if want := "hint.enter ledger.load hint.waiting ledger.commit graph.send ledger.answer hint.leave"; s.worker.called() != want {
			t.Errorf("order of acts:\n got %s\nwant %s", s.worker.called(), want)
		}
	})
}

func TestRepeatsAreHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		e := s.text(iara, "wamid.1", "oi")
		s.arrive(e)
		s.drain(w)

		if report, err := s.handle(w, e); err != nil || report.Fate != turn.Known {
			t.Errorf("known by the hint store: %+v, %v", report, err)
		}
		s.hint.Flush()
		if report, err := s.handle(w, e); err != nil || report.Fate != turn.Known {
			t.Errorf("known by the ledger alone: %+v, %v", report, err)
		}
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("sent %d answers", len(got))
		}
	})
}

func TestFortyWorkersAtOnceSendOneAnswer(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t)
			slow := says("Oi!")
			s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
				if flushed {
					s.hint.Flush() // No lease protects: only the commit does.
				}
				<-time.After(time.Second)
				return slow.Complete(ctx, p)
			})
			e := s.text(iara, "wamid.1", "quero saber mais sobre o produto de vocês")
			var all sync.WaitGroup
			for range 40 {
				w := s.turns()
				all.Go(func() {
					if _, err := s.handle(w, e); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			s.drain(s.turns())
			if got := s.meta.sent(iara); len(got) != 1 {
				t.Errorf("flushed %v: sent %d answers", flushed, len(got))
			}
			if turns := s.turnsOf(iara); len(turns) != 1 {
				t.Errorf("flushed %v: %d turns", flushed, len(turns))
			}
		})
	}
}

func TestABurstGetsOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		var prompts []string
		answer := says("Claro!")
		s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
			prompts = append(prompts, p.Messages[len(p.Messages)-1].Content)
			if len(prompts) == 1 { // A message arrives while Otto thinks.
				s.arrive(traced("trace-3", s.text(iara, "wamid.3", "é uma loja de roupas")))
				<-time.After(time.Second)
			}
			return answer.Complete(ctx, p)
		})
		s.arrive(traced("trace-1", s.text(iara, "wamid.1", "quero um assistente no whatsapp")))
		s.arrive(traced("trace-2", s.text(iara, "wamid.2", "pra responder meus clientes")))
		reports := s.drain(s.turns())

		if got := s.meta.sent(iara); len(got) != 1 {
			t.Fatalf("sent %d answers", len(got))
		}
		var others []string // in whose traces the answer is to be found too
		for _, r := range reports {
			others = append(others, r.Traces...)
		}
		slices.Sort(others)
		if !slices.Equal(others, []string{"trace-2", "trace-3"}) {
			t.Errorf("the answer is to the messages of %v too", others)
		}
		if len(prompts) != 2 {
			t.Fatalf("the model was asked %d times", len(prompts))
		}
		for _, words := range []string{"quero um assistente", "pra responder", "loja de roupas"} {
			if !strings.Contains(prompts[1], words) {
				t.Errorf("the last prompt lacks %q", words)
			}
		}
		if turns := s.turnsOf(iara); len(turns) != 1 || len(turns[0].Messages) != 3 {
			t.Errorf("turns: %+v", turns)
		}
	})
}

// traced is an envelope whose webhook had a trace.
func traced(traceparent string, e envelope.Envelope) envelope.Envelope {
	e.Traceparent = traceparent
	return e
}

// Five fragments within three seconds are one question, however quickly it
// could have been answered; a finished sentence waits for nothing.
func TestFragmentsAreOneQuestion(t *testing.T) {
	for _, tt := range []struct {
		name      string
		fragments []string
		every     time.Duration
		answers   int
		atMost    time.Duration // from the last message to the answer
	}{
		{"five within three seconds", []string{"oi", "tudo bem", "queria saber", "dos planos", "de vocês"}, 750 * time.Millisecond, 1, 1300 * time.Millisecond},
		{"all at once", []string{"oi", "tudo bem", "queria saber", "dos planos", "de vocês"}, 0, 1, 1300 * time.Millisecond},
		{"with a finished sentence at the end", []string{"oi", "tudo bem", "queria saber dos planos de vocês."}, 700 * time.Millisecond, 1, 600 * time.Millisecond},
		{"one finished sentence", []string{"queria saber dos planos de vocês."}, 0, 1, 100 * time.Millisecond},
		{"far apart", []string{"oi", "tudo bem"}, 3 * time.Second, 2, 1300 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.quiet = 1200 * time.Millisecond
				s.model = says("Claro, conte mais.")
				s.meta.receipts = false
				w := s.turns()
				var last time.Time
				var writing sync.WaitGroup
				writing.Go(func() {
					for i, words := range tt.fragments {
						if i > 0 && tt.every > 0 {
							<-time.After(tt.every)
						}
						s.arrive(s.text(iara, fmt.Sprintf("wamid.%d", i+1), words))
						last = time.Now()
					}
				})
				synctest.Wait()
				s.drain(w) // what is due, while the lead is still writing
				writing.Wait()
				s.drain(w)
				turns := s.turnsOf(iara)
				answered := turns[0].Deliveries[0].Results[1].At
				if len(s.meta.sent(iara)) != tt.answers || answered.Sub(last) > tt.atMost {
					t.Errorf("%d answers, the last %v after the last message", len(s.meta.sent(iara)), answered.Sub(last))
				}
				if tt.answers == 1 && len(turns[0].Messages) != len(tt.fragments) {
					t.Errorf("it answers %d of %d messages", len(turns[0].Messages), len(tt.fragments))
				}
			})
		})
	}
}

func TestASecondMessageRunsOnTheCachedConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(w)
		s.arrive(s.text(iara, "wamid.2", "oi de novo"))
		s.drain(w)
		if got := s.meta.sent(iara); len(got) != 2 {
			t.Fatalf("sent %q", got)
		}
		turns := s.turnsOf(iara)
		if turns[0].Version != 2 || turns[1].Version != 1 {
			t.Errorf("versions %d, %d", turns[0].Version, turns[1].Version)
		}
	})
}

// A person takes over behind the cache's back: the commit must notice.
func TestAStaleCacheIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(w)
		stored, err := s.ledger.Conversation(context.Background(), []conversation.ID{s.turnsOf(iara)[0].Conversation})
		if err != nil {
			t.Fatal(err)
		}
		taken := stored.Conversation
		taken.Version++
		taken.Owner = conversation.OwnerPerson
		if _, err := s.ledger.Commit(context.Background(), conversation.Commit{
			Conversation: taken, Base: stored.Updated, At: time.Now(),
			Turn: conversation.Turn{ID: conversation.NewTurnID(taken.ID, taken.Version), Conversation: taken.ID, Version: taken.Version, Token: "person"},
		}); err != nil {
			t.Fatal(err)
		}
		s.arrive(s.text(iara, "wamid.2", "vocês ainda estão aí?"))
		s.drain(w)
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("Otto talked over a person: %q", got)
		}
		if turns := s.turnsOf(iara); turns[0].Route != conversation.RouteMuted || len(turns[0].Replies) != 0 {
			t.Errorf("newest turn: %+v", turns[0].Turn)
		}
	})
}

func TestWhatIsNotAnswered(t *testing.T) {
	tests := []struct {
		name  string
		kind  conversation.Kind
		age   time.Duration
		route conversation.Route
	}{
		{"a reaction", conversation.KindReaction, 0, conversation.RouteSilent},
		{"a system event", conversation.KindSystem, 0, conversation.RouteSilent},
		{"an echo of a person", conversation.KindEcho, 0, conversation.RouteSilent},
		{"a text of yesterday", conversation.KindText, 24 * time.Hour, conversation.RouteLate},
		{"a text of seven days ago", conversation.KindText, 7 * 24 * time.Hour, conversation.RouteLate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.arrive(s.inbound(conversation.Inbound{
					WAMID: "wamid.1", Number: number, From: conversation.Identity{Phone: iara}, Kind: tt.kind,
					Text: "oi, quero saber mais", SentAt: time.Now().Add(-tt.age), ReceivedAt: time.Now(),
				}))
				reports := s.drain(s.turns())
				if got := s.meta.sent(iara); len(got) != 0 {
					t.Errorf("answered %q", got)
				}
				turns := s.turnsOf(iara)
				if len(turns) != 1 || turns[0].Route != tt.route || turns[0].Phase() != conversation.Sent {
					t.Fatalf("turns: %+v", turns)
				}
				if reports[0].Fate != turn.Answered {
					t.Errorf("fate %s", reports[0].Fate)
				}
			})
		})
	}
}

func TestEveryOtherKindIsAnswered(t *testing.T) {
	for _, kind := range []conversation.Kind{
		conversation.KindTap, conversation.KindImage, conversation.KindVideo, conversation.KindAudio,
		conversation.KindDocument, conversation.KindSticker, conversation.KindLocation, conversation.KindContacts,
		conversation.KindOrder, conversation.KindFlow, conversation.KindUnsupported, conversation.KindOversized,
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.arrive(s.inbound(conversation.Inbound{
					WAMID: "wamid.1", Number: number, From: conversation.Identity{UserID: "BR.123"}, Kind: kind,
					SentAt: time.Now(), ReceivedAt: time.Now(),
				}))
				s.drain(s.turns())
				if len(s.meta.accepted) != 1 || s.meta.accepted[0].Reply.Text == "" {
					t.Errorf("sent %d answers", len(s.meta.accepted))
				}
			})
		})
	}
}

func TestAModelOutageWaitsThenFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = scripted(func(context.Context, otto.Prompt) (otto.Completion, error) {
			calls++
			return otto.Completion{}, fault.Mark(errors.New("model: 503"), fault.Dependency)
		})
		w := s.turns()
		began := time.Now()
		s.arrive(s.text(iara, "wamid.1", "como funciona a integração com o meu ERP?"))
		s.drain(w)

		turns := s.turnsOf(iara)
		if len(turns) != 1 || turns[0].Route != conversation.RouteMenu {
			t.Fatalf("turns: %+v", turns)
		}
		if waited := turns[0].DecidedAt.Sub(began); waited < 3*time.Minute || waited > 4*time.Minute {
			t.Errorf("fell back after %s", waited)
		}
		if calls < 10 {
			t.Errorf("the model was asked %d times in three minutes", calls)
		}
		if turns[0].Into == conversation.HandoffHuman {
			t.Error("an outage called a person at once")
		}

		s.arrive(s.text(iara, "wamid.2", "alguém pode me explicar essa integração?"))
		s.drain(w)
		if turns := s.turnsOf(iara); turns[0].Into != conversation.HandoffHuman {
			t.Errorf("a second outage ended in %s", turns[0].Into)
		}
	})
}

func TestADayHasABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		answer := says("Oi!")
		s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
			calls++
			return answer.Complete(ctx, p)
		})
		s.budget = turn.Budget{Turns: 2, Zone: time.UTC}
		w := s.turns()
		for i, wamid := range []string{"wamid.1", "wamid.2", "wamid.3"} {
			s.arrive(s.text(iara, wamid, "me fala mais sobre o que vocês fazem"))
			s.drain(w)
			if want := min(i+1, 2); calls != want {
				t.Errorf("after message %d: %d calls, want %d", i+1, calls, want)
			}
		}
		<-time.After(24 * time.Hour)
		s.arrive(s.text(iara, "wamid.4", "bom dia, me fala mais sobre os planos"))
		s.drain(w)
		if calls != 3 {
			t.Errorf("the next day: %d calls", calls)
		}
	})
}

func TestARefusalForGoodIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.next = []verdict{{result: conversation.Result{Kind: conversation.Refused, Code: 131047}, err: fault.Mark(errors.New("x"), fault.Refused)}}
		s.arrive(s.text(iara, "wamid.1", "oi"))
		reports := s.drain(s.turns())
		turns := s.turnsOf(iara)
		if turns[0].Phase() != conversation.Failed || turns[0].Deliveries[0].Code() != 131047 {
			t.Errorf("phase %s, code %d", turns[0].Phase(), turns[0].Deliveries[0].Code())
		}
		if reports[0].Fate != turn.Answered || reports[0].Reason != "meta-131047" {
			t.Errorf("report %+v", reports[0])
		}
	})
}

func TestAPostponedAnswerComesLater(t *testing.T) {
	for name, v := range map[string]verdict{
		"limit of one recipient": {err: fault.Mark(errors.New("x"), fault.Refused)},
		"limit of the number":    {err: fault.After(errors.New("x"), 2*time.Second)},
		"token expired":          {err: fault.Mark(errors.New("x"), fault.Dependency)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				v.result = conversation.Result{Kind: conversation.Postponed, Code: 131056, NotBefore: time.Now().Add(10 * time.Second)}
				s.meta.next = []verdict{v}
				s.arrive(s.text(iara, "wamid.1", "oi"))
				s.drain(s.turns())
				if got := s.meta.sent(iara); len(got) != 1 {
					t.Errorf("sent %d answers", len(got))
				}
				delivery := s.turnsOf(iara)[0].Deliveries[0]
				if delivery.Attempt != 2 || delivery.Phase() != conversation.Sent {
					t.Errorf("attempt %d, phase %s", delivery.Attempt, delivery.Phase())
				}
			})
		})
	}
}

func TestAnUnknownSendIsResolved(t *testing.T) {
	tests := []struct {
		name     string
		send     verdict
		receipts bool
		alive    bool // another conversation proves the channel alive
		policy   turn.Policy
		phase    conversation.DeliveryPhase
		attempt  int
		copies   int
	}{
		{"accepted, receipt comes", verdict{lose: true}, true, true, turn.Resend, conversation.Sent, 1, 1},
		{"dropped, channel alive", verdict{drop: true}, true, true, turn.Resend, conversation.Sent, 2, 1},
		{"dropped, channel silent", verdict{drop: true}, true, false, turn.Resend, conversation.Parked, 1, 0},
		{"dropped, policy never", verdict{drop: true}, true, true, turn.Never, conversation.Parked, 1, 0},
		{"accepted, receipts lost, policy never", verdict{lose: true}, false, true, turn.Never, conversation.Parked, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.policy, s.meta.receipts, s.meta.next = tt.policy, tt.receipts, []verdict{tt.send}
				s.arrive(s.text(iara, "wamid.1", "oi"))
				w := s.turns()
				if tt.alive {
					s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, 30*time.Second)
				}
				s.drain(w)
				delivery := s.turnsOf(iara)[0].Deliveries[0]
				if delivery.Phase() != tt.phase || delivery.Attempt != tt.attempt || len(s.meta.sent(iara)) != tt.copies {
					t.Errorf("phase %s, attempt %d, copies %d; want %s, %d, %d",
						delivery.Phase(), delivery.Attempt, len(s.meta.sent(iara)), tt.phase, tt.attempt, tt.copies)
				}
			})
		})
	}
}

func TestALateReceiptLiftsAParkedTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.policy, s.meta.receipts, s.meta.next = turn.Never, false, []verdict{{lose: true}}
		s.arrive(s.text(iara, "wamid.1", "oi"))
		w := s.turns()
		reports := s.drain(w)
		if last := reports[len(reports)-1]; last.Fate != turn.Parked || last.Reason != "never-resend" {
			t.Fatalf("report %+v", last)
		}
		s.meta.report(s.meta.accepted[0].Opaque, "wamid.OUT1", conversation.StatusDelivered, time.Hour)
		s.drain(w)
		if phase := s.turnsOf(iara)[0].Phase(); phase != conversation.Sent {
			t.Errorf("phase %s", phase)
		}
	})
}

// A worker freezes between its commit and its send; meanwhile another one
// resolves the turn. The first must not send any more.
func TestAFrozenWorkerDoesNotSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		e := s.text(iara, "wamid.1", "oi")
		s.worker = &mortal{mode: freezeAfter, at: 3} // hint.enter, ledger.load, ledger.commit
		frozen := s.turns()
		var thawed sync.WaitGroup
		thawed.Go(func() {
			report, err := s.handle(frozen, e)
			if err != nil || report.Fate == turn.Answered {
				t.Errorf("the frozen worker: %+v, %v", report, err)
			}
		})
		s.worker = &mortal{}
		s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, 30*time.Second)
		s.arrive(e)
		s.drain(s.turns())
		thawed.Wait()
		s.drain(s.turns())
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("sent %d answers", len(got))
		}
	})
}

func TestPoisonIsIsolatedAndBuried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = scripted(func(context.Context, otto.Prompt) (otto.Completion, error) {
			calls++
			return otto.Completion{}, errors.New("a bug") // Not a dependency: ours.
		})
		e := s.text(iara, "wamid.1", "como funciona a automação do atendimento?")
		s.arrive(e)
		w := s.turns()
		failures := 0
		for range 4 {
			if _, err := s.handle(w, e); err != nil {
				failures++
			}
		}
		if failures != 4 || calls != 4 {
			t.Fatalf("%d failures, %d calls", failures, calls)
		}
		report, err := s.handle(w, e)
		if err != nil || report.Route != conversation.RouteMenu || calls != 4 {
			t.Errorf("fifth try: %+v, %v, %d calls", report, err, calls)
		}
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("sent %d answers", len(got))
		}
	})
}

func TestAMessageThatNeverEndsIsBuried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		e := s.text(iara, "wamid.1", "oi")
		s.die(e, 7)
		w := s.turns()
		report, err := s.handle(w, e)
		if err != nil || report.Fate != turn.Parked || report.Reason != "attempts-spent" {
			t.Fatalf("%+v, %v", report, err)
		}
		dead, err := s.ledger.DeadLetters(context.Background(), 10)
		if err != nil || len(dead) != 1 || dead[0].ID != e.ID {
			t.Errorf("dead letters: %+v, %v", dead, err)
		}
		s.hint.Flush()
		if report, err := s.handle(w, e); err != nil || report.Fate != turn.Known {
			t.Errorf("again: %+v, %v", report, err)
		}
	})
}

func TestUnreadableLettersAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		sealed := s.text(iara, "wamid.1", "oi")
		sealed.Payload[len(sealed.Payload)-1] ^= 1
		report, err := s.handle(w, sealed)
		if err != nil || report.Fate != turn.Parked {
			t.Errorf("altered payload: %+v, %v", report, err)
		}
		if report, err := w.Unreadable(context.Background(), "some-id", []byte("{")); err != nil || report.Fate != turn.Parked {
			t.Errorf("no envelope: %+v, %v", report, err)
		}
		quarantine := envelope.Envelope{V: 1, Kind: envelope.Quarantine, Tenant: "default", ID: "q-1", ReceivedAt: time.Now()}
		if err := quarantine.Seal(s.ring, conversation.Quarantined{Reason: "id", Content: []byte("{}"), Length: 2}); err != nil {
			t.Fatal(err)
		}
		if report, err := w.Quarantine(context.Background(), quarantine); err != nil || report.Reason != "quarantine:id" {
			t.Errorf("quarantine: %+v, %v", report, err)
		}
		status := envelope.Envelope{V: 1, Kind: envelope.Status, Tenant: "default", ID: "s-1", Payload: []byte("x")}
		if report, err := w.Statuses(context.Background(), status); err != nil || report.Fate != turn.Parked {
			t.Errorf("statuses: %+v, %v", report, err)
		}
		timer := envelope.Envelope{V: 1, Kind: envelope.Timer, Tenant: "default", ID: "t-1", Conversation: "c", Payload: []byte("x")}
		if report, err := w.Timer(context.Background(), timer); err != nil || report.Fate != turn.Parked {
			t.Errorf("timer: %+v, %v", report, err)
		}
		dead, err := s.ledger.DeadLetters(context.Background(), 10)
		if err != nil {
			t.Fatal(err)
		}
		reasons := map[string]bool{}
		for _, d := range dead {
			reasons[d.Reason] = true
		}
		want := map[string]bool{"unreadable-payload": true, "unreadable-envelope": true, "quarantine:id": true, "unreadable-timer": true}
		if diff := cmp.Diff(want, reasons); diff != "" {
			t.Error(diff)
		}
	})
}

func TestABusyConversationIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		e := s.text(iara, "wamid.1", "oi")
		if _, err := s.hint.Enter(context.Background(), conversation.Entry{
			Conversation: conversation.ID(e.Conversation), Message: "other", Token: "other", At: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
		report, err := s.handle(s.turns(), e)
		if err != nil || report.Fate != turn.Deferred || report.FollowUp != time.Second {
			t.Fatalf("%+v, %v", report, err)
		}
		next, ok := s.queue.next()
		if !ok || next.envelope.TaskName() != e.ID+"-f1" {
			t.Fatalf("follow-up: %v", ok)
		}
		s.queue.fail = 1
		if _, err := s.handle(s.turns(), e); !fault.Is(err, fault.Dependency) {
			t.Errorf("a follow-up that could not be created: %v", err)
		}
	})
}

// A worker whose lease was granted and never heard of gives it back: who writes
// next is not kept waiting until it ends.
func TestALeaseThatNobodyHeardOfIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.model = says("Oi! Como posso ajudar?")
		s.worker = &mortal{at: 1, mode: failAfter}
		for n := range 2 {
			e := s.text(iara, fmt.Sprintf("wamid.%d", n+1), "oi")
			report, err := s.handle(s.turns(), e)
			if err != nil || report.Fate != turn.Answered {
				t.Fatalf("message %d: %+v, %v", n+1, report, err)
			}
			if known, err := s.handle(s.turns(), e); err != nil || known.Fate != turn.Known || known.Turn != "" {
				t.Errorf("message %d again: %+v, %v", n+1, known, err)
			}
		}
		if called := s.worker.called(); !strings.HasPrefix(called, "hint.enter ") {
			t.Errorf("what failed is not the lease: %s", called)
		}
	})
}

// A person known by phone number shows a user id, then hides the number: it
// stays one conversation.
func TestAConversationFollowsThePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		for i, from := range []conversation.Identity{{Phone: iara}, {Phone: iara, UserID: "BR.1"}, {UserID: "BR.1"}} {
			s.arrive(s.inbound(conversation.Inbound{
				WAMID: pii.Contact("wamid." + string(rune('1'+i))), Number: number, From: from, Kind: conversation.KindText,
				Text: "oi", SentAt: time.Now(), ReceivedAt: time.Now(),
			}))
			s.drain(w)
		}
		if turns := s.turnsOf(iara); len(turns) != 3 || turns[0].Version != 3 {
			t.Fatalf("%d turns", len(turns))
		}
		if to := s.meta.accepted[2].To; to.Phone != iara || to.UserID != "BR.1" {
			t.Error("the last answer lost an identifier of the person")
		}
	})
}

func TestATimerLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.next = []verdict{{drop: true}}
		e := s.text(iara, "wamid.1", "oi")
		w := s.turns()
		if _, err := s.handle(w, e); err != nil {
			t.Fatal(err)
		}
		id := s.turnsOf(iara)[0].ID
		timer := envelope.Envelope{V: 1, Kind: envelope.Timer, Tenant: "default", ID: "t-1", Conversation: e.Conversation}
		if err := timer.Seal(s.ring, conversation.TimerNotice{Kind: conversation.TimerResolve, Turn: id}); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Minute)
		if err := s.ledger.Seen(context.Background(), number, time.Now()); err != nil {
			t.Fatal(err)
		}
		report, err := w.Timer(context.Background(), timer)
		if err != nil || report.Phase != conversation.Sent || report.Attempt != 2 {
			t.Errorf("%+v, %v", report, err)
		}
		gone := envelope.Envelope{V: 1, Kind: envelope.Timer, Tenant: "default", ID: "t-2", Conversation: "nobody"}
		if err := gone.Seal(s.ring, conversation.TimerNotice{Kind: conversation.TimerResolve, Turn: "nobody~1"}); err != nil {
			t.Fatal(err)
		}
		if report, err := w.Timer(context.Background(), gone); err != nil || report.Fate != turn.Applied {
			t.Errorf("a turn that is gone: %+v, %v", report, err)
		}
	})
}

func TestAHandoffIsCommittedWithItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "quero falar com uma pessoa"))
		s.drain(w)
		s.arrive(s.text(iara, "wamid.2", "tem alguém aí?"))
		s.drain(w)
		turns := s.turnsOf(iara)
		if turns[1].Into != conversation.HandoffHuman || turns[0].Route != conversation.RouteMuted {
			t.Errorf("into %s, then %s", turns[1].Into, turns[0].Route)
		}
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("sent %q", got)
		}
	})
}

func TestMissingOptionsAreAMistakeOfTheWiring(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New accepted empty options")
		}
	}()
	turn.New(turn.Options{})
}
