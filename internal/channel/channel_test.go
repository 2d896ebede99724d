package channel_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	number = whatsapptest.DefaultPhoneNumberID
	lead   = "5511900001111"
	token  = "EAAGtestetestetestetesteteste"
	words  = "Claro, Iara! Te ajudo com isso."
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// street is a channel with the real client before a Graph in this process.
type street struct {
	graph   *whatsapptest.Server
	client  *whatsapp.Client
	channel *channel.Channel
}

func newStreet(t *testing.T, change func(*whatsapp.Options)) *street {
	t.Helper()
	graph := whatsapptest.NewServer(whatsapptest.Options{PhoneNumberIDs: []string{number}, Token: token})
	t.Cleanup(graph.Close)
	o := whatsapp.Options{
		BaseURL: graph.URL, Timeout: 10 * time.Second,
		Token: func(context.Context) (string, error) { return token, nil },
	}
	if change != nil {
		change(&o)
	}
	client, err := whatsapp.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return &street{graph, client, channel.New(channel.Options{Graph: client, Menu: "Ver opções", Now: func() time.Time { return now }})}
}

func text(body pii.Text) conversation.Outgoing {
	return conversation.Outgoing{
		Number: number, To: conversation.Identity{Phone: lead, Name: "Iara"}, Opaque: opaque(1),
		Reply: conversation.Reply{Kind: conversation.ReplyText, Text: body},
	}
}

func opaque(attempt int) string {
	return conversation.Opaque(conversation.TurnID(strings.Repeat("a", 32)+"~1"), 0, attempt)
}

func options(count int, title string) []conversation.Option {
	var options []conversation.Option
	for n := range count {
		options = append(options, conversation.Option{ID: fmt.Sprintf("opt%d", n+1), Title: fmt.Sprintf("%s %d", title, n+1)})
	}
	return options
}

func TestAccepted(t *testing.T) {
	s := newStreet(t, nil)
	got, err := s.channel.Send(t.Context(), text(words))
	if err != nil {
		t.Fatal(err)
	}
	sent := s.graph.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d messages reached Graph", len(sent))
	}
	sum := sha256.Sum256(sent[0].Raw)
	digest := hex.EncodeToString(sum[:])
	if again := s.channel.Digest(text(words)); again != digest {
		t.Errorf("the same message is said to be %s, and %s was sent", again, digest)
	}
	want := conversation.Result{Kind: conversation.Accepted, WAMID: pii.Contact(sent[0].ID), Digest: digest, At: now}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if m := sent[0]; m.PhoneNumberID != number || m.To != lead || m.Type != "text" || m.Text != words || m.Opaque != opaque(1) {
		t.Errorf("Graph received a %s to another person or with other data", m.Type)
	}
}

