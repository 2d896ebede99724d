package otto_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
)

const safe = "Não tenho essa informação com segurança. Pode me contar de outro jeito?"

func TestAGoodDecision(t *testing.T) {
	model := script(says(decision(t, map[string]any{
		"next_state": "COLLECTING_INFO", "response_text": "Para quantas pessoas?", "message_type": "interactive_button",
		"options": []map[string]any{{"id": "a", "title": "Até vinte", "description": nil}, {"id": "b", "title": "Mais", "description": "some"}},
	})))
	c := in(conversation.Triage)
	c.Session.Fallbacks = 1
	d := decide(t, newOtto(t, model), ask(c, "quero uma festa"))
	want := conversation.Reply{
		Kind: conversation.ReplyButtons, Text: "Para quantas pessoas?",
		Options: []conversation.Option{{ID: "a", Title: "Até vinte"}, {ID: "b", Title: "Mais"}},
	}
	if diff := cmp.Diff([]conversation.Reply{want}, d.Replies); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	if d.Route != conversation.RouteModel || d.From != conversation.Triage || d.To != conversation.CollectingInfo ||
		d.Event != conversation.EventDecision || d.Refused != "" || d.Handoff != "" {
		t.Errorf("%s, %s → %s by %s, refused %q, handoff %q", d.Route, d.From, d.To, d.Event, d.Refused, d.Handoff)
	}
	wantModel := conversation.Model{
		Name: "modelo-1", Fingerprint: model.asked[0].Fingerprint, Calls: 1,
		TokensIn: 100, TokensOut: 20, TokensCached: 50, CostMicroUSD: 21, Outcomes: []string{"ok"},
		Answers: d.Model.Answers,
	}
	if a := d.Model.Answers; len(a) != 1 || a[0].Fingerprint != model.asked[0].Fingerprint || a[0].Outcome != "ok" ||
		!strings.Contains(a[0].Text.Reveal(), "Para quantas pessoas?") {
		t.Errorf("answers: %+v", a)
	}
	if diff := cmp.Diff(wantModel, d.Model); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(passed(), d.Verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	s := d.Session
	if s.State != conversation.CollectingInfo || s.Fallbacks != 0 || s.Turns != 2 || !s.LastAt.Equal(tuesday) || !s.Since.Equal(tuesday) {
		t.Errorf("session: %s, %d fallbacks, %d turns, last %v, since %v", s.State, s.Fallbacks, s.Turns, s.LastAt, s.Since)
	}
	wantTransitions := []conversation.Transition{{
		From: conversation.Triage, To: conversation.CollectingInfo, Event: conversation.EventDecision, At: tuesday,
	}}
	if diff := cmp.Diff(wantTransitions, s.Transitions); diff != "" {
		t.Errorf("transitions (-want +got):\n%s", diff)
	}
	wantLines := append(in(conversation.Triage).Session.History,
		conversation.Line{Who: conversation.Lead, Text: "quero uma festa", At: tuesday, Message: "a"},
		conversation.Line{Who: conversation.Otto, Text: "Para quantas pessoas? [Até vinte | Mais]", At: tuesday})
	if diff := cmp.Diff(wantLines, s.History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// passed is what the guards say of a draft that needs nothing.
func passed() []conversation.Verdict {
	var verdicts []conversation.Verdict
	for _, guard := range []string{
		"form", "legality", "personal_data", "claims", "promise", "promise_of_action", "repetition", "hours", "continuation",
	} {
		verdicts = append(verdicts, conversation.Verdict{Guard: guard, OK: true})
	}
	return verdicts
}

// TestBadOutputs holds a model that twice says the same bad thing: what it
// leads to, and what it is called.
func TestBadOutputs(t *testing.T) {
	good := func(with map[string]any) string { return decision(t, with) }
	tests := []struct {
		name    string
		step    func() (otto.Completion, error)
		outcome string
	}{
		{"refusal", ends(otto.OutcomeRefusal, "I can't help with that"), "refusal"},
		{"length", ends(otto.OutcomeLength, good(nil)[:40]), "length"},
		{"length, though it looks whole", ends(otto.OutcomeLength, good(nil)), "length"},
		{"filter", ends(otto.OutcomeFilter, ""), "filter"},
		{"empty by name", ends(otto.OutcomeEmpty, ""), "empty"},
		{"empty in fact", ends(otto.OutcomeOK, " \n "), "empty"},
		{"an outcome of tomorrow", ends("pondering", good(nil)), "invalid"},
		{"prose", says("Claro! Posso ajudar."), "invalid"},
		{"fenced", says("```json\n" + good(nil) + "\n```"), "invalid"},
		{"null", says("null"), "invalid"},
		{"an array", says("[" + good(nil) + "]"), "invalid"},
		{"cut off", says(good(nil)[:60]), "invalid"},
		{"trailing data", says(good(nil) + "{}"), "invalid"},
		{"trailing words", says(good(nil) + " ok"), "invalid"},
		{"a missing key", says(good(map[string]any{"facts": remove})), "invalid"},
		{"an unknown key", says(good(map[string]any{"mood": "good"})), "invalid"},
		{"a key in another case", says(strings.Replace(good(nil), `"facts"`, `"Facts"`, 1)), "invalid"},
		{"a duplicate key", says(strings.Replace(good(nil), "{", `{"response_text":"outra coisa",`, 1)), "invalid"},
		{"a duplicate key in an option", says(strings.Replace(good(nil), `"options":[]`, `"options":[{"id":"a","id":"b","title":"x","description":null}]`, 1)), "invalid"},
		{"an option without a title", says(strings.Replace(good(nil), `"options":[]`, `"options":[{"id":"a","description":null}]`, 1)), "invalid"},
		{"a null text", says(good(map[string]any{"response_text": nil})), "invalid"},
		{"a null flag", says(good(map[string]any{"requires_human": nil})), "invalid"},
		{"null options", says(good(map[string]any{"options": nil})), "invalid"},
		{"a null number", says(good(map[string]any{"intent_score": nil})), "invalid"},
		{"a text that is a number", says(good(map[string]any{"response_text": 7})), "invalid"},
		{"a flag that is a text", says(good(map[string]any{"requires_human": "false"})), "invalid"},
		{"a number that is a text", says(good(map[string]any{"intent_score": "0.5"})), "invalid"},
		{"an object in place of a text", says(good(map[string]any{"response_text": map[string]any{}})), "invalid"},
		{"a text in place of an object", says(good(map[string]any{"options": []string{"a"}})), "invalid"},
		{"a score above one", says(good(map[string]any{"intent_score": 1.01})), "invalid"},
		{"a score below zero", says(good(map[string]any{"answer_confidence": -0.01})), "invalid"},
		{"an endless score", says(strings.Replace(good(nil), "0.5", "1e999", 1)), "invalid"},
		{"a wrong message type", says(good(map[string]any{"message_type": "carousel"})), "invalid"},
		{"a wrong field", says(good(map[string]any{"asked_field": "cpf"})), "invalid"},
		{"a wrong reason", says(good(map[string]any{"human_reason": "bored"})), "invalid"},
		{"too much of it", says(good(map[string]any{"reasoning_debug": strings.Repeat("x", 70_000)})), "invalid"},
		{"too many options", says(good(map[string]any{"facts": make([]string, 65)})), "invalid"},
		{"nested too deep", says(strings.Repeat("[", 10_000)), "invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := script(tt.step, tt.step)
			d := decide(t, newOtto(t, model), ask(in(conversation.CollectingInfo), "quanto custa?"))
			if d.Route != conversation.RouteSafe || text(d) != safe || d.Handoff != "" {
				t.Errorf("%s: %q, handoff %q", d.Route, text(d), d.Handoff)
			}
			if d.To != conversation.CollectingInfo || len(d.Session.Transitions) != 0 {
				t.Errorf("the state moved to %s", d.To)
			}
			if diff := cmp.Diff([]string{tt.outcome, tt.outcome}, d.Model.Outcomes); diff != "" || d.Model.Calls != 2 {
				t.Errorf("%d calls, outcomes (-want +got):\n%s", d.Model.Calls, diff)
			}
			if d.Model.TokensIn != 200 || d.Model.TokensOut != 40 {
				t.Errorf("tokens %d in, %d out: both calls count", d.Model.TokensIn, d.Model.TokensOut)
			}

			better := script(tt.step, says(decision(t, nil)))
			d = decide(t, newOtto(t, better), ask(in(conversation.CollectingInfo), "quanto custa?"))
			if d.Route != conversation.RouteModel || text(d) != "Claro! Para quantas pessoas?" {
				t.Errorf("after one good answer: %s %q", d.Route, text(d))
			}
		})
	}
}

func TestABlockedDraftIsAskedForOnceMoreWithWhatWasWrong(t *testing.T) {
	bad := decision(t, map[string]any{"next_state": "TIMEOUT", "response_text": " \u200b "})
	model := script(says(bad), says(decision(t, nil)))
	d := decide(t, newOtto(t, model), ask(in(conversation.Triage), "e aí, tem lugar?"))
	first, second := model.asked[0], model.asked[1]
	if diff := cmp.Diff(first.Messages, second.Messages[:len(first.Messages)]); diff != "" {
		t.Errorf("the second request is another one:\n%s", diff)
	}
	if first.Fingerprint == second.Fingerprint || first.CacheKey != second.CacheKey || string(first.Schema) != string(second.Schema) {
		t.Error("two requests are one, or share nothing")
	}
	added := second.Messages[len(first.Messages):]
	if len(added) != 2 || added[0].Role != otto.RoleAssistant || added[1].Role != otto.RoleSystem {
		t.Fatalf("added: %+v", added)
	}
	for _, want := range []string{"response_text está vazio", "next_state não é um dos estados permitidos"} {
		if !strings.Contains(added[1].Content, want) {
			t.Errorf("the model is not told %q", want)
		}
	}
	blocked := passed()
	blocked[0] = conversation.Verdict{Guard: "form", Found: "empty_text"}
	blocked[1] = conversation.Verdict{Guard: "legality", Found: "illegal_target"}
	blocked[8].Found = "asks specific_need"
	want := append(blocked, passed()...)
	if diff := cmp.Diff(want, d.Verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if d.Route != conversation.RouteModel || d.Refused != "" {
		t.Errorf("%s, refused %q", d.Route, d.Refused)
	}
}

func TestIllegalStates(t *testing.T) {
	for _, from := range []conversation.State{
		conversation.Initial, conversation.Triage, conversation.CollectingInfo, conversation.GeneratingResponse,
	} {
		legal := conversation.LegalTargets(from)
		for _, to := range append(conversation.States(), "", "FINISHED", "triage") {
			step := says(decision(t, map[string]any{"next_state": to}))
			d := decide(t, newOtto(t, script(step, step)), ask(in(from), "tem lugar hoje?"))
			switch {
			case to == conversation.HandoffHuman:
				if d.To != to || d.Handoff == "" || d.Route != conversation.RouteModel {
					t.Errorf("%s → %s: %s, handoff %q", from, to, d.To, d.Handoff)
				}
			case to == conversation.ScheduledFollowup && slices.Contains(legal, to):
				if d.To != from || d.Refused != "no_followup_record" || text(d) != safe {
					t.Errorf("%s → %s: %s, refused %q, %q", from, to, d.To, d.Refused, text(d))
				}
			case slices.Contains(legal, to):
				if d.To != to || d.Refused != "" || d.Route != conversation.RouteModel {
					t.Errorf("%s → %s: %s, refused %q", from, to, d.To, d.Refused)
				}
			default:
				if d.To != from || d.Refused != "illegal_target" || text(d) != safe || d.Handoff != "" {
					t.Errorf("%s → %s: %s, refused %q, %q", from, to, d.To, d.Refused, text(d))
				}
			}
		}
	}
}

func TestAPersonAskedForByTheModel(t *testing.T) {
	tests := []struct {
		name   string
		with   map[string]any
		reason string
	}{
		{"all of it", map[string]any{"next_state": "HANDOFF_HUMAN", "requires_human": true, "human_reason": "complaint"}, "complaint"},
		{"by flag alone", map[string]any{"requires_human": true, "human_reason": "negotiation"}, "negotiation"},
		{"by state alone", map[string]any{"next_state": "HANDOFF_HUMAN"}, "outside_knowledge"},
		{"by flag, to nowhere", map[string]any{"next_state": "TIMEOUT", "requires_human": true, "human_reason": "risk"}, "risk"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decide(t, newOtto(t, script(says(decision(t, tt.with)))), ask(in(conversation.Initial), "quero reclamar da entrega"))
			if d.To != conversation.HandoffHuman || d.Handoff != tt.reason || d.Event != conversation.EventHandoffRequested {
				t.Errorf("→ %s by %s, handoff %q", d.To, d.Event, d.Handoff)
			}
			if d.Session.State != conversation.HandoffHuman || text(d) != "Claro! Já chamei uma pessoa da equipe." {
				t.Errorf("%s, %q", d.Session.State, text(d))
			}
		})
	}
	t.Run("a reason alone asks nobody", func(t *testing.T) {
		d := decide(t, newOtto(t, script(says(decision(t, map[string]any{"human_reason": "risk"})))), ask(in(conversation.Triage), "quero uma festa"))
		if d.Handoff != "" || d.To != conversation.Triage {
			t.Errorf("→ %s, handoff %q", d.To, d.Handoff)
		}
	})
	t.Run("in words that cannot be sent", func(t *testing.T) {
		step := says(decision(t, map[string]any{"requires_human": true, "human_reason": "risk", "response_text": ""}))
		d := decide(t, newOtto(t, script(step, step)), ask(in(conversation.Triage), "é urgente e perigoso"))
		if d.To != conversation.HandoffHuman || d.Handoff != "risk" || text(d) != "Já chamei uma pessoa da equipe." {
			t.Errorf("→ %s, handoff %q, %q", d.To, d.Handoff, text(d))
		}
	})
}

func TestTextsOfAnyShape(t *testing.T) {
	sentence := "Temos forno a lenha e massa de um dia. " // 39 characters
	tests := []struct{ name, text, want string }{
		{"as it is", "Você falou em R$ 1.500 — e <3 pra você!", "Você falou em R$ 1.500 — e <3 pra você!"},
		{"exactly five hundred", strings.Repeat("ã", 500), strings.Repeat("ã", 500)},
		{"a sentence end", strings.Repeat(sentence, 300), strings.TrimSpace(strings.Repeat(sentence, 12))},
		{"a sentence that ends at the limit", strings.Repeat("a", 499) + "." + " Mais.", strings.Repeat("a", 499) + "."},
		{"a number at the limit", strings.Repeat("a", 200) + "! " + strings.Repeat("b", 290) + " R$ 1.500,00", strings.Repeat("a", 200) + "!"},
		{"words only", strings.Repeat("pizza ", 100), strings.TrimSpace(strings.Repeat("pizza ", 83)) + "…"},
		{"one word", strings.Repeat("a", 10_000), strings.Repeat("a", 499) + "…"},
		{"emoji at the cut", strings.Repeat("a", 498) + "👩‍🍳👩‍🍳", strings.Repeat("a", 498) + "…"},
		{"a flag at the cut", strings.Repeat("a", 498) + "🇧🇷🇧🇷", strings.Repeat("a", 498) + "…"},
		{"a skin tone at the cut", strings.Repeat("a", 498) + "👍🏽👍🏽", strings.Repeat("a", 498) + "…"},
		{"an accent at the cut", strings.Repeat("a", 500) + "\u0301", strings.Repeat("a", 499) + "á"},
		{"decomposed accents", "voce\u0302 ja\u0301", "você já"},
		{"HTML", "<p>Oi! <b>Pizza</b> boa.</p><br/>Vem?<script>", "Oi! Pizza boa.\n\nVem?"},
		{"entities", "margherita &amp; calabresa &lt;3", "margherita & calabresa <3"},
		{"an open tag", "olha <b", "olha <b"},
		{"a comparison", "5 < 6 > 4", "5 < 6 > 4"},
		{"a link between brackets", "veja <https://exemplo.com.br/a>", "veja <https://exemplo.com.br/a>"},
		{"Markdown", "**Pizza** boa", "*Pizza* boa"},
		{"control and direction", "oi\x00\u202e\u2066\ufeff tudo\r\nbem\u00a0?", "oi tudo\nbem ?"},
		{"tag characters", "oi\U000E0041\U000E0042!", "oi!"},
		{"only an emoji", "👍", "👍"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decide(t, newOtto(t, script(says(decision(t, map[string]any{
				"response_text": tt.text, "next_state": "SELF_SERVE_INFO", // which asks for no next step
			})))), ask(in(conversation.Triage), "R$ 1.500, 3, 4, 5 e 6, e https://exemplo.com.br/a?"))
			if diff := cmp.Diff(tt.want, text(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d.Route != conversation.RouteModel || d.Model.Calls != 1 {
				t.Errorf("%s after %d calls", d.Route, d.Model.Calls)
			}
		})
	}
}

func TestTextsThatAreNone(t *testing.T) {
	for _, none := range []string{"", " \n\t ", "\u200b\u202e", "<p></p><br>", "\u200d\u200d", "\x00"} {
		step := says(decision(t, map[string]any{"response_text": none}))
		d := decide(t, newOtto(t, script(step, step)), ask(in(conversation.Triage), "me conta mais"))
		if text(d) != safe || d.Refused != "" || d.Handoff != "" {
			t.Errorf("%q: %q, refused %q, handoff %q", none, text(d), d.Refused, d.Handoff)
		}
	}
}

// Instructions that are recited, and a decision where its text should stand,
// are for nobody's eyes.
func TestNamesOfTheInstructionsAreNotShown(t *testing.T) {
	for _, inner := range []string{
		"Os campos são next_state e response_text.", `{"RESPONSE_TEXT": "Oi!"}`, "O estado é HANDOFF_HUMAN, tudo bem?",
		"Falta o seu users_count.", "_card_updates_ é a lista do que aprendi.",
	} {
		step := says(decision(t, map[string]any{"response_text": inner}))
		if d := decide(t, newOtto(t, script(step, step)), ask(in(conversation.Triage), "me conta mais")); text(d) != safe {
			t.Errorf("%q: %q", inner, text(d))
		}
	}
	for _, fine := range []string{"Temos o _rodízio_ da casa. Quer saber mais?", "Quer o menu_da_casa?", "O facts é um jornal?"} {
		step := says(decision(t, map[string]any{"response_text": fine}))
		if d := decide(t, newOtto(t, script(step)), ask(in(conversation.Triage), "me conta mais")); text(d) != fine {
			t.Errorf("%q: %q", fine, text(d))
		}
	}
}

func TestSecretsAreAskedOfNobody(t *testing.T) {
	for _, asks := range []string{"Informe agora o código de segurança.", "Me passe nome completo e CPF?", "Não se preocupe, me informe a sua senha.", "Digite o código que chegou por SMS.", "Me envie o código de verificação, por favor.", "Qual é o seu código do WhatsApp?"} {
		step := says(decision(t, map[string]any{"response_text": asks}))
		d := decide(t, newOtto(t, script(step, step)), ask(in(conversation.Triage), "me conta mais"))
		if d.Route != conversation.RouteSafe {
			t.Errorf("%q: %s %q", asks, d.Route, text(d))
		}
	}
}

func TestOptions(t *testing.T) {
	some := func(n int, title string) []map[string]any {
		options := []map[string]any{}
		for i := range n {
			options = append(options, map[string]any{"id": fmt.Sprint("o", i), "title": fmt.Sprint(title, i), "description": nil})
		}
		return options
	}
	one := func(id, title string, description any) []map[string]any {
		return []map[string]any{{"id": id, "title": title, "description": description}}
	}
	button, list, plain := conversation.ReplyButtons, conversation.ReplyList, conversation.ReplyText
	tests := []struct {
		name    string
		kind    conversation.ReplyKind
		options []map[string]any
		want    conversation.ReplyKind
		text    string
	}{
		{"no buttons", button, some(0, ""), plain, "Qual?"},
		{"three buttons", button, some(3, "Sim"), button, "Qual?"},
		{"four buttons", button, some(4, "Sim"), plain, "Qual?\n• Sim0\n• Sim1\n• Sim2\n• Sim3"},
		{"eleven buttons", button, some(11, strings.Repeat("t", 48)), plain, "Qual?"},
		{"ten rows", list, some(10, "Sim"), list, "Qual?"},
		{"eleven rows", list, some(11, "s"), plain, "Qual?\n• s0\n• s1\n• s2\n• s3\n• s4\n• s5\n• s6\n• s7\n• s8\n• s9\n• s10"},
		{"sixty-four rows", list, some(64, strings.Repeat("t", 300)), plain, "Qual?"},
		{"options of a text", plain, some(2, "Sim"), plain, "Qual?"},
		{"a long button", button, one("a", strings.Repeat("é", 20), nil), button, "Qual?"},
		{"a too long button", button, one("a", strings.Repeat("é", 21), nil), plain, "Qual?"},
		{"a long row", list, one("a", strings.Repeat("é", 24), strings.Repeat("é", 72)), list, "Qual?"},
		{"a too long row", list, one("a", strings.Repeat("é", 25), nil), plain, "Qual?"},
		{"a too long description", list, one("a", "Sim", strings.Repeat("é", 73)), plain, "Qual?"},
		{"a description on a button is left out", button, one("a", "Sim", strings.Repeat("é", 73)), button, "Qual?"},
		{"no title", button, one("a", " \u200b", nil), plain, "Qual?"},
		{"no id", button, one(" ", "Sim", nil), plain, "Qual?"},
		{"a too long id", list, one(strings.Repeat("i", 201), "Sim", nil), plain, "Qual?"},
		{"one id twice", button, append(one("a", "Sim", nil), one("a", "Não", nil)...), plain, "Qual?\n• Sim\n• Não"},
		{"one title twice", button, append(one("a", "Sim", nil), one("b", " Sim ", nil)...), plain, "Qual?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decide(t, newOtto(t, script(says(decision(t, map[string]any{
				"message_type": tt.kind, "options": tt.options, "response_text": "Qual?",
			})))), ask(in(conversation.Triage), "me conta mais"))
			r := d.Replies[0]
			if r.Kind != tt.want || text(d) != tt.text || d.Handoff != "" || d.Model.Calls != 1 {
				t.Errorf("%s %q with %d options after %d calls", r.Kind, text(d), len(r.Options), d.Model.Calls)
			}
			if (r.Kind == plain) != (len(r.Options) == 0) || (r.Kind == list) != (r.Menu == "Ver opções") {
				t.Errorf("%s with %d options and menu %q", r.Kind, len(r.Options), r.Menu)
			}
			if degraded := tt.kind != tt.want; degraded != (d.Verdicts[0].Found != "") {
				t.Errorf("verdict %+v", d.Verdicts[0])
			}
		})
	}
}

