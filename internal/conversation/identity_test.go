package conversation_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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
	if len(want) != 3 || want[0] == want[1] || want[1] == want[2] {
		t.Error("two names of one person share an id")
	}
	both.Parent = "BR.ENT.9"
	if ids := both.Conversations(key, "1"); len(ids) != 4 || !slices.Equal(ids[:3], want) {
		t.Error("the id of the portfolio does not come last")
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

// areas are the 67 area codes of Brazil.
var areas = strings.Fields(`11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47
	48 49 51 53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99`)

func spellings(t *testing.T, phone string) []conversation.ID {
	t.Helper()
	return conversation.Identity{Phone: pii.Contact(phone)}.Conversations(hashKey(t), "1")
}

func TestNinthDigitOfEveryAreaCode(t *testing.T) {
	if len(areas) != 67 {
		t.Fatalf("%d area codes", len(areas))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for code := range 100 {
		area := fmt.Sprintf("%02d", code)
		for first := '0'; first <= '9'; first++ {
			rest := fmt.Sprintf("%c%07d", first, r.IntN(10_000_000))
			short, long := spellings(t, "55"+area+rest), spellings(t, "55"+area+"9"+rest)
			mobile := first >= '6' && slices.Contains(areas, area)
			switch {
			case !mobile && (len(short) != 1 || len(long) != 1 || short[0] == long[0]):
				t.Fatalf("55 %s %s: %d and %d spellings", area, rest, len(short), len(long))
			case mobile && (len(short) != 2 || len(long) != 2 || short[0] != long[1] || short[1] != long[0]):
				t.Fatalf("55 %s %s is not one number in two spellings", area, rest)
			}
		}
	}
}

func TestSpellingsOfPhones(t *testing.T) {
	tests := []struct {
		name, one, other string // other is empty where there is no second spelling
	}{
		{"Mexico", "525512345678", "5215512345678"},
		{"Argentina", "541123456789", "5491123456789"},
		{"Brazil, a landline", "551132345678", ""},
		{"Brazil, a landline with a nine before it", "5511932345678", ""},
		{"Brazil, no area code", "552088887777", ""},
		{"Brazil, too short", "55118888777", ""},
		{"Brazil, too long", "55119988887777", ""},
		{"Portugal", "351912345678", ""},
		{"the United States", "15511988887", ""},
		{"short", "55", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := spellings(t, tt.one)
			if tt.other == "" {
				if len(got) != 1 {
					t.Errorf("%d spellings", len(got))
				}
				return
			}
			back := spellings(t, tt.other)
			if len(got) != 2 || len(back) != 2 || got[0] != back[1] || got[1] != back[0] {
				t.Errorf("%v and %v are not one number", got, back)
			}
		})
	}
}

func TestSamePhone(t *testing.T) {
	id := func(phone string) conversation.Identity { return conversation.Identity{Phone: pii.Contact(phone)} }
	if !id("5511988887777").SamePhone(id("551188887777")) || !id("551188887777").SamePhone(id("551188887777")) {
		t.Error("two spellings of one number are two phones")
	}
	if id("5511988887777").SamePhone(id("5511988887778")) || id("").SamePhone(id("")) || id("1").SamePhone(id("")) {
		t.Error("two numbers, or none, are one phone")
	}
}

func TestWhoAChangedPersonIs(t *testing.T) {
	was := conversation.Identity{Phone: "551188887777", UserID: "BR.1", Parent: "BR.ENT.1"}
	person := conversation.Identity{Phone: "5511988887777", UserID: "BR.1", Parent: "BR.ENT.1", Name: "Iara"}
	want := conversation.Identity{Name: "Iara"}
	if diff := cmp.Diff(want, person.Without(was)); diff != "" {
		t.Errorf("what was given up stays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(person, person.Without(conversation.Identity{Phone: "5511988887778", UserID: "BR.2"})); diff != "" {
		t.Errorf("somebody else's names are taken away (-want +got):\n%s", diff)
	}

	key := hashKey(t)
	now := conversation.Identity{Phone: "5511977770009", UserID: "BR.2"}
	m := conversation.Inbound{Number: "1", From: now, Was: &was}
	ids := m.Conversations(key)
	if diff := cmp.Diff(append(was.Conversations(key, "1"), now.Conversations(key, "1")...), ids); diff != "" {
		t.Errorf("the former names do not come first (-want +got):\n%s", diff)
	}
	m.Was = &now
	if diff := cmp.Diff(now.Conversations(key, "1"), m.Conversations(key)); diff != "" {
		t.Errorf("an id is named twice (-want +got):\n%s", diff)
	}
}
