package turn_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// event is a message of a kind of its own from Iara.
func (s *street) event(wamid string, change func(*conversation.Inbound)) envelope.Envelope {
	m := conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: conversation.Identity{Phone: iara, Name: "Iara"},
		SentAt: time.Now(), ReceivedAt: time.Now(),
	}
	change(&m)
	return s.inbound(m)
}

func (s *street) edit(wamid, original, text string) envelope.Envelope {
	return s.event(wamid, func(m *conversation.Inbound) {
		m.Kind, m.Type, m.ReplyTo, m.Text = conversation.KindEdit, "edit", pii.Contact(original), pii.Text(text)
	})
}

func (s *street) revoke(wamid, original string) envelope.Envelope {
	return s.event(wamid, func(m *conversation.Inbound) {
		m.Kind, m.Type, m.ReplyTo = conversation.KindRevoke, "revoke", pii.Contact(original)
	})
}

// remembered is what Otto remembers of Iara, a line each.
func (s *street) remembered() string {
	s.t.Helper()
	var lines []string
	for _, line := range s.stored(iara).Session.History {
		lines = append(lines, string(line.Who)+": "+line.Text.Reveal())
	}
	return strings.Join(lines, "\n")
}

func TestAPersonWhoWritesFromThePhoneTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.model = says("Sim, temos.")
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "Vocês têm um sistema de estoque?"))
		s.drain(w)
		s.arrive(s.echo(iara, "wamid.2"))
		s.drain(w)
		conv := s.stored(iara)
		taken := conv.Handoff
		if conv.Owner != conversation.OwnerPerson || conv.Session.State != conversation.HandoffHuman || taken == nil || !taken.Taken || taken.Came.IsZero() || !taken.Deadline.IsZero() {
			t.Fatalf("owner %s, state %s, %+v", conv.Owner, conv.Session.State, taken)
		}
		if last := s.turnsOf(iara)[0]; last.Event != conversation.EventTakenOver || last.Mode != conversation.ModeTaken || len(last.Replies) != 0 || len(last.Effects) != 0 {
			t.Errorf("the turn: %s, %s, %d replies", last.Event, last.Mode, len(last.Replies))
		}
		s.arrive(s.text(iara, "wamid.3", "Obrigada! E quanto custa?"))
		s.drain(w)
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("Otto talked over a person: %q", got)
		}
		if !strings.Contains(s.remembered(), "person: Oi, aqui é a Bia.") {
			t.Errorf("remembered:\n%s", s.remembered())
		}
		// Nobody has written for a day: whoever asks then is answered.
		<-time.After(23 * time.Hour)
		s.arrive(s.text(iara, "wamid.4", "Alguém aí?"))
		s.drain(w)
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("Otto came back too early: %q", got)
		}
		<-time.After(2 * time.Hour)
		s.arrive(s.text(iara, "wamid.5", "Vocês ainda atendem hoje?"))
		s.drain(w)
		if got, conv := s.meta.sent(iara), s.stored(iara); len(got) != 2 || conv.Owner != conversation.OwnerOtto || conv.Handoff != nil {
			t.Errorf("after a quiet day the lead heard %q, owner %s", got, conv.Owner)
		}
		for _, replayed := range s.replay(s.recorded(iara)) {
			if len(replayed.Differences) > 0 {
				t.Errorf("%s replays otherwise: %v", replayed.Turn, replayed.Differences)
			}
		}
	})
}

// However long Otto thinks, what he thought of is not sent once a person wrote.
func TestAnEchoComesBeforeADraft(t *testing.T) {
	for name, hintless := range map[string]bool{"through the mailbox": false, "past the mailbox": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				var echoed bool
				s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
					if !echoed {
						echoed = true
						<-time.After(15 * time.Second)
						e := s.echo(iara, "wamid.2")
						if !hintless {
							s.arrive(e)
							<-time.After(time.Second)
						} else if _, err := s.handle(s.turns(), e); err != nil {
							t.Error(err)
						}
					}
					return says("Sim, temos.").Complete(ctx, p)
				})
				s.arrive(s.text(iara, "wamid.1", "Vocês têm um sistema de estoque?"))
				s.drain(s.turns())
				if got := s.meta.sent(iara); len(got) != 0 {
					t.Errorf("Otto talked over a person: %q", got)
				}
				if conv := s.stored(iara); conv.Owner != conversation.OwnerPerson {
					t.Errorf("owner %s", conv.Owner)
				}
			})
		})
	}
}