func TestAnOptionNeverBorrowsAMeaning(t *testing.T) {
	for _, id := range []string{otto.TapPerson, "cardapio", "eventos"} {
		d := decide(t, newOtto(t, script(says(decision(t, map[string]any{
			"message_type": "interactive_button", "options": []map[string]any{{"id": id, "title": "Ver preços", "description": nil}},
		})))), ask(in(conversation.Triage), "me conta mais"))
		if got := d.Replies[0].Options[0].ID; got == id || got == "" {
			t.Errorf("a tap on %q would not be taken for what it says", id)
		}
	}
}

func TestOutages(t *testing.T) {
	t.Run("of the first call", func(t *testing.T) {
		throttled := fault.After(errors.New("slow down"), 5)
		for _, outage := range []error{errOutage, throttled, context.DeadlineExceeded} {
			_, err := newOtto(t, script(fails(outage))).Decide(t.Context(), ask(in(conversation.Triage), "quanto custa?"))
			if !errors.Is(err, outage) || fault.KindOf(err) != fault.KindOf(outage) {
				t.Errorf("%v becomes %v (%v)", outage, err, fault.KindOf(err))
			}
		}
	})
	t.Run("of the second call", func(t *testing.T) {
		d := decide(t, newOtto(t, script(ends(otto.OutcomeRefusal, ""), fails(errOutage))), ask(in(conversation.Triage), "quanto custa?"))
		if d.Route != conversation.RouteSafe || d.Model.Calls != 2 {
			t.Errorf("%s after %d calls", d.Route, d.Model.Calls)
		}
		if diff := cmp.Diff([]string{"refusal", "outage"}, d.Model.Outcomes); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("of the caller's time", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		model := script(ends(otto.OutcomeRefusal, ""), func() (otto.Completion, error) {
			cancel()
			return otto.Completion{}, ctx.Err()
		})
		if _, err := newOtto(t, model).Decide(ctx, ask(in(conversation.Triage), "quanto custa?")); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("says nothing of the lead", func(t *testing.T) {
		c := in(conversation.Triage)
		_, err := newOtto(t, script(fails(errOutage))).Decide(t.Context(), ask(c, "meu cpf é 123.456.789-09"))
		for _, secret := range []string{"123.456", "Iara", "5511988887777", "cpf"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error names %q: %v", secret, err)
			}
		}
	})
}

func TestFallback(t *testing.T) {
	o := newOtto(t, script())
	for _, state := range conversation.States() {
		if state.Muted() {
			continue
		}
		c := in(state)
		first := o.Fallback(ask(c, "quanto custa a festa?"))
		want := state
		if state.Resting() {
			want = conversation.Triage // reopened by the message, and then unchanged
		}
		if first.Route != conversation.RouteMenu || first.To != want || first.Handoff != "" || first.Session.Fallbacks != 1 {
			t.Errorf("from %s: %s → %s, handoff %q, %d fallbacks", state, first.Route, first.To, first.Handoff, first.Session.Fallbacks)
		}
		if first.Replies[0].Kind != conversation.ReplyButtons || first.Session.Interest != "eventos" {
			t.Errorf("from %s: %s with interest %q", state, first.Replies[0].Kind, first.Session.Interest)
		}
		c.Session = first.Session
		second := o.Fallback(ask(c, "alô?"))
		if second.To != conversation.HandoffHuman || second.Handoff != otto.HandoffOutage || second.Session.Fallbacks != 0 {
			t.Errorf("again from %s: → %s, handoff %q", state, second.To, second.Handoff)
		}
	}
	night := ask(in(conversation.Triage), "alô?")
	night.Now = tuesday.Add(12 * 3600e9)
	night.Conversation.Session.Fallbacks = 1
	if d := o.Fallback(night); text(d) != pizzaria().Sentences.HandoffOutageClosed {
		t.Errorf("at night: %q", text(d))
	}
}

func TestWithoutTheModelWhatNeedsNoThoughtStillWorks(t *testing.T) {
	o := newOtto(t, script())
	c := in(conversation.Triage)
	c.Session.Fallbacks = 1
	reaction := ask(c, "👍")
	reaction.Messages[0].Kind = conversation.KindReaction
	audio := ask(c, "")
	audio.Messages[0].Kind = conversation.KindAudio
	tests := []struct {
		name  string
		r     otto.Request
		route conversation.Route
		to    conversation.State
	}{
		{"a tap on the menu", tap(c, "cardapio", "Cardápio"), conversation.RouteFixed, conversation.Triage},
		{"a command beside a question", ask(c, "quanto custa?", "/cardapio"), conversation.RouteFixed, conversation.Triage},
		{"a person", ask(c, "atendente"), conversation.RouteFixed, conversation.HandoffHuman},
		{"a greeting", ask(c, "oi"), conversation.RouteFixed, conversation.Triage},
		{"an audio", audio, conversation.RouteMedia, conversation.Triage},
		{"a reaction", reaction, conversation.RouteSilent, conversation.Triage},
		{"a question", ask(c, "quanto custa?"), conversation.RouteMenu, conversation.HandoffHuman},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := o.Fallback(tt.r); d.Route != tt.route || d.To != tt.to {
				t.Errorf("%s → %s, want %s → %s", d.Route, d.To, tt.route, tt.to)
			}
		})
	}
}

