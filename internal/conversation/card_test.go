package conversation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

func TestCardReadsWhatALeadMeans(t *testing.T) {
	long := strings.Repeat("é", 201)
	tests := []struct {
		field, raw, want string
		ok               bool
	}{
		{"full_name", "  Iara   dos Santos ", "Iara dos Santos", true},
		{"full_name", " \n\t", "", false},
		{"full_name", "\xff", "", false},
		{"specific_need", long, "", false},
		{"specific_need", long[:400], long[:400], true},
		{"email", "Iara@Exemplo.com.BR", "iara@exemplo.com.br", true},
		{"email", "iara@", "", false},
		{"email", "@exemplo.com", "", false},
		{"email", "iara@exemplo", "", false},
		{"email", "iara@exemplo.c", "", false},
		{"email", "iara@a@exemplo.com", "", false},
		{"email", "iara silva@exemplo.com", "", false},
		{"email", "iara@ex..com", "", false},
		{"email", strings.Repeat("a", 250) + "@b.co", "", false},
		{"urgency", "HIGH", "high", true},
		{"urgency", "pra ontem", "", false},
		{"meeting_mode", "online", "online", true},
		{"users_count", "12", "12", true},
		{"users_count", "umas 200 por dia", "200", true},
		{"users_count", "1.500", "1500", true},
		{"users_count", "1.500.000", "1500000", true},
		{"users_count", "1.50", "", false},
		{"users_count", "1500.000", "", false},
		{"users_count", "1,5 mil", "1500", true},
		{"users_count", "3 mil", "3000", true},
		{"users_count", "2k", "2000", true},
		{"users_count", "1,5", "", false},
		{"users_count", "entre 100 e 200", "100-200", true},
		{"users_count", "100-200", "100-200", true},
		{"users_count", "200 a 100", "", false},
		{"users_count", "1 2 3", "", false},
		{"users_count", "muitas", "", false},
		{"users_count", "99999999999999999999", "", false},
		{"users_count", "1,2,3 mil", "", false},
		{"users_count", "0,0001 mil", "", false},
		{"has_crm", "não", "false", true},
		{"has_crm", "Sim", "true", true},
		{"has_crm", "talvez", "", false},
		{"current_tools", "planilha, ; WhatsApp Web,planilha", "planilha, WhatsApp Web", true},
		{"current_tools", " , ; ", "", false},
		{"current_tools", strings.Repeat("x", 61), "", false},
		{"shoe_size", "42", "", false},
		{"", "42", "", false},
	}
	for _, tt := range tests {
		name := tt.raw
		if len(name) > 30 {
			name = name[:30]
		}
		t.Run(tt.field+"/"+name, func(t *testing.T) {
			card, ok := conversation.Card(nil).With(tt.field, conversation.Value{Value: pii.Text(tt.raw)})
			if ok != tt.ok || card[tt.field].Value.Reveal() != tt.want {
				t.Errorf("got %q, %v; want %q, %v", card[tt.field].Value.Reveal(), ok, tt.want, tt.ok)
			}
		})
	}
}

func TestTheNewestStatementWinsAndKeepsItsProvenance(t *testing.T) {
	say := func(card conversation.Card, value string, at time.Time) (conversation.Card, bool) {
		return card.With("company", conversation.Value{
			Value: pii.Text(value), Words: pii.Text("é a " + value), Message: "m1", Confidence: 0.7, At: at,
		})
	}
	first, _ := say(nil, "Padaria Sol", noon)
	second, ok := say(first, "Padaria Lua", noon.Add(time.Hour))
	if !ok || first["company"].Value.Reveal() != "Padaria Sol" {
		t.Fatal("the correction was not taken, or it changed the card it was made from")
	}
	want := conversation.Value{Value: "Padaria Lua", Words: "é a Padaria Lua", Message: "m1", Confidence: 0.7, At: noon.Add(time.Hour)}
	if diff := cmp.Diff(want, second["company"]); diff != "" {
		t.Errorf("provenance (-want +got):\n%s", diff)
	}
	if late, ok := say(second, "Padaria Sol", noon); ok || late["company"].Value.Reveal() != "Padaria Lua" {
		t.Error("a statement that arrived late replaced a newer one")
	}
	if kept, ok := second.With("email", conversation.Value{Value: "nada"}); ok || len(kept) != 1 {
		t.Error("an invalid field was not dropped alone")
	}
}

func TestListsAreJoinedWithinTheirLimit(t *testing.T) {
	card := conversation.Card{}
	for _, items := range []string{"a, b", "B, c", "d; e; f; g; h; i; j"} {
		next, ok := card.With("current_tools", conversation.Value{Value: pii.Text(items), At: noon})
		if !ok {
			t.Fatalf("%q was refused", items)
		}
		card = next
	}
	if got := card["current_tools"].Value.Reveal(); got != "a, b, c, d, e, f, g, h" {
		t.Errorf("joined: %q", got)
	}
	if _, ok := card.With("current_tools", conversation.Value{Value: "a", At: noon}); ok {
		t.Error("nothing new counts as news")
	}
}

func TestCardFieldsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range conversation.CardFields() {
		if name == "" || seen[name] {
			t.Errorf("field %q is there twice", name)
		}
		seen[name] = true
	}
	if !seen[conversation.FieldInterest] || !seen[conversation.FieldEmail] {
		t.Error("a named field is no field")
	}
}

func FuzzCard(f *testing.F) {
	for _, seed := range []string{"entre 100 e 200", "1,5 mil", "a@b.co", "x, y", "\xff", "1.2.3,4k"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, field := range conversation.CardFields() {
			card, ok := conversation.Card(nil).With(field, conversation.Value{Value: pii.Text(raw)})
			value := card[field].Value.Reveal()
			if ok != (value != "") || len(value) > 4000 {
				t.Fatalf("%s: ok %v with %d bytes", field, ok, len(value))
			}
			if again, fine := conversation.Card(nil).With(field, conversation.Value{Value: pii.Text(value)}); ok && (!fine || again[field].Value != card[field].Value) {
				t.Fatalf("%s: %q does not read itself", field, value)
			}
		}
	})
}
