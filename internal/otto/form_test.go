package otto_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

func formKey(t *testing.T) *pii.HashKey {
	t.Helper()
	key, err := pii.NewHashKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// withForm is the pizzaria with talks to arrange, also by form, changed.
func withForm(t *testing.T, model otto.Model, changes ...func(p *otto.Pack)) *otto.Otto {
	t.Helper()
	p := meetingPack()
	p.Meetings.Flow = otto.Flow{ID: "1200000000000001", Label: "Escolher horário"}
	p.Sentences.InviteForm = "Que tal uma visita? Pode ser {horarios}. Qual você prefere? Todos estão no botão."
	p.Sentences.FormStale = "Esse formulário não vale mais; nada foi anotado."
	p.Sentences.FormNoted = "Esse formulário já chegou; está anotado."
	for _, change := range changes {
		change(&p)
	}
	o, err := otto.New(otto.Options{Pack: p, Model: model, Tenant: "praca", Key: formKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// form is a message with a filled form of that conversation, changed: a pair of
// name and value each; "-" takes one away.
func form(t *testing.T, c conversation.Conversation, changes ...string) conversation.Inbound {
	t.Helper()
	fields := map[string]string{
		"flow_token": flow.Mint(formKey(t), c.ID, tuesday.Add(-time.Hour)).Reveal(),
		"vertical":   "eventos", "date": "2026-03-11", "time": "10:00", "meeting_mode": "presencial",
		"name": "Iara Prado", "email": "IARA@example.com", "company": "Prado Ltda", "need_description": "Festa para quarenta",
	}
	for change := range slices.Chunk(changes, 2) {
		name, value := change[0], change[1]
		if fields[name] = value; value == "-" {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return conversation.Inbound{
		ID: "m-form", Number: c.Number, From: c.Session.Person, Kind: conversation.KindFlow, Form: pii.Text(text), SentAt: tuesday, ReceivedAt: tuesday,
	}
}

func returning(c conversation.Conversation, messages ...conversation.Inbound) otto.Request {
	return otto.Request{Conversation: c, Messages: messages, Now: tuesday}
}

func TestAFilledFormIsNoted(t *testing.T) {
	for _, state := range []conversation.State{conversation.Initial, conversation.Triage, conversation.CollectingInfo, conversation.ScheduledFollowup} {
		c := in(state)
		message := form(t, c)
		model := script()
		o := withForm(t, model)
		d := decide(t, o, returning(c, message))
		at := time.Date(2026, 3, 11, 10, 0, 0, 0, brasilia)
		if text(d) != "Anotei quarta-feira, 11 de março, às 10h; a equipe confirma." || !d.Appointment.Equal(at) || !d.Session.Booked.Equal(at) {
			t.Errorf("%s: %q, appointment %s", state, text(d), d.Appointment)
		}
		if id := o.FormAppointment(message); d.AppointmentID != id || len(id) != pii.EventIDLen {
			t.Errorf("%s: appointment %q, want %q", state, d.AppointmentID, id)
		}
		if d.To != conversation.ScheduledFollowup || d.Route != conversation.RouteFixed || len(model.asked) > 0 || d.Replies[0].Form != nil {
			t.Errorf("%s: to %s by %s", state, d.To, d.Route)
		}
		want := map[string]string{
			"full_name": "Iara Prado", "email": "iara@example.com", "company": "Prado Ltda", "specific_need": "Festa para quarenta",
			"primary_interest": "eventos", "meeting_mode": "presencial", "meeting_preference": "quarta-feira, 11 de março, às 10h",
			"meeting_at": "2026-03-11T10:00:00-03:00",
		}
		got := map[string]string{}
		for field, v := range d.Card {
			got[field] = v.Value.Reveal()
			if v.Message != message.ID || v.Confidence != 1 {
				t.Errorf("%s: %s is from %q", state, field, v.Message)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: card (-want +got)\n%s", state, diff)
		}
		if d.Session.Interest != "eventos" {
			t.Errorf("%s: interest %q", state, d.Session.Interest)
		}
		if !strings.Contains(d.Briefing.Reveal(), "Prado Ltda") {
			t.Errorf("%s: the team reads %q", state, d.Briefing.Reveal())
		}
	}
}

func TestAFormIsNotedWithoutAModel(t *testing.T) {
	c := in(conversation.Triage)
	if d := withForm(t, nil).Fallback(returning(c, form(t, c))); d.AppointmentID == "" || !strings.HasPrefix(text(d), "Anotei") {
		t.Errorf("%q", text(d))
	}
}

func TestFormsThatAreNotNoted(t *testing.T) {
	c := in(conversation.Triage)
	key := formKey(t)
	other, err := pii.NewHashKey(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	const stale, closed = "não vale mais", "Fechado nessa hora"
	for name, tt := range map[string]struct {
		changes []string
		says    string
	}{
		"without a token":            {[]string{"flow_token", "-"}, stale},
		"with Meta's token":          {[]string{"flow_token", "unused"}, stale},
		"with a telephone number":    {[]string{"flow_token", "5511988887777"}, stale},
		"of another conversation":    {[]string{"flow_token", flow.Mint(key, "xyz", tuesday).Reveal()}, stale},
		"of another key":             {[]string{"flow_token", flow.Mint(other, c.ID, tuesday).Reveal()}, stale},
		"after its grace":            {[]string{"flow_token", flow.Mint(key, c.ID, tuesday.Add(-flow.Life-flow.Grace)).Reveal()}, stale},
		"on a closed day":            {[]string{"date", "2026-03-14"}, closed},
		"in the lunch hour":          {[]string{"time", "12:30"}, closed},
		"years ahead":                {[]string{"date", "2031-03-11"}, closed},
		"on a day that is over":      {[]string{"date", "2026-03-09"}, "Já passou"},
		"on a day that is none":      {[]string{"date", "2026-02-31"}, "Que dia e hora?"},
		"without a time":             {[]string{"time", "-"}, "Que dia e hora?"},
		"without anything but token": {[]string{"date", "-", "time", "-", "vertical", "-", "name", "-", "email", "-", "company", "-", "need_description", "-", "meeting_mode", "-"}, "Que dia e hora?"},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, withForm(t, script()), returning(c, form(t, c, tt.changes...)))
			if !strings.Contains(text(d), tt.says) || !d.Appointment.IsZero() || d.AppointmentID != "" {
				t.Errorf("%q, appointment %s", text(d), d.Appointment)
			}
			if tt.says == stale && len(d.Card) > 0 {
				t.Errorf("believed: %v", slices.Collect(maps.Keys(d.Card)))
			}
			if _, met := d.Card[conversation.FieldMeetingAt]; met {
				t.Error("the card has a meeting")
			}
			if f := d.Replies[0].Form; f == nil || d.Replies[0].Kind != conversation.ReplyFlow {
				t.Error("no new form is offered")
			}
		})
	}
}

func TestAFormHoldsALittleLonger(t *testing.T) {
	c := in(conversation.Triage)
	late := flow.Mint(formKey(t), c.ID, tuesday.Add(-flow.Life-flow.Grace+time.Second)).Reveal()
	if d := decide(t, withForm(t, script()), returning(c, form(t, c, "flow_token", late))); d.AppointmentID == "" {
		t.Errorf("%q", text(d))
	}
	// It was soon enough when it was filled in.
	if d := decide(t, withForm(t, script()), returning(c, form(t, c, "date", "2026-03-10", "time", "11:00"))); d.AppointmentID == "" {
		t.Errorf("%q", text(d))
	}
}

// A person has as many conversation ids as identifiers; the form may have been
// sent under any of them.
func TestAFormOfTheSamePerson(t *testing.T) {
	key := formKey(t)
	c := in(conversation.Triage)
	byPhone := conversation.ID(key.Conversation(c.Number, "5511988887777"))
	byUser := conversation.ID(key.Conversation(c.Number, "BR.5005"))
	for name, id := range map[string]conversation.ID{"the number's": byPhone, "the user id's": byUser} {
		message := form(t, c, "flow_token", flow.Mint(key, id, tuesday).Reveal())
		message.From = conversation.Identity{UserID: "BR.5005"}
		if d := decide(t, withForm(t, script()), returning(c, message)); d.AppointmentID == "" {
			t.Errorf("%s conversation: %q", name, text(d))
		}
	}
}

func TestAFormThatComesTwice(t *testing.T) {
	c := in(conversation.Triage)
	message := form(t, c)
	o := withForm(t, script())
	r := returning(c, message)
	r.Noted = []string{o.FormAppointment(message)}
	d := decide(t, o, r)
	if text(d) != "Esse formulário já chegou; está anotado." || !d.Appointment.IsZero() || len(d.Card) > 0 {
		t.Errorf("%q, appointment %s, card of %d", text(d), d.Appointment, len(d.Card))
	}
}

func TestFormsThatNobodyCanRead(t *testing.T) {
	c := in(conversation.Triage)
	for _, text := range []pii.Text{"", "[]", "{}", `{"cep":"04077-000"}`} {
		message := form(t, c)
		message.Form = text
		o := withForm(t, script())
		if d := decide(t, o, returning(c, message)); d.Route != conversation.RouteMedia || !d.Appointment.IsZero() || o.FormAppointment(message) != "" {
			t.Errorf("%q: by %s", text.Reveal(), d.Route)
		}
	}
	// Nobody offers a form: none can be answered.
	if d := decide(t, meeting(t, script()), returning(c, form(t, c))); d.Route != conversation.RouteMedia || len(d.Card) > 0 {
		t.Errorf("without forms: by %s", d.Route)
	}
}

// Whoever asks for a person gets one, who reads what the form says.
func TestAFormAndAWishForAPerson(t *testing.T) {
	c := in(conversation.Triage)
	asks := ask(c, "quero falar com uma pessoa").Messages[0]
	d := decide(t, withForm(t, script()), returning(c, form(t, c), asks))
	if d.Handoff != otto.HandoffRequested || !d.Appointment.IsZero() || !strings.Contains(d.Briefing.Reveal(), "11 de março") {
		t.Errorf("handoff %q, the person reads %q", d.Handoff, d.Briefing.Reveal())
	}
}

func TestTheFormIsOfferedWithAnInvitation(t *testing.T) {
	c := in(conversation.CollectingInfo)
	c.Session.Interest = "eventos"
	for field, value := range map[string]pii.Text{"specific_need": "uma festa", "users_count": "40", "urgency": "low"} {
		c.Card, _ = c.Card.With(field, conversation.Value{Value: value, At: tuesday.Add(-time.Hour)})
	}
	good := decision(t, map[string]any{"response_text": "Claro.", "next_state": "COLLECTING_INFO"})
	d := decide(t, withForm(t, script(says(good))), ask(c, "e tem de calabresa?"))
	r := d.Replies[0]
	if r.Kind != conversation.ReplyFlow || r.Form == nil || r.Form.Flow != "1200000000000001" || r.Form.Label != "Escolher horário" {
		t.Fatalf("reply %+v", r)
	}
	if !strings.HasPrefix(r.Text.Reveal(), "Claro. Que tal uma visita?") || !strings.Contains(r.Text.Reveal(), "Todos estão no botão.") {
		t.Errorf("says %q", r.Text.Reveal())
	}
	if pass, ok := flow.Read(formKey(t), r.Form.Token.Reveal()); !ok || pass.Conversation != c.ID || !pass.Expires.Equal(tuesday.Add(flow.Life)) {
		t.Errorf("token %+v", pass)
	}
	if last := d.Session.History[len(d.Session.History)-1].Text.Reveal(); !strings.HasSuffix(last, "[Escolher horário]") {
		t.Errorf("remembered: %q", last)
	}
	// The same form again, decided again.
	again := decide(t, withForm(t, script(says(good))), ask(c, "e tem de calabresa?"))
	if diff := cmp.Diff(d.Replies, again.Replies); diff != "" {
		t.Error(diff)
	}
	shut := func(p *otto.Pack) { p.Hours.Week = [7][]otto.Span{} }
	for name, o := range map[string]*otto.Otto{
		"no form":         meeting(t, script(says(good))),
		"no open hour":    withForm(t, script(says(good)), shut),
		"no conversation": withForm(t, script(says(good))),
	} {
		c := c
		if name == "no conversation" {
			c.ID = ""
		}
		if r := decide(t, o, ask(c, "e tem de calabresa?")).Replies[0]; r.Kind == conversation.ReplyFlow || r.Form != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestTheFormIsOfferedWhenAMomentCannotBe(t *testing.T) {
	c := in(conversation.Triage)
	d := decide(t, withForm(t, script()), ask(c, "quero marcar reunião domingo às 10h"))
	if r := d.Replies[0]; r.Form == nil || !strings.HasPrefix(r.Text.Reveal(), "Fechado nessa hora") {
		t.Errorf("%+v", r)
	}
}

func TestFaultsOfForms(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(p *otto.Pack)
		want   string
	}{
		"id is no number":    {func(p *otto.Pack) { p.Meetings.Flow.ID = "agenda" }, "digits"},
		"no id":              {func(p *otto.Pack) { p.Meetings.Flow.ID = "" }, "digits"},
		"no label":           {func(p *otto.Pack) { p.Meetings.Flow.Label = "" }, "label"},
		"long label":         {func(p *otto.Pack) { p.Meetings.Flow.Label = strings.Repeat("a", 21) }, "label"},
		"emoji on the label": {func(p *otto.Pack) { p.Meetings.Flow.Label = "Agendar 📅" }, "label"},
		"no invitation":      {func(p *otto.Pack) { p.Sentences.InviteForm = "" }, "invite_form"},
		"no word on a late":  {func(p *otto.Pack) { p.Sentences.FormStale = "" }, "form_stale"},
		"no word on a twin":  {func(p *otto.Pack) { p.Sentences.FormNoted = "" }, "form_noted"},
	} {
		p := meetingPack()
		p.Meetings.Flow = otto.Flow{ID: "12", Label: "Escolher"}
		p.Sentences.InviteForm, p.Sentences.FormStale, p.Sentences.FormNoted = "Pode ser {horarios}?", "Não vale.", "Anotado."
		if faults := p.Validate(); len(faults) > 0 {
			t.Fatal(faults)
		}
		tt.change(&p)
		if faults := strings.Join(p.Validate(), "; "); !strings.Contains(faults, tt.want) {
			t.Errorf("%s: %s", name, faults)
		}
	}
}

func TestOffice(t *testing.T) {
	p := meetingPack()
	o := p.Office()
	if diff := cmp.Diff([]flow.Option{{ID: "balcao", Title: "Balcão"}, {ID: "eventos", Title: "Eventos"}}, o.Topics); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(o.Modes, []string{"online"}) {
		t.Errorf("modes without an address: %v", o.Modes)
	}
	p.Contacts.Address = "Praça Central, 10"
	if modes := p.Office().Modes; !slices.Equal(modes, []string{"presencial", "online"}) {
		t.Errorf("modes with an address: %v", modes)
	}
	var got []string
	for _, at := range o.Starts(tuesday) {
		got = append(got, at.Format("02 15:04"))
	}
	// Two hours' notice, a lunch hour, a weekend, and five days ahead to the minute.
	want := strings.Fields(`10 13:00 10 14:00 10 15:00 10 16:00 10 17:00
		11 09:00 11 10:00 11 11:00 11 13:00 11 14:00 11 15:00 11 16:00 11 17:00
		12 09:00 12 10:00 12 11:00 12 13:00 12 14:00 12 15:00 12 16:00 12 17:00
		13 09:00 13 10:00 13 11:00 13 13:00 13 14:00 13 15:00 13 16:00 13 17:00`)
	if diff := cmp.Diff(want, strings.Fields(strings.Join(got, " "))); diff != "" {
		t.Error(diff)
	}
	p.Meetings = otto.Meetings{}
	if closed := p.Office(); len(closed.Topics) > 0 || len(closed.Starts(tuesday)) > 0 {
		t.Errorf("an office without meetings: %v", closed.Topics)
	}
}