func TestShapes(t *testing.T) {
	long := strings.Repeat("palavra ", 200)
	for name, c := range map[string]struct {
		reply conversation.Reply
		want  whatsapptest.SentMessage
	}{
		"text": {
			conversation.Reply{Kind: conversation.ReplyText, Text: words},
			whatsapptest.SentMessage{Type: "text", Text: words},
		},
		"text of no kind": {
			conversation.Reply{Text: words},
			whatsapptest.SentMessage{Type: "text", Text: words},
		},
		"buttons": {
			conversation.Reply{Kind: conversation.ReplyButtons, Text: words, Options: options(3, "Opção")},
			whatsapptest.SentMessage{Type: "button", Text: words, Buttons: []whatsapp.Button{
				{ID: "opt1", Title: "Opção 1"}, {ID: "opt2", Title: "Opção 2"}, {ID: "opt3", Title: "Opção 3"},
			}},
		},
		"list under the usual label": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Options: []conversation.Option{{ID: "a", Title: "Site", Description: "do zero"}}},
			whatsapptest.SentMessage{Type: "list", Text: words, ListButton: "Ver opções", Rows: []whatsapp.Row{{ID: "a", Title: "Site", Description: "do zero"}}},
		},
		"list under a label of its own": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Menu: "Horários", Options: []conversation.Option{{ID: "a", Title: "10h30"}}},
			whatsapptest.SentMessage{Type: "list", Text: words, ListButton: "Horários", Rows: []whatsapp.Row{{ID: "a", Title: "10h30"}}},
		},
		"a form": {
			conversation.Reply{Kind: conversation.ReplyFlow, Text: words, Form: &conversation.FormOffer{Flow: "12", Label: "Escolher", Token: "t"}},
			whatsapptest.SentMessage{Type: "flow", Text: words, Flow: &whatsapptest.SentFlow{ID: "12", CTA: "Escolher", Token: "t"}},
		},
		"a form that is none": {
			conversation.Reply{Kind: conversation.ReplyFlow, Text: words},
			whatsapptest.SentMessage{Type: "text", Text: words},
		},
		"a form with a label too long": {
			conversation.Reply{Kind: conversation.ReplyFlow, Text: words, Form: &conversation.FormOffer{Flow: "12", Label: strings.Repeat("a", 21), Token: "t"}},
			whatsapptest.SentMessage{Type: "text", Text: words},
		},
		"buttons without options": {
			conversation.Reply{Kind: conversation.ReplyButtons, Text: words},
			whatsapptest.SentMessage{Type: "text", Text: words},
		},
		"list without options": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words},
			whatsapptest.SentMessage{Type: "text", Text: words},
		},
		"too many buttons": {
			conversation.Reply{Kind: conversation.ReplyButtons, Text: words, Options: options(4, "Opção")},
			whatsapptest.SentMessage{Type: "text", Text: words + "\n• Opção 1\n• Opção 2\n• Opção 3\n• Opção 4"},
		},
		"a title that is too long": {
			conversation.Reply{Kind: conversation.ReplyButtons, Text: words, Options: options(1, "Um título que não cabe")},
			whatsapptest.SentMessage{Type: "text", Text: words + "\n• Um título que não cabe 1"},
		},
		"a row's title that is too long": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Options: []conversation.Option{{ID: "a", Title: "Automação do atendimento 👩🏽‍💻"}}},
			whatsapptest.SentMessage{Type: "list", Text: words, ListButton: "Ver opções", Rows: []whatsapp.Row{
				{ID: "a", Title: "Automação do atendiment…", Description: "Automação do atendimento 👩🏽‍💻"}}},
		},
		"a row's title that is too long beside its description": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Options: []conversation.Option{{ID: "a", Title: "Automação do atendimento humano", Description: "com pessoas"}}},
			whatsapptest.SentMessage{Type: "text", Text: words + "\n• Automação do atendimento humano"},
		},
		"a row's description that is too long": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Options: []conversation.Option{{ID: "a", Title: "Site", Description: strings.Repeat("a", 70) + "👩🏽‍💻"}}},
			whatsapptest.SentMessage{Type: "list", Text: words, ListButton: "Ver opções", Rows: []whatsapp.Row{
				{ID: "a", Title: "Site", Description: strings.Repeat("a", 70) + "…"}}},
		},
		"a list's label that is too long": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Menu: "Horários da semana que vem", Options: []conversation.Option{{ID: "a", Title: "10h30"}}},
			whatsapptest.SentMessage{Type: "list", Text: words, ListButton: "Horários da semana…", Rows: []whatsapp.Row{{ID: "a", Title: "10h30"}}},
		},
		"two options alike": {
			conversation.Reply{Kind: conversation.ReplyButtons, Text: words, Options: []conversation.Option{{ID: "a", Title: "Sim"}, {ID: "a", Title: "Não"}}},
			whatsapptest.SentMessage{Type: "text", Text: words + "\n• Sim\n• Não"},
		},
		"too many rows": {
			conversation.Reply{Kind: conversation.ReplyList, Text: words, Options: options(11, "Linha")},
			whatsapptest.SentMessage{Type: "text", Text: words + "\n• Linha 1\n• Linha 2\n• Linha 3\n• Linha 4\n• Linha 5\n• Linha 6\n• Linha 7\n• Linha 8\n• Linha 9\n• Linha 10\n• Linha 11"},
		},
		"a body too long for buttons": {
			conversation.Reply{Kind: conversation.ReplyButtons, Text: pii.Text(long), Options: options(1, "Opção")},
			whatsapptest.SentMessage{Type: "text", Text: long + "\n• Opção 1"},
		},
		"bytes that are no text": {
			conversation.Reply{Kind: conversation.ReplyText, Text: "ol\xe1"},
			whatsapptest.SentMessage{Type: "text", Text: "ol\uFFFD"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t, nil)
			m := text("")
			m.Reply = c.reply
			if got, err := s.channel.Send(t.Context(), m); err != nil || got.Kind != conversation.Accepted {
				t.Fatalf("%s, %v", got.Kind, err)
			}
			sent := s.graph.Sent()[0]
			got := whatsapptest.SentMessage{
				Type: sent.Type, Text: sent.Text, Buttons: sent.Buttons, ListButton: sent.ListButton, Rows: sent.Rows, Flow: sent.Flow,
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOverlongTextIsCut(t *testing.T) {
	s := newStreet(t, nil)
	for name, c := range map[string]struct {
		text string
		cut  bool
	}{
		"just fits":           {strings.Repeat("é", whatsapp.MaxText), false},
		"one character more":  {strings.Repeat("é", whatsapp.MaxText+1), true},
		"a hundred thousand":  {strings.Repeat("ção ", 25_000), true},
		"characters of four ": {strings.Repeat("😀", whatsapp.MaxText+1), true},
	} {
		if got, err := s.channel.Send(t.Context(), text(pii.Text(c.text))); err != nil || got.Kind != conversation.Accepted {
			t.Errorf("%s: %s, %v", name, got.Kind, err)
			continue
		}
		sent := s.graph.Sent()
		got := sent[len(sent)-1].Text
		if utf8.RuneCountInString(got) != whatsapp.MaxText || !utf8.ValidString(got) {
			t.Errorf("%s: %d characters", name, utf8.RuneCountInString(got))
		}
		if strings.HasSuffix(got, "…") != c.cut || !strings.HasPrefix(c.text, strings.TrimSuffix(got, "…")) {
			t.Errorf("%s: is not the beginning of the text", name)
		}
	}
}

// The phone number is preferred; people who hide it are reached all the same.
func TestRecipients(t *testing.T) {
	for name, c := range map[string]struct {
		to              conversation.Identity
		phone, receiver string
	}{
		"phone":   {conversation.Identity{Phone: lead}, lead, ""},
		"user id": {conversation.Identity{UserID: "BR.7001002003004005"}, "", "BR.7001002003004005"},
		"both":    {conversation.Identity{Phone: lead, UserID: "BR.7001002003004005"}, lead, ""},
	} {
		s := newStreet(t, nil)
		m := text(words)
		m.To = c.to
		if _, err := s.channel.Send(t.Context(), m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if sent := s.graph.Sent()[0]; sent.To != c.phone || sent.Recipient != c.receiver {
			t.Errorf("%s: sent to a number %t, to a user id %t", name, sent.To != "", sent.Recipient != "")
		}
	}
}

// What can never be sent is refused before anything is, and is our own fault.
func TestImpossibleMessages(t *testing.T) {
	for name, change := range map[string]func(*conversation.Outgoing){
		"no text":                func(m *conversation.Outgoing) { m.Reply.Text = "" },
		"nobody":                 func(m *conversation.Outgoing) { m.To = conversation.Identity{} },
		"a number that is none":  func(m *conversation.Outgoing) { m.To.Phone = "+55 11" },
		"data that is too long":  func(m *conversation.Outgoing) { m.Opaque = strings.Repeat("a", whatsapp.MaxOpaque+1) },
		"a business number less": func(m *conversation.Outgoing) { m.Number = "" },
	} {
		s := newStreet(t, nil)
		m := text(words)
		change(&m)
		got, err := s.channel.Send(t.Context(), m)
		if diff := cmp.Diff(conversation.Result{Kind: conversation.Refused, At: now}, got); diff != "" || !fault.Is(err, fault.Broken) {
			t.Errorf("%s: %v of kind %s\n%s", name, err, fault.KindOf(err), diff)
		}
		if n := s.graph.Counts().Requests; n > 0 {
			t.Errorf("%s: %d requests left", name, n)
		}
	}
}

// Each class of refusal has its consequence for this message and its kind for
// the queue.
func TestRefusals(t *testing.T) {
	const short, account = 2 * time.Second, time.Minute
	for _, c := range []struct {
		name   string
		code   int
		status int
		asked  time.Duration
		want   conversation.ResultKind
		wait   time.Duration
		kind   fault.Kind
		slow   time.Duration // what the queue is asked to wait
	}{
		{"out of the window", 131047, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"unreachable", 131026, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"spam", 131048, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"blocked by policy", 368, 403, 0, conversation.Postponed, account, fault.Dependency, 0},
		{"a Flow that is blocked", 132068, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"a template being copied", 134101, 400, 0, conversation.Postponed, account, fault.Refused, 0},
		{"a wrong parameter", 100, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"media", 131053, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"nobody knows this code", 999999, 400, 0, conversation.Refused, 0, fault.Refused, 0},
		{"too fast for this person", 131056, 400, 0, conversation.Postponed, time.Second, fault.Refused, 0},
		{"too fast", 130429, 429, 0, conversation.Postponed, short, fault.Throttled, short},
		{"too fast, with a wait", 130429, 429, 30 * time.Second, conversation.Postponed, 30 * time.Second, fault.Throttled, 30 * time.Second},
		{"too fast, with a wait of days", 130429, 429, 72 * time.Hour, conversation.Postponed, 5 * time.Minute, fault.Throttled, 5 * time.Minute},
		{"too fast, with a short wait", 80007, 429, time.Second, conversation.Postponed, short, fault.Throttled, short},
		{"the app too fast", 4, 400, 0, conversation.Postponed, short, fault.Throttled, short},
		{"token", 190, 401, 0, conversation.Postponed, account, fault.Dependency, 0},
		{"permission", 10, 403, 0, conversation.Postponed, account, fault.Dependency, 0},
		{"billing", 131042, 400, 0, conversation.Postponed, account, fault.Dependency, 0},
		{"maintenance", 131057, 400, 0, conversation.Postponed, account, fault.Dependency, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStreet(t, nil)
			s.graph.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: c.status, Code: c.code, RetryAfter: c.asked})
			got, err := s.channel.Send(t.Context(), text(words))
			want := conversation.Result{Kind: c.want, Code: c.code, At: now}
			if c.wait > 0 {
				want.NotBefore = now.Add(c.wait)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if !fault.Is(err, c.kind) {
				t.Errorf("error %v of kind %s, want %s", err, fault.KindOf(err), c.kind)
			}
			if slow, _ := fault.RetryAfter(err); slow != c.slow {
				t.Errorf("the queue is asked to wait %s, want %s", slow, c.slow)
			}
			if n := s.graph.Counts().Requests; n != 1 {
				t.Errorf("%d attempts, want one", n)
			}
		})
	}
}

// Meta's rule for one recipient is to wait four times longer each time.
func TestPairLimitGrows(t *testing.T) {
	s := newStreet(t, nil)
	for data, want := range map[string]time.Duration{
		opaque(1): time.Second, opaque(2): 4 * time.Second, opaque(3): 16 * time.Second, opaque(4): 64 * time.Second,
		opaque(5): 256 * time.Second, opaque(6): 5 * time.Minute, opaque(1000): 5 * time.Minute,
		opaque(1 << 40): 5 * time.Minute, "somebody else's": time.Second, "": time.Second,
	} {
		s.graph.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 131056})
		m := text(words)
		m.Opaque = data
		got, _ := s.channel.Send(t.Context(), m)
		if wait := got.NotBefore.Sub(now); wait != want {
			t.Errorf("%s: wait %s, want %s", data, wait, want)
		}
	}
}

