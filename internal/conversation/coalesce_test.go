package conversation_test

import (
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

func TestQuietTime(t *testing.T) {
	const window = 1200 * time.Millisecond
	tests := []struct {
		name string
		kind conversation.Kind
		text string
		want time.Duration
	}{
		{"a greeting", conversation.KindText, "oi", window},
		{"three words", conversation.KindText, "tudo bem aí", window},
		{"three words with much space", conversation.KindText, "  tudo \n\n bem\taí  ", window},
		{"an ellipsis of a thought", conversation.KindText, "então,", window},
		{"an emoji", conversation.KindText, "👋", window},
		{"four words", conversation.KindText, "quero saber o preço", 0},
		{"a question", conversation.KindText, "quanto custa?", 0},
		{"a question with space behind", conversation.KindText, "quanto custa? \n", 0},
		{"a statement", conversation.KindText, "obrigado.", 0},
		{"an exclamation", conversation.KindText, "oi!", 0},
		{"an ellipsis", conversation.KindText, "hmm…", 0},
		{"a command", conversation.KindText, " /saas", 0},
		{"nothing", conversation.KindText, " \n", 0},
		{"a tap", conversation.KindTap, "Sim", 0},
		{"an image with a caption", conversation.KindImage, "esse", 0},
		{"an audio", conversation.KindAudio, "", 0},
		{"broken bytes", conversation.KindText, "oi\xff", window},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := conversation.Inbound{Kind: tt.kind, Text: pii.Text(tt.text)}
			if got := conversation.QuietTime(m, window); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			for _, off := range []time.Duration{0, -time.Second} {
				if got := conversation.QuietTime(m, off); got != 0 {
					t.Errorf("with a window of %v: %v", off, got)
				}
			}
		})
	}
}

func TestStillComing(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	at := func(seconds float64, text string) conversation.Inbound {
		return conversation.Inbound{
			Kind: conversation.KindText, Text: pii.Text(text), ReceivedAt: noon.Add(time.Duration(seconds * float64(time.Second))),
		}
	}
	const window = 1200 * time.Millisecond
	for name, tt := range map[string]struct {
		burst []conversation.Inbound
		now   float64
		want  time.Duration
	}{
		"nothing":                         {nil, 0, 0},
		"a fragment, at once":             {[]conversation.Inbound{at(0, "oi")}, 0, window},
		"a fragment, when its task comes": {[]conversation.Inbound{at(0, "oi")}, 1.2, 0},
		"a newer fragment":                {[]conversation.Inbound{at(0, "oi"), at(0.7, "tudo bem")}, 1.2, 700 * time.Millisecond},
		"in any order":                    {[]conversation.Inbound{at(0.7, "tudo bem"), at(0, "oi")}, 1.2, 700 * time.Millisecond},
		"a newer sentence":                {[]conversation.Inbound{at(0, "oi"), at(0.7, "quero saber do preço de vocês")}, 1.2, 0},
		"an older sentence":               {[]conversation.Inbound{at(0, "quero saber do preço de vocês"), at(0.7, "obrigado")}, 1.2, 700 * time.Millisecond},
		"two that came together":          {[]conversation.Inbound{at(0, "quero saber do preço de vocês"), at(0, "oi")}, 0, window},
		"in the other order":              {[]conversation.Inbound{at(0, "oi"), at(0, "quero saber do preço de vocês")}, 0, window},
		"a burst without end":             {[]conversation.Inbound{at(0, "a"), at(1, "b"), at(2, "c"), at(3, "d"), at(3.9, "e")}, 3.9, 100 * time.Millisecond},
		"a burst that went on too long":   {[]conversation.Inbound{at(0, "a"), at(4.5, "b")}, 4.5, 0},
		"a clock that is far behind":      {[]conversation.Inbound{at(60, "oi")}, 0, window},
		"a clock that is far ahead":       {[]conversation.Inbound{at(0, "oi")}, 60, 0},
	} {
		if got := conversation.StillComing(tt.burst, window, noon.Add(time.Duration(tt.now*float64(time.Second)))); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if got := conversation.StillComing(tt.burst, 0, noon); got != 0 {
			t.Errorf("%s, switched off: %v", name, got)
		}
	}
}
