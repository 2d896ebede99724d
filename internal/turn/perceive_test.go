package turn_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

const leader = "5511900000001"

// ears are senses that take a while and hear what a test says.
type ears struct {
	mu         sync.Mutex
	looks      []conversation.Kind
	now, most  int
	hear       func(look int, m conversation.Inbound) (conversation.Perceived, error)
	takes      time.Duration
	meanwhile  func() // happens during the first look
	heardPanic bool
}

func (e *ears) Perceive(_ context.Context, m conversation.Inbound) (conversation.Perceived, error) {
	e.mu.Lock()
	e.looks = append(e.looks, m.Kind)
	look := len(e.looks)
	e.now++
	e.most = max(e.most, e.now)
	e.mu.Unlock()
	if e.heardPanic {
		panic("a file that nobody foresaw")
	}
	if look == 1 && e.meanwhile != nil {
		e.meanwhile()
	}
	<-time.After(e.takes)
	e.mu.Lock()
	e.now--
	e.mu.Unlock()
	return e.hear(look, m)
}

// understanding hears the same in every audio and sees every image.
func understanding(said string) *ears {
	return &ears{takes: time.Second, hear: func(_ int, m conversation.Inbound) (conversation.Perceived, error) {
		p := conversation.Perceived{Outcome: conversation.Understood, SHA256: "d1", Took: time.Second}
		if m.Kind == conversation.KindAudio {
			p.Text, p.Model, p.Length = pii.Text(said), "played", 30*time.Second
		} else {
			p.File = &conversation.File{MIME: "image/png", Data: []byte("pixels")}
		}
		return p, nil
	}}
}

// ill are senses that do not answer.
func ill() *ears {
	return &ears{takes: time.Second, hear: func(int, conversation.Inbound) (conversation.Perceived, error) {
		return conversation.Perceived{}, fault.Mark(errors.New("503"), fault.Dependency)
	}}
}

// sends is a file that the lead sends now.
func (s *street) sends(wamid string, kind conversation.Kind) envelope.Envelope {
	return s.inbound(conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: conversation.Identity{Phone: leader}, Kind: kind,
		Media: &conversation.Media{ID: wamid}, SentAt: time.Now(), ReceivedAt: time.Now(),
	})
}

// kept is what the ledger keeps of a message's file.
func (s *street) kept(wamid string) *conversation.Perceived {
	s.t.Helper()
	m, _, known, err := s.ledger.Message(context.Background(), conversation.MessageID(s.key.Message(pii.Contact(wamid))))
	if err != nil || !known {
		s.t.Fatalf("message: %v, %v", known, err)
	}
	return m.Perceived
}

func TestWhatIsHeardIsAnsweredAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		senses := understanding("vocês fazem um sistema para oficina?")
		s.senses = senses
		var read []otto.PromptMessage
		s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
			read = append(read, p.Messages[len(p.Messages)-1])
			return says("Claro! Conte mais sobre a sua oficina.").Complete(ctx, p)
		})
		w := s.turns()
		s.arrive(s.sends("wamid.1", conversation.KindAudio))
		s.drain(w)
		s.arrive(s.sends("wamid.2", conversation.KindImage))
		s.drain(w)
		if sent := s.meta.sent(leader); len(sent) != 2 || len(senses.looks) != 2 {
			t.Fatalf("%d looks, sent %q", len(senses.looks), sent)
		}
		if !strings.Contains(read[0].Content, "sistema para oficina") || len(read[1].Files) != 1 {
			t.Errorf("the model read %+v", read)
		}
		if p := s.kept("wamid.1"); p == nil || p.Text != "vocês fazem um sistema para oficina?" {
			t.Errorf("kept of the audio: %+v", p)
		}
		if p := s.kept("wamid.2"); p == nil || p.SHA256 != "d1" || p.File != nil {
			t.Errorf("kept of the image: %+v", p)
		}
		if got := s.turnsOf(leader)[1].Phases; !slices.ContainsFunc(got, func(p conversation.Phase) bool { return p.Name == "perceive" && p.Took == time.Second }) {
			t.Errorf("phases: %+v", got)
		}
		// A file is gone when its turn is decided again.
		for _, r := range s.replay(s.recorded(leader)) {
			if r.Skipped != "" || len(r.Differences) > 0 {
				t.Errorf("replayed: %+v", r)
			}
		}
		if len(senses.looks) != 2 {
			t.Error("a replay looks at files")
		}
	})
}

func TestSensesThatAreIllAreWaitedForAndThenLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.senses, s.model = ill(), says("Oi!")
		began := time.Now()
		s.arrive(s.sends("wamid.1", conversation.KindAudio))
		s.drain(s.turns())
		if p := s.kept("wamid.1"); p == nil || p.Outcome != conversation.Undone {
			t.Errorf("kept: %+v", p)
		}
		if took := s.turnsOf(leader)[0].DecidedAt.Sub(began); took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("decided after %s", took)
		}
		if sent := s.meta.sent(leader); len(sent) != 1 {
			t.Errorf("sent: %q", sent)
		}
	})
}

func TestADroppedDraftCostsNoSecondLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		senses := understanding("quero um sistema")
		senses.meanwhile = func() { s.arrive(s.text(leader, "wamid.2", "e quanto custa?")) }
		s.senses = senses
		asked := 0
		s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
			if asked++; asked == 1 {
				s.arrive(s.text(leader, "wamid.3", "e em quanto tempo?"))
			}
			return says("Vamos por partes: do que o sistema precisa?").Complete(ctx, p)
		})
		s.arrive(s.sends("wamid.1", conversation.KindAudio))
		s.drain(s.turns())
		turns := s.turnsOf(leader)
		if len(turns) != 1 || len(turns[0].Messages) != 3 || len(senses.looks) != 1 || asked != 2 {
			t.Errorf("%d turns, %d looks, the model asked %d times", len(turns), len(senses.looks), asked)
		}
	})
}

func TestAWorkerThatDiesBeforeTheCommitLooksAgainAndAnswersOnce(t *testing.T) {
	for _, at := range []int{1, 2, 3, 4} { // The fifth call is the commit.
		for _, how := range []mode{crashBefore, crashAfter} {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.senses, s.model = understanding("quero um sistema"), says("Do que o sistema precisa?")
				s.worker.at, s.worker.mode = at, how
				s.arrive(s.sends("wamid.1", conversation.KindAudio))
				s.drain(s.turns())
				if sent := s.meta.sent(leader); len(sent) != 1 || s.kept("wamid.1") == nil {
					t.Errorf("%s at %d: sent %q", how, at, sent)
				}
			})
		}
	}
}

func TestFilesThatAreNotLookedAt(t *testing.T) {
	tests := []struct {
		name    string
		kind    conversation.Kind
		prepare func(s *street, e envelope.Envelope) envelope.Envelope
		looks   int
		want    conversation.Perception // empty: nothing is kept
	}{
		{"a video", conversation.KindVideo, nil, 0, ""},
		{"a message that was tried too often", conversation.KindAudio, func(s *street, e envelope.Envelope) envelope.Envelope {
			s.die(e, 4)
			return e
		}, 0, conversation.Undone},
		{"a message that is too old to be answered", conversation.KindAudio, func(s *street, _ envelope.Envelope) envelope.Envelope {
			return s.inbound(conversation.Inbound{
				WAMID: "wamid.1", Number: number, From: conversation.Identity{Phone: leader}, Kind: conversation.KindAudio,
				Media: &conversation.Media{ID: "1"}, SentAt: time.Now().Add(-30 * time.Hour), ReceivedAt: time.Now(),
			})
		}, 0, ""},
		{"one of somebody who spent the day's tokens", conversation.KindAudio, func(s *street, e envelope.Envelope) envelope.Envelope {
			s.budget = turn.Budget{Tokens: 100, Zone: time.UTC}
			s.arrive(s.text(leader, "wamid.0", "me conta o que vocês fazem"))
			s.drain(s.turns())
			return e
		}, 0, conversation.Undone},
		{"what a person is going to hear", conversation.KindAudio, calledIn, 1, conversation.Understood},
		{"what a person is going to look at", conversation.KindImage, calledIn, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				senses := understanding("o meu pedido é o doze")
				s.senses, s.model, s.team = senses, says("Vamos lá: do que você precisa?"), &team{}
				e := s.sends("wamid.1", tt.kind)
				if tt.prepare != nil {
					e = tt.prepare(s, e)
				}
				s.arrive(e)
				s.drain(s.turns())
				got := conversation.Perception("")
				if p := s.kept("wamid.1"); p != nil {
					got = p.Outcome
				}
				if len(senses.looks) != tt.looks || got != tt.want {
					t.Errorf("%d looks, kept %q", len(senses.looks), got)
				}
				if tt.looks == 1 {
					effects := s.turnsOf(leader)[0].Effects
					if len(effects) == 0 || effects[0].Message == nil || effects[0].Message.Text != "🎤 o meu pedido é o doze" {
						t.Errorf("the team is told %+v", effects)
					}
				}
			})
		})
	}
}

// calledIn has a person own the conversation.
func calledIn(s *street, e envelope.Envelope) envelope.Envelope {
	s.arrive(s.text(leader, "wamid.0", "quero falar com uma pessoa"))
	s.drain(s.turns())
	return e
}

func TestAnAudioCountsInBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.senses, s.model = understanding("quero um sistema"), says("Do que o sistema precisa?")
		s.budget = turn.Budget{TenantTokens: 1 << 40, Zone: time.UTC}
		s.arrive(s.sends("wamid.1", conversation.KindAudio))
		s.drain(s.turns())
		conv, err := s.ledger.Conversation(context.Background(), conversation.Identity{Phone: leader}.Conversations(s.key, number))
		if err != nil {
			t.Fatal(err)
		}
		const half, model = 30 * 20, 120 // seconds of audio, and the model's own
		tenant, err := s.meter.Spent(context.Background(), s.key.Event("spent", "default", time.Now().UTC().Format(time.DateOnly)))
		if conv.Spent.Tokens != half+model || err != nil || tenant != half+model {
			t.Errorf("counted %d of the contact, %d of the tenant, %v", conv.Spent.Tokens, tenant, err)
		}
	})
}

func TestAnAlbumIsLookedAtAFewFilesAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		senses := understanding("")
		s.senses, s.model = senses, says("Que bonitas! Do que você precisa?")
		for n := range 8 {
			s.arrive(s.sends(fmt.Sprintf("wamid.%d", n), conversation.KindImage))
		}
		s.drain(s.turns())
		if len(senses.looks) != 8 || senses.most != 3 || len(s.meta.sent(leader)) != 1 {
			t.Errorf("%d looks, %d at once, sent %q", len(senses.looks), senses.most, s.meta.sent(leader))
		}
	})
}

func TestSensesThatPanicDoNotEndTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.senses, s.model = &ears{heardPanic: true}, says("Oi!")
		defer func() {
			if recover() == nil {
				t.Error("whoever runs the turn does not hear of it")
			}
		}()
		_, _ = s.handle(s.turns(), s.sends("wamid.1", conversation.KindAudio))
	})
}

func TestAReactionToTheNewestQuestionIsItsAnswer(t *testing.T) {
	for _, tt := range []struct {
		emoji, to, want string // the beginning of what is sent last
		replies         int
	}{
		{"👍", "wamid.OUT1", "Obrigado por confirmar", 2},
		{"👍🏾", "wamid.OUT1", "Obrigado por confirmar", 2},
		{"👎", "wamid.OUT1", "Desculpe, entendi errado", 2},
		{"😂", "wamid.OUT1", "", 1},
		{"👍", "wamid.OUT0", "", 1},
		{"", "wamid.OUT1", "", 1}, // taken back
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t)
			s.senses, s.model = understanding("o meu e-mail é iara@sol.example"), says("Anotado por aqui.")
			w := s.turns()
			s.arrive(s.sends("wamid.1", conversation.KindAudio))
			s.drain(w)
			s.arrive(s.inbound(conversation.Inbound{
				WAMID: "wamid.2", Number: number, From: conversation.Identity{Phone: leader}, Kind: conversation.KindReaction,
				Text: pii.Text(tt.emoji), ReplyTo: pii.Contact(tt.to), SentAt: time.Now(), ReceivedAt: time.Now(),
			}))
			s.drain(w)
			sent := s.meta.sent(leader)
			if len(sent) != tt.replies || !strings.HasPrefix(sent[len(sent)-1], tt.want) {
				t.Errorf("%s to %s: sent %q", tt.emoji, tt.to, sent)
			}
			for _, r := range s.replay(s.recorded(leader)) {
				if r.Skipped != "" || len(r.Differences) > 0 {
					t.Errorf("%s: replayed %+v", tt.emoji, r)
				}
			}
		})
	}
}

// An emoji on what was said last is answered, once, and not when nothing may be
// said any more.
func TestAReactionIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		emoji []string // each on the newest message
		to    string   // on this one instead
		after time.Duration
		sent  int
	}{
		"on the newest":     {emoji: []string{"❤️"}, sent: 2},
		"on the answer too": {emoji: []string{"❤️", "❤️"}, sent: 2},
		"taken back":        {emoji: []string{""}, sent: 1},
		"on another":        {emoji: []string{"❤️"}, to: "wamid.OUT0", sent: 1},
		"a day later":       {emoji: []string{"❤️"}, after: 24 * time.Hour, sent: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t)
			s.model = says("Tudo certo por aqui.")
			w := s.turns()
			lead := conversation.Inbound{Number: number, From: conversation.Identity{Phone: leader}}
			lead.WAMID, lead.Kind, lead.Text = "wamid.1", conversation.KindText, "vocês fazem site?"
			lead.SentAt, lead.ReceivedAt = time.Now(), time.Now()
			s.arrive(s.inbound(lead))
			s.drain(w)
			<-time.After(c.after)
			for i, emoji := range c.emoji {
				lead.WAMID, lead.Kind, lead.Text = pii.Contact(fmt.Sprint("wamid.r", i)), conversation.KindReaction, pii.Text(emoji)
				lead.ReplyTo = pii.Contact(cmp.Or(c.to, fmt.Sprint("wamid.OUT", len(s.meta.sent(leader)))))
				lead.SentAt, lead.ReceivedAt = time.Now(), time.Now()
				s.arrive(s.inbound(lead))
				s.drain(w)
			}
			if sent := s.meta.sent(leader); len(sent) != c.sent {
				t.Errorf("%s: %d messages sent, want %d", name, len(sent), c.sent)
			}
		})
	}
}