func TestWhatTakesNothingOver(t *testing.T) {
	tests := map[string]func(s *street, m *conversation.Inbound){
		"our own message, by its id": func(_ *street, m *conversation.Inbound) { m.WAMID, m.Text = "wamid.OUT1", "outra coisa" },
		"our own message, by its words": func(s *street, m *conversation.Inbound) {
			m.Text = pii.Text(s.meta.sent(iara)[0])
		},
		"taking one back":         func(_ *street, m *conversation.Inbound) { m.Type, m.Text, m.ReplyTo = "revoke", "", "wamid.X" },
		"what is older than both": func(_ *street, m *conversation.Inbound) { m.SentAt = time.Now().Add(-25 * time.Hour) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.model = says("Sim, temos.")
				w := s.turns()
				s.arrive(s.text(iara, "wamid.1", "Vocês têm um sistema de estoque?"))
				s.drain(w)
				s.arrive(s.event("wamid.2", func(m *conversation.Inbound) {
					m.Kind, m.Type, m.Text = conversation.KindEcho, "text", "Oi, aqui é a Bia."
					change(s, m)
				}))
				s.arrive(s.text(iara, "wamid.3", "E um sistema de vendas?"))
				s.drain(w)
				if got, conv := s.meta.sent(iara), s.stored(iara); len(got) != 2 || conv.Owner != conversation.OwnerOtto {
					t.Errorf("owner %s, the lead heard %q", conv.Owner, got)
				}
			})
		})
	}
}

func TestAnEchoFromBeforeTheReleaseTakesNothingOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.arrive(s.echo(iara, "wamid.2"))
		s.drain(w)
		delayed := s.echo(iara, "wamid.3")
		<-time.After(time.Minute)
		s.release(iara)
		s.arrive(delayed)
		s.drain(w)
		if conv := s.stored(iara); conv.Owner != conversation.OwnerOtto {
			t.Errorf("owner %s", conv.Owner)
		}
	})
}

func TestCorrections(t *testing.T) {
	const asked, right = "Quanto custa o sistema de estoqe?", "Quanto custa o sistema de vendas?"
	tests := []struct {
		name   string
		events func(s *street) []envelope.Envelope
		heard  string // by the model, in its last prompt
		unsaid string
		sent   int
	}{
		{"before it was read", func(s *street) []envelope.Envelope {
			return []envelope.Envelope{s.text(iara, "wamid.1", asked), s.edit("wamid.2", "wamid.1", right)}
		}, right, "estoqe", 1},
		{"twice before it was read", func(s *street) []envelope.Envelope {
			return []envelope.Envelope{s.text(iara, "wamid.1", asked), s.edit("wamid.2", "wamid.1", asked), s.edit("wamid.3", "wamid.1", right)}
		}, right, "estoqe", 1},
		{"taken back before it was read", func(s *street) []envelope.Envelope {
			return []envelope.Envelope{s.text(iara, "wamid.1", asked), s.text(iara, "wamid.2", right), s.revoke("wamid.3", "wamid.1")}
		}, right, "estoqe", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				var prompts []string
				s.model = listening(&prompts)
				for _, e := range tt.events(s) {
					s.arrive(e)
				}
				s.drain(s.turns())
				if got := s.meta.sent(iara); len(got) != tt.sent {
					t.Errorf("the lead heard %q", got)
				}
				last := prompts[len(prompts)-1]
				if !strings.Contains(last, tt.heard) || strings.Contains(last, tt.unsaid) {
					t.Errorf("the model was shown:\n%s", last)
				}
			})
		})
	}
}

// listening keeps what the model was shown of the lead.
func listening(prompts *[]string) scripted {
	return func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
		var shown []string
		for _, m := range p.Messages[1:] {
			shown = append(shown, m.Content)
		}
		*prompts = append(*prompts, strings.Join(shown, "\n"))
		return says("Depende do que você precisa.").Complete(ctx, p)
	}
}

func TestALateCorrectionIsHeardAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		var prompts []string
		s.model = listening(&prompts)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "Quero um sistema para 20 pessoas, quanto custa"))
		s.drain(w)
		window := s.stored(iara).WindowFrom
		// How a word is spelled changes nothing.
		s.arrive(s.edit("wamid.2", "wamid.1", "quero um sistema para 20 pessoas, quanto custa?"))
		s.drain(w)
		if len(prompts) != 1 {
			t.Fatalf("the model was asked %d times", len(prompts))
		}
		s.arrive(s.edit("wamid.3", "wamid.1", "Quero um sistema para 200 pessoas, quanto custa?"))
		s.drain(w)
		if len(prompts) != 2 || !strings.Contains(prompts[1], "[o cliente corrigiu uma mensagem] Quero um sistema para 200") {
			t.Errorf("the model was shown:\n%s", prompts[len(prompts)-1])
		}
		if !s.stored(iara).WindowFrom.Equal(window) {
			t.Error("a correction opened the customer-service window")
		}
	})
}

func TestWhatIsTakenBackIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		var prompts []string
		s.model = listening(&prompts)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "Meu projeto secreto é uma padaria em Marte"))
		s.drain(w)
		s.arrive(s.revoke("wamid.2", "wamid.1"))
		s.drain(w)
		s.arrive(s.text(iara, "wamid.3", "Vocês fazem sistemas de estoque?"))
		s.drain(w)
		if last := prompts[len(prompts)-1]; strings.Contains(last, "Marte") || !strings.Contains(last, "[o cliente apagou uma mensagem]") {
			t.Errorf("the model was shown:\n%s", last)
		}
		if strings.Contains(s.remembered(), "Marte") {
			t.Error("it is remembered")
		}
	})
}

func TestAQuoteIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		var prompts []string
		s.model = listening(&prompts)
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "Preciso de um sistema de estoque"))
		s.drain(w)
		quote := func(wamid, of string) {
			s.arrive(s.event(wamid, func(m *conversation.Inbound) {
				m.Kind, m.Type, m.Text, m.ReplyTo = conversation.KindText, "text", "e quanto custa isto aqui?", pii.Contact(of)
			}))
			s.drain(w)
		}
		quote("wamid.2", "wamid.1")
		if last := prompts[len(prompts)-1]; !strings.Contains(last, `[em resposta a: "Preciso de um sistema de estoque"] e quanto custa isto aqui?`) {
			t.Errorf("the model was shown:\n%s", last)
		}
	})
}

func TestWhereALeadCameFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		var prompts []string
		s.model = listening(&prompts)
		ad := func(wamid, headline, click string) {
			s.arrive(s.event(wamid, func(m *conversation.Inbound) {
				m.Kind, m.Type, m.Text = conversation.KindText, "text", "Quero saber deste anúncio de vocês"
				m.Ad = &conversation.Referral{Type: "ad", ID: "120", URL: "https://fb.me/ex", Headline: pii.Text(headline), Body: "2 por 1", ClickID: pii.Contact(click)}
			}))
			s.drain(s.turns())
		}
		ad("wamid.1", "Combo café", "EXCLID")
		card := s.stored(iara).Card
		if card[conversation.FieldSource].Value.Reveal() != "Combo café" || card[conversation.FieldClick].Value.Reveal() != "EXCLID" ||
			card[conversation.FieldSource].Message == "" || card[conversation.FieldSourceType].Value != "ad" {
			t.Errorf("the card: %d fields", len(card))
		}
		if last := prompts[0]; !strings.Contains(last, "veio do anúncio: Combo café") || strings.Contains(last, "EXCLID") || strings.Contains(last, "2 por 1") {
			t.Errorf("the model was shown:\n%s", last)
		}
		ad("wamid.2", "Outro combo", "")
		if card := s.stored(iara).Card; card[conversation.FieldSource].Value.Reveal() != "Outro combo" || card[conversation.FieldClick].Value != "" {
			t.Error("a click of another advertisement is kept")
		}
	})
}

func TestAdvertisingSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		w := s.turns()
		switched := func(wamid, note string) {
			s.arrive(s.event(wamid, func(m *conversation.Inbound) { m.Kind, m.Note = conversation.KindSystem, note }))
			s.drain(w)
		}
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(w)
		switched("wamid.2", conversation.NoteMarketingStop)
		if session := s.stored(iara).Session; session.OptedOut.IsZero() || session.Unmarketed.IsZero() {
			t.Error("nobody noted it")
		}
		s.arrive(s.text(iara, "wamid.3", "Quero falar de um sistema"))
		s.drain(w)
		if session := s.stored(iara).Session; session.Unmarketed.IsZero() {
			t.Error("writing switched it on again")
		}
		switched("wamid.4", conversation.NoteMarketingResume)
		if session := s.stored(iara).Session; !session.OptedOut.IsZero() || !session.Unmarketed.IsZero() {
			t.Error("it is still off")
		}
	})
}
