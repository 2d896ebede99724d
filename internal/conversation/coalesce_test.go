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