// When nobody knows whether Meta took the message the result says nothing: it
// must not be sent again on that evidence.
func TestAmbiguity(t *testing.T) {
	for name, c := range map[string]struct {
		fault whatsapptest.Fault
		taken int
	}{
		"accepted, then dropped":          {whatsapptest.Fault{Kind: whatsapptest.FailAfter}, 1},
		"dropped, and not accepted":       {whatsapptest.Fault{Kind: whatsapptest.FailBefore}, 0},
		"accepted, then silence":          {whatsapptest.Fault{Kind: whatsapptest.HangAfter}, 1},
		"silence":                         {whatsapptest.Fault{Kind: whatsapptest.Hang}, 0},
		"an error of a proxy":             {whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 502}, 0},
		"an error of Meta's":              {whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 500, Code: 131000}, 0},
		"an error that may be temporary":  {whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 131016}, 0},
		"an error that Meta calls so":     {whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 999999, Transient: true}, 0},
		"a known error with a bad status": {whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 503, Code: 130429}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t, func(o *whatsapp.Options) { o.Timeout = 300 * time.Millisecond })
			s.graph.Fail(c.fault)
			got, err := s.channel.Send(t.Context(), text(words))
			if diff := cmp.Diff(conversation.Result{}, got); diff != "" {
				t.Errorf("somebody claims to know (-want +got):\n%s", diff)
			}
			if !fault.Is(err, fault.Dependency) {
				t.Errorf("error %v of kind %s", err, fault.KindOf(err))
			}
			if n := len(s.graph.Sent()); n != c.taken {
				t.Errorf("%d messages were accepted, want %d", n, c.taken)
			}
			if n := s.graph.Counts().Requests; n > 1 {
				t.Errorf("%d attempts, want one", n)
			}
		})
	}
}

