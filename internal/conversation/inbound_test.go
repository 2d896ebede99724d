package conversation_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
)

func TestInOrder(t *testing.T) {
	at := func(id string, seconds int, seq int64) conversation.Inbound {
		return conversation.Inbound{ID: conversation.MessageID(id), SentAt: noon.Add(time.Duration(seconds) * time.Second), Seq: seq}
	}
	want := []conversation.Inbound{
		{ID: "timeless"}, // no time sorts first and is not lost
		at("a", 0, 9), at("b", 1, 1), at("c", 1, 2), at("d", 2, 0), at("e", 2, 0), at("e", 2, 0), at("f", 3, 0),
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		got := append([]conversation.Inbound(nil), want...)
		rng.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		conversation.InOrder(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("order depends on arrival (-want +got):\n%s", diff)
		}
	}
	conversation.InOrder(nil)
}

func TestInOrderIgnoresTheZoneOfATime(t *testing.T) {
	east := time.FixedZone("east", 9*3600)
	got := []conversation.Inbound{
		{ID: "later", SentAt: noon.Add(time.Second)},
		{ID: "sooner", SentAt: noon.In(east)},
	}
	conversation.InOrder(got)
	if got[0].ID != "sooner" {
		t.Error("the wall clock was compared, not the time")
	}
}

func TestKindsThatWaitForAnAnswer(t *testing.T) {
	tests := []struct {
		kinds               []conversation.Kind
		answerable, windows bool
	}{
		{[]conversation.Kind{
			conversation.KindText, conversation.KindTap, conversation.KindImage, conversation.KindVideo,
			conversation.KindAudio, conversation.KindDocument, conversation.KindSticker, conversation.KindLocation,
			conversation.KindContacts, conversation.KindOrder, conversation.KindFlow, conversation.KindOversized,
		}, true, true},
		{[]conversation.Kind{conversation.KindUnsupported}, true, false},
		{[]conversation.Kind{
			conversation.KindReaction, conversation.KindSystem, conversation.KindEdit,
			conversation.KindRevoke, conversation.KindEcho,
		}, false, false},
	}
	for _, tt := range tests {
		for _, k := range tt.kinds {
			if k.Answerable() != tt.answerable || k.OpensWindow() != tt.windows {
				t.Errorf("%s: answerable %v, opens window %v", k, k.Answerable(), k.OpensWindow())
			}
		}
	}
}
