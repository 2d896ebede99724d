package otto_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
)

// Providers cache prompts that begin with the same 1,024 tokens. Portuguese takes
// some 3.5 to 4 characters a token of the present encodings; counting 4.5 tells
// too few tokens rather than too many.
const (
	cachedFrom         = 1_024
	charactersPerToken = 4.5
)

// listener is a model that keeps what it was asked.
type listener struct {
	asked []otto.Prompt
	says  string
}

func (l *listener) Complete(_ context.Context, p otto.Prompt) (otto.Completion, error) {
	l.asked = append(l.asked, p)
	return otto.Completion{Text: l.says, Outcome: otto.OutcomeOK}, nil
}

// wire is a prompt's messages as they are sent, one behind the other.
func wire(t *testing.T, p otto.Prompt) string {
	t.Helper()
	messages, err := json.Marshal(p.Messages)
	if err != nil {
		t.Fatal(err)
	}
	return string(messages)
}

// TestContactsShareThePrefix asks for several strangers in each state: as many
// first bytes as a provider needs for its cache are the same for all of them,
// and so are schema and cache key.
func TestContactsShareThePrefix(t *testing.T) {
	p, err := pack.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []conversation.State{
		conversation.Initial, conversation.Triage, conversation.CollectingInfo, conversation.GeneratingResponse,
	} {
		l := &listener{says: decision(t, map[string]any{"facts": []string{}})}
		o, err := otto.New(otto.Options{Pack: p, Model: l, Tenant: "prefix"})
		if err != nil {
			t.Fatal(err)
		}
		for i, said := range []string{"Quanto custa um chatbot?", "Preciso de um sistema para a minha frota", "Como vocês cuidam dos anúncios?"} {
			r := ask(in(state), said)
			r.Now = tuesday.Add(time.Duration(i) * 31 * time.Hour)
			r.Conversation.ID = conversation.ID(rune('k' + i))
			r.Conversation.Session.Person.Name = pii.Text([]string{"Iara", "João", "Bia"}[i])
			r.Conversation.Session.Interest = []string{"", p.Verticals[0].ID, p.Verticals[1].ID}[i]
			r.Conversation.Card = conversation.Card{"company": {Value: pii.Text([]string{"A", "B", "C"}[i])}}
			if d := decide(t, o, r); d.Model.Calls == 0 {
				t.Fatalf("%s: the model was not asked", state)
			}
		}
		shared, first := wire(t, l.asked[0]), l.asked[0]
		for _, other := range l.asked[1:] {
			if string(other.Schema) != string(first.Schema) || other.CacheKey != first.CacheKey {
				t.Errorf("%s: contacts differ in schema or cache key", state)
			}
			text := wire(t, other)
			n := 0
			for n < min(len(shared), len(text)) && shared[n] == text[n] {
				n++
			}
			shared = shared[:n]
		}
		tokens := int(float64(utf8.RuneCountInString(strings.ToValidUTF8(shared, ""))) / charactersPerToken)
		t.Logf("%s: %d shared bytes, at least %d tokens", state, len(shared), tokens)
		if tokens < cachedFrom {
			t.Errorf("%s: only the first %d tokens are shared", state, tokens)
		}
	}
}