// Nothing left this process, so the same part may be tried again.
func TestNothingWritten(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		change func(*whatsapp.Options)
	}{
		"no connection": {t.Context(), func(o *whatsapp.Options) { o.BaseURL = "http://127.0.0.1:1" }},
		"no token": {t.Context(), func(o *whatsapp.Options) {
			o.Token = func(context.Context) (string, error) { return "", errors.New("secret is not there") }
		}},
		"the turn is out of time": {gone, nil},
	} {
		s := newStreet(t, c.change)
		got, err := s.channel.Send(c.ctx, text(words))
		want := conversation.Result{Kind: conversation.Postponed, NotBefore: now.Add(2 * time.Second), At: now}
		if diff := cmp.Diff(want, got); diff != "" || !fault.Is(err, fault.Dependency) {
			t.Errorf("%s: %v of kind %s\n%s", name, err, fault.KindOf(err), diff)
		}
		if n := s.graph.Counts().Requests; n > 0 {
			t.Errorf("%s: %d requests left", name, n)
		}
	}
}

func TestErrorsHoldNothingPersonal(t *testing.T) {
	s := newStreet(t, func(o *whatsapp.Options) { o.Timeout = 300 * time.Millisecond })
	faults := []whatsapptest.Fault{
		{Kind: whatsapptest.FailAfter}, {Kind: whatsapptest.Hang},
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131026},
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusUnauthorized, Code: 190},
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadGateway},
	}
	for _, f := range faults {
		s.graph.Fail(f)
		m := text(words)
		m.To.UserID = "BR.7001002003004005"
		_, err := s.channel.Send(t.Context(), m)
		if err == nil {
			t.Fatalf("%s did not fail", f.Kind)
		}
		for _, canary := range []string{lead, "BR.7001", words, "Iara", token} {
			if strings.Contains(fmt.Sprintf("%v %+v %s", err, err, err.Error()), canary) {
				t.Errorf("the error of %s shows %q", f.Kind, canary)
			}
		}
	}
}