func TestWhatCountsTowardsAHandoffAfterOutages(t *testing.T) {
	c := in(conversation.Triage)
	c.Session.Fallbacks = 1
	refusal := ends(otto.OutcomeRefusal, "")
	if d := decide(t, newOtto(t, script(refusal, refusal)), ask(c, "quanto custa?")); d.Session.Fallbacks != 1 {
		t.Errorf("the safe sentence: %d", d.Session.Fallbacks)
	}
	if d := decide(t, newOtto(t, script(says(decision(t, nil)))), ask(c, "quanto custa?")); d.Session.Fallbacks != 0 {
		t.Errorf("a good turn: %d", d.Session.Fallbacks)
	}
	reaction := ask(c, "👍")
	reaction.Messages[0].Kind = conversation.KindReaction
	if d := newOtto(t, nil).Silent(reaction); d.Session.Fallbacks != 1 {
		t.Errorf("a reaction: %d", d.Session.Fallbacks)
	}
}

func TestReopening(t *testing.T) {
	c := in(conversation.Timeout)
	c.Session.Interest = "eventos"
	model := script(says(decision(t, map[string]any{"next_state": "GENERATING_RESPONSE"})))
	d := decide(t, newOtto(t, model), ask(c, "voltei, ainda dá?"))
	if d.From != conversation.Timeout || d.To != conversation.GeneratingResponse {
		t.Errorf("%s → %s", d.From, d.To)
	}
	want := []conversation.Transition{
		{From: conversation.Timeout, To: conversation.CollectingInfo, Event: conversation.EventInbound, At: tuesday},
		{From: conversation.CollectingInfo, To: conversation.GeneratingResponse, Event: conversation.EventDecision, At: tuesday},
	}
	if diff := cmp.Diff(want, d.Session.Transitions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(model.asked[0].CacheKey, "COLLECTING_INFO.") || len(d.Session.History) != 4 {
		t.Errorf("decided in %s with %d lines", model.asked[0].CacheKey, len(d.Session.History))
	}
}

func TestFiveLukewarmTurnsAreOneConversation(t *testing.T) {
	c := in(conversation.Initial)
	for i := range 5 {
		model := script(says(decision(t, map[string]any{"intent_score": 0.7, "answer_confidence": 0.7, "next_state": "GENERATING_RESPONSE"})))
		d := decide(t, newOtto(t, model), ask(c, []string{"oi", "como funciona?", "e a massa?", "gostei", "e o forno?"}[i]))
		if d.Handoff != "" || !d.To.Active() || len(d.Session.History) != 2*(i+1) {
			t.Fatalf("turn %d: → %s, handoff %q, %d lines", i, d.To, d.Handoff, len(d.Session.History))
		}
		c.Session = d.Session
	}
}

func TestSilent(t *testing.T) {
	tests := []struct {
		kind conversation.Kind
		text string
		want []conversation.Line
	}{
		{conversation.KindReaction, "👍", []conversation.Line{{Who: conversation.Lead, Text: "[o cliente reagiu a uma mensagem] 👍"}}},
		{conversation.KindRevoke, "", []conversation.Line{{Who: conversation.Lead, Text: "[o cliente apagou uma mensagem]"}}},
		{conversation.KindEdit, "são trinta", []conversation.Line{{Who: conversation.Lead, Text: "[o cliente corrigiu uma mensagem] são trinta"}}},
		{conversation.KindEcho, "Oi, aqui é a Ana", []conversation.Line{{Who: conversation.Person, Text: "Oi, aqui é a Ana"}}},
		{conversation.KindSystem, "+55 11 98888-7777 changed", nil},
	}
	for _, tt := range tests {
		for _, state := range conversation.States() {
			c := in(state)
			c.Session.History = nil
			r := ask(c, tt.text)
			r.Messages[0].Kind = tt.kind
			r.Messages[0].SentAt = tuesday.Add(-60e9)
			for i := range tt.want {
				tt.want[i].At, tt.want[i].Message = tuesday.Add(-60e9), r.Messages[0].ID
			}
			d := newOtto(t, script()).Silent(r)
			if len(d.Replies) != 0 || d.To != state || d.From != state || d.Route != conversation.RouteSilent || d.Event != conversation.EventNoted || d.Handoff != "" {
				t.Errorf("%s in %s: %d replies, %s → %s", tt.kind, state, len(d.Replies), d.From, d.To)
			}
			if diff := cmp.Diff(tt.want, d.Session.History); diff != "" && len(tt.want)+len(d.Session.History) > 0 {
				t.Errorf("%s (-want +got):\n%s", tt.kind, diff)
			}
			if again := decide(t, newOtto(t, script()), r); !state.Muted() && again.Route != conversation.RouteSilent {
				t.Errorf("deciding %s is not silent: %s", tt.kind, again.Route)
			}
		}
	}
}

func TestAMutedConversationIsRememberedAndNotAnswered(t *testing.T) {
	for name, d := range map[string]otto.Decision{
		"Decide":   decide(t, newOtto(t, script()), ask(in(conversation.HandoffHuman), "ainda tem alguém?")),
		"Fallback": newOtto(t, script()).Fallback(ask(in(conversation.HandoffHuman), "ainda tem alguém?")),
	} {
		if len(d.Replies) != 0 || d.Route != conversation.RouteMuted || d.To != conversation.HandoffHuman || d.Refused != "muted" {
			t.Errorf("%s: %s, %d replies, → %s, refused %q", name, d.Route, len(d.Replies), d.To, d.Refused)
		}
		if len(d.Session.History) != 3 {
			t.Errorf("%s: %d lines are remembered", name, len(d.Session.History))
		}
	}
}

func TestAStateNobodyKnowsBeginsAnew(t *testing.T) {
	for _, lost := range []conversation.State{"", "ENTRY"} {
		c := in(conversation.Initial)
		c.Session.State = lost
		d := decide(t, newOtto(t, script(says(decision(t, nil)))), ask(c, "quanto custa?"))
		if d.From != conversation.Initial || d.To != conversation.Triage {
			t.Errorf("%q: %s → %s", lost, d.From, d.To)
		}
	}
}

func TestTheCardLearnsOnlyWhatTheLeadSaid(t *testing.T) {
	update := func(field, value, words string) map[string]any {
		return map[string]any{"field": field, "value": value, "words": words}
	}
	model := script(says(decision(t, map[string]any{"card_updates": []map[string]any{
		update("full_name", "Iara Lima", "meu nome é Iara Lima"),
		update("company", "Café Sol", "da Café Sol"),          // not what was said
		update("role", "dona", ""),                            // no words
		update("urgency", "urgent", "pra ontem"),              // meant, not said
		update("email", "outra@exemplo.com", "iara@cafe.com"), // guessed
		update("users_count", "muitas", "meu nome"),           // no number
		update("primary_interest", "mudança", "meu nome"),     // no vertical
	}})))
	c := in(conversation.Triage)
	c.Card = conversation.Card{"company": {Value: "Padaria Lua", At: tuesday.Add(-3600e9)}}
	d := decide(t, newOtto(t, model), ask(c, "Oi! Meu nome é  IARA Lima", "preciso pra ontem, é iara@cafe.com"))
	want := conversation.Card{
		"company":   c.Card["company"],
		"full_name": {Value: "Iara Lima", Words: "meu nome é Iara Lima", Message: "a", Confidence: 1, At: tuesday},
		"urgency":   {Value: "urgent", Words: "pra ontem", Message: "b", Confidence: 0.7, At: tuesday},
		// Read without the model, whatever that made of it.
		"email": {Value: "iara@cafe.com", Words: "iara@cafe.com", Message: "b", Confidence: 1, At: tuesday},
	}
	if diff := cmp.Diff(want, d.Card); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(c.Card) != 1 {
		t.Error("the card of the request changed")
	}
}

func TestANameEndsBeforeTheBusiness(t *testing.T) {
	for said, want := range map[string]string{
		"oi, sou a Ana Souza da Clínica Sorriso": "Ana Souza",
		"aqui é o João da Padaria Lua":           "João",
		"me chamo Maria da Silva Prado":          "Maria da Silva Prado",
		"sou o José dos Santos, tudo bem?":       "José dos Santos",
		"sou da Oficina do Zé":                   "",
	} {
		d := decide(t, newOtto(t, script(says(decision(t, nil)))), ask(in(conversation.Triage), said))
		if got := d.Card["full_name"].Value.Reveal(); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

// The pizzaria is closed at weekends and at Christmas. That the lead asked for
// it makes no such hour possible.
func TestAnHourThatCannotBeIsNotAgreedTo(t *testing.T) {
	for text, allowed := range map[string]bool{
		"Pode ser domingo às 10h.":                              false,
		"Domingo às 10h não tem problema!":                      false,
		"Domingo às 10h, por que não?":                          false,
		"Não se preocupe, domingo às 10h serve.":                false,
		"Domingo às 10h, mesmo fora do horário, pode ser.":      false,
		"Domingo às 10h, mesmo sendo feriado, pode ser.":        false,
		"Domingo às 10h não dá.":                                true,
		"Infelizmente, domingo às 10h a pizzaria está fechada.": true,
		"Domingo às 10h fica fora do nosso horário.":            true,
		"Quinta às 10h pode ser.":                               true,
	} {
		tried := newOtto(t, nil).Try(otto.Trial{Text: text, LeadSaid: []string{"quinta ou domingo às 10h, pode?"}, Now: tuesday})
		for _, v := range tried {
			if v.Guard == "hours" && v.OK != allowed {
				t.Errorf("%q: allowed %t (%s)", text, v.OK, v.Found)
			}
		}
	}
}

func TestCountsAreOfADay(t *testing.T) {
	const volume = "message_volume_per_day"
	tests := map[string]conversation.Card{
		"chegam 300 mensagens por dia":         {volume: {Value: "300"}},
		"chegam umas 300 msgs por dia":         {volume: {Value: "300"}},
		"recebo 40 mensagens":                  {volume: {Value: "40"}},
		"umas 3.000 mensagens por mês":         {},
		"a gente recebe 900 msgs por semana":   {},
		"são 5 atendentes para 200 mensagens":  {volume: {Value: "200"}, "attendants_count": {Value: "5"}},
		"são 5 atendentes e 200 msgs por hora": {"attendants_count": {Value: "5"}},
	}
	for said, want := range tests {
		for _, asked := range []string{"", volume} {
			c := in(conversation.CollectingInfo)
			c.Session.Asked = asked
			d := decide(t, newOtto(t, script(says(decision(t, nil)))), ask(c, said))
			for _, field := range []string{volume, "attendants_count"} {
				if got := d.Card[field].Value; got != want[field].Value {
					t.Errorf("%q, asked for %q: %s is %q, want %q", said, asked, field, got.Reveal(), want[field].Value.Reveal())
				}
			}
		}
	}
}

func TestWhatWasLearnedOutlivesABlockedDraft(t *testing.T) {
	step := says(decision(t, map[string]any{"response_text": "", "card_updates": []map[string]any{
		{"field": "primary_interest", "value": "eventos", "words": "casamento"},
		{"field": "email", "value": "Iara@Cafe.com", "words": "iara@cafe.com"},
	}}))
	d := decide(t, newOtto(t, script(step, step)), ask(in(conversation.Triage), "é um casamento, iara@cafe.com"))
	if d.Session.Interest != "eventos" || d.Card["email"].Value != "iara@cafe.com" || text(d) != safe {
		t.Errorf("interest %q, %d fields, %q", d.Session.Interest, len(d.Card), text(d))
	}
}

func TestTheRequestStaysAsItWas(t *testing.T) {
	build := func() otto.Request {
		c := in(conversation.Timeout)
		c.Session.History = append(make([]conversation.Line, 0, 10), c.Session.History...)
		c.Session.Transitions = append(make([]conversation.Transition, 0, 10), conversation.Transition{To: conversation.Timeout})
		c.Card = conversation.Card{"company": {Value: "Padaria Lua"}}
		return ask(c, "quero uma festa, sou da Padaria Sol")
	}
	r := build()
	model := func() *scripted {
		return script(says(decision(t, map[string]any{"card_updates": []map[string]any{{"field": "company", "value": "Padaria Sol", "words": "Padaria Sol"}}})))
	}
	first := decide(t, newOtto(t, model()), r)
	second := decide(t, newOtto(t, model()), r)
	if diff := cmp.Diff(build(), r); diff != "" {
		t.Errorf("the request changed:\n%s", diff)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same request is answered twice in different ways:\n%s", diff)
	}
	first.Card["company"] = conversation.Value{}
	first.Session.History[0].Text = "outra"
	first.Session.Transitions[0].To = conversation.Error
	if diff := cmp.Diff(build(), r); diff != "" {
		t.Errorf("the decision shares memory with the request:\n%s", diff)
	}
}

func TestNumbersOfCharactersAreCodePoints(t *testing.T) {
	d := decide(t, newOtto(t, script(says(decision(t, map[string]any{"response_text": strings.Repeat("🍕", 600)})))), ask(in(conversation.Triage), "me conta"))
	if n := utf8.RuneCountInString(text(d)); n != otto.MaxText {
		t.Errorf("%d characters", n)
	}
}

// exactKeys reports whether data is one decision with every key once; it is
// written without the decoder under test.
func exactKeys(data []byte) bool {
	var top map[string]json.RawMessage
	if json.Unmarshal(data, &top) != nil || len(top) != 12 {
		return false
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	depth, keys := 0, 0
	for key := false; ; {
		token, err := dec.Token()
		if err != nil {
			return keys == 12
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			key = depth == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 1 {
			if key {
				keys++
			}
			key = !key
		}
	}
}

func FuzzDecodeDecision(f *testing.F) {
	t := &testing.T{}
	for _, seed := range []string{
		decision(t, nil), decision(t, map[string]any{"next_state": "HANDOFF_HUMAN"}),
		decision(t, map[string]any{"message_type": "interactive_list", "options": []map[string]any{{"id": "a", "title": "b", "description": nil}}}),
		decision(t, nil) + "{}", "null", "", `{"next_state":"TRIAGE"}`,
	} {
		f.Add(seed)
	}
	model := &scripted{}
	o, err := otto.New(otto.Options{Pack: pizzaria(), Model: model})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data string) {
		model.asked, model.script = nil, []func() (otto.Completion, error){says(data), ends(otto.OutcomeRefusal, "")}
		d := decide(t, o, ask(in(conversation.CollectingInfo), "quero uma festa"))
		sound(t, conversation.CollectingInfo, d)
		if slices.Contains(d.Model.Outcomes, "ok") && !exactKeys([]byte(data)) {
			t.Fatalf("a decision that is none was taken: %q", data)
		}
	})
}
