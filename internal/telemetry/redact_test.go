package telemetry_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/telemetry"
)

func TestRedact(t *testing.T) {
	long := strings.Repeat("é", 200)
	for _, c := range []struct{ name, in, want string }{
		{"plain", "get conversation: deadline exceeded", "get conversation: deadline exceeded"},
		{"empty", "", ""},
		{"phone", "send to 5511987654321: refused", "send to [redacted]: refused"},
		{"phone as people write it", "call +55 (11) 98765-4321 now", "call +[redacted] now"},
		{"phone in other digits", "tel ٠١٢٣٤٥٦٧٨", "tel [redacted]"},
		{"phone broken over lines", "55119\n8765\n4321", "[redacted]"},
		{"phone with invisible joints", "5511\u200b9876\u200b54321", "[redacted]"},
		{"cpf", "cpf 123456789-09", "cpf [redacted]"},
		{"cpf with points", "cpf 123.456.789-09 x", "cpf [redacted] x"},
		{"cnpj", "cnpj 12.345.678/0001-90 x", "cnpj [redacted] x"},
		{"without area code", "98765-4321", "[redacted]"},
		{"a model's date stays", "model gpt-4o-mini-2024-07-18 refused", "model gpt-4o-mini-2024-07-18 refused"},
		{"seven digits stay", "code 1310470 x", "code 1310470 x"},
		{"address and port stay", "dial tcp 127.0.0.1:36379: refused", "dial tcp 127.0.0.1:36379: refused"},
		{"e-mail", "to iara@example.com.br failed", "to [redacted] failed"},
		{"e-mail in brackets", "<iara@example.com>", "<[redacted]>"},
		{"e-mail of other letters", "joão@exemplo.br", "[redacted]"},
		{"credentials in a URL", "dial redis://default:hunter2@db.example:6379", "dial [redacted]"},
		{"wamid", "message wamid.HBgNNTUxMQ== unknown", "message [redacted] unknown"},
		{"wamid in capitals", "WAMID.x", "[redacted]"},
		{"bearer", "header Bearer abc.def-ghi refused", "header [redacted] refused"},
		{"model key", "key sk-proj-abcDEF123 refused", "key [redacted] refused"},
		{"graph token", "token EAAGm0PX4ZCpsBAKZBx0Zc9 expired", "token [redacted] expired"},
		{"query", "GET /x?access_token=short&y=1", "GET /x?access_[redacted]&y=1"},
		{"signature", "want " + strings.Repeat("0a", 32), "want [redacted]"},
		{"several", "5511987654321 and iara@example.com", "[redacted] and [redacted]"},
		{"control characters", "a\x00b\x1b[31mc\u202ed\x7f", "ab[31mcd"},
		{"line breaks", "a\r\nb\tc\u2028d", "a  b c d"},
		{"invalid UTF-8", "a\xffb", "ab"},
		{"cut at a rune", "x" + long, "x" + long[:298]},
		{"number across the cut", strings.Repeat("x ", 148) + "5511987654321", strings.Repeat("x ", 148) + "[red"},
	} {
		if got := telemetry.Redact(c.in); got != c.want {
			t.Errorf("%s: Redact(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestIDs(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"u2x7q4mz3hd6wkca5tbn2ypf8rvejgls": "u2x7q4mz3hd6wkca5tbn2ypf8rvejgls",
		// An id full of digits is still an id: masking it would break joins.
		"22334455667722334455aa77":   "22334455667722334455aa77",
		"mid-f12":                    "mid-f12",
		"cid~3":                      "cid~3",
		"1234567":                    "1234567",
		"5511987654321":              "[redacted]",
		"55-11-98765-4321":           "[redacted]",
		"wamid.HBgN":                 "[redacted]",
		"Iara Souza":                 "[invalid]",
		"a@b":                        "[invalid]",
		"x\ny":                       "[invalid]",
		strings.Repeat("a", 129):     "[invalid]",
		"projects/p/queues/q/tasks/": "[invalid]",
	} {
		tel, out := open(t, telemetry.Options{})
		tel.Emit(t.Context(), telemetry.Event{Name: telemetry.AppReady, Fields: []telemetry.Field{telemetry.Conversation(in)}})
		if got := out.last(t)["conversation"]; got != want {
			t.Errorf("Conversation(%q) prints %v, want %q", in, got, want)
		}
	}
}

// Personal data that slips into any field must not reach the log.
func TestCanaries(t *testing.T) {
	tel, out := open(t, telemetry.Options{Level: "debug"})
	canaries := []string{"5511987650001", "+55 11 98765-0001", "canario@example.com", "wamid.Q0FOQVJJTw==", "sk-canario123456", "Bearer canario.canario"}
	for _, canary := range canaries {
		s := "x " + canary + " y"
		for _, f := range []telemetry.Field{
			telemetry.Conversation(canary), telemetry.Message(canary), telemetry.Turn(canary), telemetry.Task(canary), telemetry.Tenant(canary),
			telemetry.Method(s), telemetry.Route(s), telemetry.Kind(s), telemetry.Fate(s), telemetry.State(s), telemetry.PreviousState(s),
			telemetry.Model(s), telemetry.Verdict(s), telemetry.Reason(s), telemetry.Component(s), telemetry.Backend(s), telemetry.Variable(s),
			telemetry.ErrorKind(s), telemetry.Error(errors.New(s)), telemetry.PanicType(s),
		} {
			tel.Emit(t.Context(), telemetry.Event{Name: telemetry.EventName(s), Fields: []telemetry.Field{f}})
		}
	}
	for _, mark := range []string{"11987650001", "98765-0001", "canario", "Q0FOQVJJTw"} {
		if strings.Contains(out.String(), mark) {
			t.Errorf("%q was printed", mark)
		}
	}
	if got, want := len(out.objects(t)), 20*len(canaries); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestStackIsBounded(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	tel.Emit(t.Context(), telemetry.Event{Name: telemetry.RequestPanicked, Fields: []telemetry.Field{
		telemetry.Stack("x", strings.Repeat("package.Function:123\n", 1000)),
		telemetry.Error(errors.New(strings.Repeat("erro ", 1<<18))),
	}})
	got := out.last(t)
	if n := len(got["stack_trace"].(string)); n > 8192 || n < 7000 {
		t.Errorf("stack of %d bytes", n)
	}
	if n := len(got["error"].(string)); n > 300 || n < 250 {
		t.Errorf("error of %d bytes", n)
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"", "5511987654321", "a@b.c", "wamid.x", "bearer x", "sk-123456", "12345678sk-123445", "token=x", "EAAGm0PX4ZCpsBAKZBx0", "\xff\u2028@", "a-b 1 2 3 4 5 6 7 8"} {
		f.Add(s)
	}
	phone := regexp.MustCompile(`[0-9]{8}|[0-9]{2} [0-9]{2} [0-9]{5}-[0-9]{4}`)
	email := regexp.MustCompile(`[a-z0-9.]+@[a-z0-9]`)
	rest := regexp.MustCompile(`(?i:wamid\.|bearer [a-z0-9]|\bsk-[a-z0-9]{6}|token=[a-z0-9])|[A-Za-z0-9]{40}|\bEAA[A-Za-z0-9]{20}`)
	f.Fuzz(func(t *testing.T, s string) {
		got := telemetry.Redact(s)
		if len(got) > 300 {
			t.Errorf("%d bytes", len(got))
		}
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00\x1b\x7f") {
			t.Errorf("not one printable line: %q", got)
		}
		for _, re := range []*regexp.Regexp{phone, email, rest} {
			if m := re.FindString(got); m != "" {
				t.Errorf("%q is left in %q", m, got)
			}
		}
	})
}
