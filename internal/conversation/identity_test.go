package conversation_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

func hashKey(t *testing.T) *pii.HashKey {
	t.Helper()
	key, err := pii.NewHashKey(bytes.Repeat([]byte{7}, pii.MinKeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestConversationsOfAPerson(t *testing.T) {
	key := hashKey(t)
	phone := conversation.Identity{Phone: "5511988887777"}
	user := conversation.Identity{UserID: "BR.1234"}
	both := conversation.Identity{Phone: "5511988887777", UserID: "BR.1234"}

	if got := (conversation.Identity{Name: "Iara"}).Conversations(key, "1"); len(got) != 0 {
		t.Errorf("nobody has the conversations %v", got)
	}
	want := append(user.Conversations(key, "1"), phone.Conversations(key, "1")...)
	if diff := cmp.Diff(want, both.Conversations(key, "1")); diff != "" {
		t.Errorf("the user id does not come first (-want +got):\n%s", diff)
	}
	if want[0] == want[1] || len(want) != 2 {
		t.Error("two names of one person share an id")
	}
	if phone.Conversations(key, "1")[0] == phone.Conversations(key, "2")[0] {
		t.Error("two of our numbers share a conversation")
	}
	swapped := conversation.Identity{UserID: "5511988887777"}
	if swapped.Conversations(key, "1")[0] != phone.Conversations(key, "1")[0] {
		t.Error("the same identifier names two conversations")
	}
}

func TestKnown(t *testing.T) {
	tests := []struct {
		id   conversation.Identity
		want bool
	}{
		{conversation.Identity{}, false},
		{conversation.Identity{Name: "Iara", Username: "iara"}, false},
		{conversation.Identity{Phone: "1"}, true},
		{conversation.Identity{UserID: "BR.1"}, true},
	}
	for _, tt := range tests {
		if tt.id.Known() != tt.want {
			t.Errorf("%+v: %v", tt.id, tt.id.Known())
		}
	}
}

func TestMergeTakesTheNewerOfWhatBothKnow(t *testing.T) {
	old := conversation.Identity{Phone: "1", UserID: "BR.1", Name: "Iara", Username: "iara"}
	tests := []struct {
		name        string
		newer, want conversation.Identity
	}{
		{"nothing new", conversation.Identity{}, old},
		{"a new phone", conversation.Identity{Phone: "2"}, conversation.Identity{Phone: "2", UserID: "BR.1", Name: "Iara", Username: "iara"}},
		{"all new", conversation.Identity{Phone: "2", UserID: "BR.2", Name: "Ana", Username: "ana"},
			conversation.Identity{Phone: "2", UserID: "BR.2", Name: "Ana", Username: "ana"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, old.Merge(tt.newer)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.newer, conversation.Identity{}.Merge(tt.newer)); diff != "" {
				t.Errorf("from nothing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTurnIDs(t *testing.T) {
	if got := conversation.NewTurnID("abc", 12); got != "abc~12" || got.Conversation() != "abc" {
		t.Errorf("turn id %q of %q", got, got.Conversation())
	}
	for _, malformed := range []conversation.TurnID{"", "abc", "~1"} {
		if got := malformed.Conversation(); got != "" {
			t.Errorf("%q belongs to %q", malformed, got)
		}
	}
}
