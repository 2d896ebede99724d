package handoff_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/handoff"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// graph keeps what was sent, and answers as it is told.
type graph struct {
	sent []whatsapp.Send
	err  error
}

func (g *graph) Send(_ context.Context, s whatsapp.Send) (whatsapp.Sent, error) {
	g.sent = append(g.sent, s)
	if g.err != nil {
		return whatsapp.Sent{}, g.err
	}
	return whatsapp.Sent{ID: "wamid.1"}, s.Check()
}

func teamsPhone(t *testing.T, g *graph, template string) *handoff.WhatsApp {
	t.Helper()
	w, err := handoff.NewWhatsApp(handoff.WhatsAppOptions{Graph: g, To: "+5511900001111", Template: template})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// notices are one errand of each kind.
func notices() map[string]conversation.Errand {
	told := map[string]conversation.Errand{}
	for kind, effect := range map[conversation.EffectKind]conversation.Effect{
		conversation.EffectHandoff: {Handoff: &conversation.Handoff{
			ID: "cid~3", Reason: "requested", Briefing: "Iara Souza, interesse em Eventos\n\nFicha:\n- Empresa: Flor",
		}},
		conversation.EffectUnanswered:  {Handoff: &conversation.Handoff{ID: "cid~3", Reason: "unanswered"}},
		conversation.EffectAppointment: {Appointment: &conversation.Appointment{ID: "cid~3", Start: noon, Mode: "online", Briefing: "Reunião"}},
		conversation.EffectMessage: {Message: &conversation.Forwarded{
			Kinds: []conversation.Kind{conversation.KindText, conversation.KindImage}, Text: "tem alguém aí?",
		}},
		conversation.EffectUndelivered: {Undelivered: &conversation.Undelivered{
			Turn: "cid~2", Code: 131026, Remedy: conversation.BlockedContact, Text: "A reunião fica para quinta às 10h.",
		}},
	} {
		e := errand()
		e.Turn.Number, effect.Kind = "7", kind
		e.Effect = effect
		told[string(kind)] = e
	}
	return told
}

func TestATeamIsToldByWhatsApp(t *testing.T) {
	const who = "Iara (+5511988887777)"
	for kind, want := range map[string]struct {
		text       string
		parameters []string
	}{
		"handoff": {
			who + " pediu para falar com uma pessoa.\n\nIara Souza, interesse em Eventos\n\nFicha:\n- Empresa: Flor",
			[]string{who, "pediu para falar com uma pessoa", "Iara Souza, interesse em Eventos"},
		},
		"handoff_unanswered": {who + " ainda espera por uma pessoa.\n\n(sem detalhes)", []string{who, "ainda espera por uma pessoa", "(sem detalhes)"}},
		"appointment":        {who + " combinou uma reunião, a confirmar.\n\nReunião", []string{who, "combinou uma reunião, a confirmar", "Reunião"}},
		"undelivered": {
			who + " não recebeu a nossa mensagem.\n\nMensagem que não chegou: A reunião fica para quinta às 10h.",
			[]string{who, "não recebeu a nossa mensagem", "Mensagem que não chegou: A reunião fica para quinta às 10h."},
		},
		"message": {who + " escreveu.\n\ntem alguém aí?", []string{who, "escreveu", "tem alguém aí?"}},
	} {
		e := notices()[kind]
		g := &graph{}
		for _, w := range []*handoff.WhatsApp{teamsPhone(t, g, ""), teamsPhone(t, g, "aviso_da_equipe")} {
			if err := w.Perform(t.Context(), e); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
		}
		send := whatsapp.Send{PhoneNumberID: "7", To: whatsapp.Phone("5511900001111"), Opaque: "cid~3.0"}
		text, template := send, send
		text.Message = whatsapp.TextMessage{Body: want.text}
		template.Message = whatsapp.TemplateMessage{Name: "aviso_da_equipe", Language: "pt_BR", Parameters: whatsapp.Positional(want.parameters)}
		if diff := cmp.Diff([]whatsapp.Send{text, template}, g.sent, cmp.AllowUnexported(whatsapp.Recipient{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// Whatever a lead is called or writes, the notice is one that Meta takes.
func TestANoticeFitsATemplate(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", 5000), "a\tb\n\nc", "a          b", "\xff", "", "   "} {
		e, m := notices()["handoff"], notices()["message"]
		e.Turn.To.Name, m.Turn.To.Name = pii.Text(text), pii.Text(text)
		e.Effect.Handoff.Briefing, m.Effect.Message.Text = pii.Text(text), pii.Text(text)
		for _, name := range []string{"", "aviso"} {
			if err := errors.Join(teamsPhone(t, &graph{}, name).Perform(t.Context(), e), teamsPhone(t, &graph{}, name).Perform(t.Context(), m)); err != nil {
				t.Errorf("%.20q by %q: %v", text, name, err)
			}
		}
	}
}

func TestWhatMetaAnswersToANotice(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"the window is closed":     {&whatsapp.Error{Code: 131047}, fault.Refused},
		"no such template":         {&whatsapp.Error{Code: 132001}, fault.Refused},
		"too many":                 {&whatsapp.Error{Code: 130429}, fault.Throttled},
		"too many to one":          {&whatsapp.Error{Code: 131056}, fault.Throttled},
		"the token is ill":         {&whatsapp.Error{Code: 190}, fault.Throttled},
		"nothing was reached":      {errors.New("dial 5511988887777"), fault.Dependency},
		"a limit of ours is wrong": {&whatsapp.LimitError{Field: "x"}, fault.Broken},
	} {
		err := teamsPhone(t, &graph{err: tt.err}, "aviso").Perform(t.Context(), errand())
		if !fault.Is(err, tt.kind) {
			t.Errorf("%s: %v (%s), want %s", name, err, fault.KindOf(err), tt.kind)
		}
		quiet(t, err)
	}
	if err := teamsPhone(t, &graph{}, "").Perform(t.Context(), conversation.Errand{}); !fault.Is(err, fault.Broken) {
		t.Errorf("nothing to tell: %v", err)
	}
}

// Every kind of notice is signed and has its id in body and header.
func TestEveryKindOfNoticeIsToldByWebhook(t *testing.T) {
	bodies := map[string]map[string]any{}
	team := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var body map[string]any
		if err != nil || json.Unmarshal(raw, &body) != nil || body["id"] != r.Header.Get("Idempotency-Key") ||
			r.Header.Get("X-Atende-Signature") != handoff.Sign(secret, r.Header.Get("X-Atende-Timestamp"), raw) {
			t.Errorf("%s: %v", raw, r.Header)
			return
		}
		bodies[body["kind"].(string)] = body
	}))
	defer team.Close()
	told := handoff.Team{conversation.WayWebhook: webhook(team.URL)}
	for kind, e := range notices() {
		if err := told.Perform(t.Context(), e); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for kind, want := range map[string]map[string]any{
		"appointment": {"appointment": map[string]any{"id": "cid~3", "start": "2026-11-28T12:00:00Z", "mode": "online"}, "briefing": "Reunião"},
		"message":     {"message": map[string]any{"kinds": []any{"text", "image"}, "text": "tem alguém aí?"}},
		"handoff_unanswered": {
			"handoff": "cid~3", "reason": "unanswered",
		},
	} {
		for field, value := range want {
			if diff := cmp.Diff(value, bodies[kind][field]); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", kind, field, diff)
			}
		}
	}
}

func TestATeamIsToldByTheWayThatWasDecided(t *testing.T) {
	g := &graph{}
	told := handoff.Team{conversation.WayWhatsApp: teamsPhone(t, g, "")}
	e := errand()
	e.Turn.Number, e.Effect.Way = "7", conversation.WayWhatsApp
	if err := told.Perform(t.Context(), e); err != nil || len(g.sent) != 1 {
		t.Errorf("%d sent, %v", len(g.sent), err)
	}
	for _, gone := range []conversation.Way{"", conversation.WayWebhook} {
		e.Effect.Way = gone
		if err := told.Perform(t.Context(), e); !fault.Is(err, fault.Refused) {
			t.Errorf("way %q: %v", gone, err)
		}
	}
	after, _ := fault.RetryAfter(teamsPhone(t, &graph{err: &whatsapp.Error{Code: 130429, RetryAfter: time.Minute}}, "").Perform(t.Context(), errand()))
	if after != time.Minute {
		t.Errorf("wait %v", after)
	}
}
