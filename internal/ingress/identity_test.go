package ingress_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// A notice that somebody's number or id changed reaches the conversation that
// is under way, and names both who the person was and who they are.
func TestNoticesOfAChangedPerson(t *testing.T) {
	const newPhone, newUser, olderUser = "5511977770009", "BR.8001", userID
	d := newDoor(t, options{})
	for name, c := range map[string]struct {
		sender, system map[string]any
		was            *conversation.Identity
		from           conversation.Identity
		note           string
	}{
		"number and id": {
			nil, map[string]any{"type": "user_changed_number", "body": "b", "wa_id": newPhone, "user_id": newUser, "previous_user_id": olderUser},
			&conversation.Identity{Phone: lead, UserID: olderUser}, conversation.Identity{Phone: newPhone, UserID: newUser}, "user_changed_number",
		},
		"number alone": {
			nil, map[string]any{"type": "user_changed_number", "body": "b", "wa_id": newPhone},
			&conversation.Identity{Phone: lead}, conversation.Identity{Phone: newPhone}, "user_changed_number",
		},
		"id alone": {
			nil, map[string]any{"type": "user_changed_user_id", "body": "b", "user_id": newUser, "previous_user_id": olderUser},
			&conversation.Identity{UserID: olderUser}, conversation.Identity{Phone: lead, UserID: newUser}, "user_changed_user_id",
		},
		"the older id as the sender's": {
			map[string]any{"from": nil, "from_user_id": olderUser}, map[string]any{"type": "user_changed_user_id", "body": "b", "user_id": newUser},
			&conversation.Identity{UserID: olderUser}, conversation.Identity{UserID: newUser}, "user_changed_user_id",
		},
		"a new device": {
			nil, map[string]any{"type": "customer_identity_changed", "body": "b", "identity": map[string]any{"hash": "h"}},
			nil, conversation.Identity{Phone: lead}, "customer_identity_changed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(d.messages())
			fields := map[string]any{"type": "system", "system": c.system}
			for key, value := range c.sender {
				fields[key] = value
			}
			d.want(d.receive(d.pen.Message(lead, "", fields)), tally{Events: 1, Enqueued: 1})
			got := d.messages()[before]
			if got.Kind != conversation.KindSystem || got.Note != c.note {
				t.Errorf("kind %s, note %q", got.Kind, got.Note)
			}
			if !cmp.Equal(c.was, got.Was) || !cmp.Equal(c.from, got.From) {
				t.Errorf("was %v, is %v", cmp.Diff(c.was, got.Was), cmp.Diff(c.from, got.From))
			}
			e := d.letters()[before]
			var want []string
			for _, who := range []*conversation.Identity{c.was, &c.from} {
				if who == nil {
					continue
				}
				for _, id := range who.Conversations(d.key, number) {
					if !slices.Contains(want, string(id)) {
						want = append(want, string(id))
					}
				}
			}
			if diff := cmp.Diff(want, e.Aliases); diff != "" || e.Conversation != want[0] {
				t.Errorf("aliases (-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever switches a business's advertising off in WhatsApp is heard as a
// person, not counted as a number.
func TestPreferencesReachTheirPerson(t *testing.T) {
	d := newDoor(t, options{now: func() time.Time { return time.Unix(1796000000, 0) }})
	body := d.pen.Change("user_preferences", map[string]any{
		"messaging_product": "whatsapp",
		"metadata":          map[string]any{"phone_number_id": number, "display_phone_number": "5511"},
		"user_preferences": []any{
			map[string]any{"wa_id": lead, "user_id": userID, "category": "marketing_messages", "value": "stop", "timestamp": 1795000000},
			map[string]any{"wa_id": "BR.99", "value": "resume", "timestamp": "1795000001"},
			map[string]any{"wa_id": lead, "value": "perhaps"},
			map[string]any{"value": "stop"},
			"neither",
		},
	})
	d.want(d.receive(body), tally{Events: 5, Enqueued: 2, Quarantined: 3})
	got := d.messages()[:2]
	want := []conversation.Inbound{
		{From: conversation.Identity{Phone: lead, UserID: userID}, Kind: conversation.KindSystem, Type: "user_preferences",
			Note: conversation.NoteMarketingStop, SentAt: time.Unix(1795000000, 0).UTC()},
		{From: conversation.Identity{UserID: "BR.99"}, Kind: conversation.KindSystem, Type: "user_preferences",
			Note: conversation.NoteMarketingResume, SentAt: time.Unix(1795000001, 0).UTC()},
	}
	slices.SortFunc(got, func(a, b conversation.Inbound) int { return a.SentAt.Compare(b.SentAt) })
	ignore := cmpopts.IgnoreFields(conversation.Inbound{}, "ID", "WAMID", "Number", "ReceivedAt", "Raw")
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// It comes again, as after a lost answer.
	d.want(d.receive(body), tally{Events: 5, Duplicates: 2, Quarantined: 3})
	d.want(d.receive(d.pen.Change("user_preferences", map[string]any{"user_preferences": 7})), tally{Events: 1, Quarantined: 1})
}

func TestWhatIsNoTextIsReadable(t *testing.T) {
	d := newDoor(t, options{})
	item := func(id string, quantity, price any, currency string) map[string]any {
		return map[string]any{"product_retailer_id": id, "quantity": quantity, "item_price": price, "currency": currency}
	}
	order := func(items ...any) map[string]any {
		return map[string]any{"type": "order", "order": map[string]any{"catalog_id": "1", "product_items": items}}
	}
	card := func(origin string) map[string]any {
		return map[string]any{
			"from": nil, "from_user_id": userID, "type": "contacts",
			"contacts": []any{map[string]any{
				"origin": origin, "name": map[string]any{"formatted_name": "Iara Lima"},
				"phones": []any{map[string]any{"phone": "+55 11 90000-1111", "wa_id": lead}},
			}},
		}
	}
	for name, c := range map[string]struct {
		fields map[string]any
		text   string
		phone  pii.Contact
	}{
		"a place with a name": {
			map[string]any{"type": "location", "location": map[string]any{"latitude": -23.6, "longitude": -46.67, "name": "Loja Moema", "address": "Av. Exemplo, 10"}},
			"📍 Loja Moema, Av. Exemplo, 10 (-23.60000, -46.67000)", lead,
		},
		"an order in one currency":  {order(item("pão", 3, 0.1, "BRL"), item("leite", 2, 4.35, "BRL")), "🛒 3 × pão: 0.1 BRL\n🛒 2 × leite: 4.35 BRL\n= 9.00 BRL", lead},
		"an order in two":           {order(item("a", 1, 1, "BRL"), item("b", 1, 1, "USD")), "🛒 1 × a: 1 BRL\n🛒 1 × b: 1 USD", lead},
		"an order without a price":  {order(item("a", 1, nil, "")), "🛒 1 × a", lead},
		"a card that proves itself": {card("contact_request"), "👤 Iara Lima +55 11 90000-1111", lead},
		"a card of anybody":         {card("other"), "👤 Iara Lima +55 11 90000-1111", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(d.messages())
			d.receive(d.pen.Message(lead, "Iara", c.fields))
			got := d.messages()[before]
			if got.Text.Reveal() != c.text || got.From.Phone != c.phone {
				t.Errorf("reads %q, of the right sender %t", got.Text.Reveal(), got.From.Phone == c.phone)
			}
		})
	}
}

func TestWhereAMessageComesFrom(t *testing.T) {
	d := newDoor(t, options{})
	d.receive(d.pen.Message(lead, "Iara", map[string]any{
		"type": "text", "text": map[string]any{"body": "Quero o combo"},
		"context": map[string]any{"frequently_forwarded": true, "id": "wamid.OUT", "from": whatsapptest.DefaultDisplayPhoneNumber,
			"referred_product": map[string]any{"catalog_id": "c", "product_retailer_id": "cafe-500g"}},
		"referral": map[string]any{"source_type": "ad", "source_id": "120", "source_url": "https://fb.me/ex", "headline": "Combo café",
			"body": "2 por 1", "media_type": "image", "ctwa_clid": "EXCLID"},
	}))
	want := conversation.Inbound{
		Kind: conversation.KindText, Type: "text", Text: "Quero o combo", ReplyTo: "wamid.OUT", Product: "cafe-500g", Forwarded: true,
		Ad: &conversation.Referral{Type: "ad", ID: "120", URL: "https://fb.me/ex", Headline: "Combo café", Body: "2 por 1", ClickID: "EXCLID"},
	}
	ignore := cmpopts.IgnoreFields(conversation.Inbound{}, "ID", "WAMID", "Number", "From", "SentAt", "ReceivedAt")
	if diff := cmp.Diff(want, d.one(), ignore); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What Meta says of the account reaches whoever watches the log, graded.
func TestNotices(t *testing.T) {
	ours := map[string]any{"phone_number_id": number}
	for name, c := range map[string]struct {
		field string
		value map[string]any
		want  map[string]any
	}{
		"banned":            {"account_update", map[string]any{"event": "DISABLED_UPDATE"}, map[string]any{"severity": "CRITICAL", "kind": "account_update", "reason": "DISABLED UPDATE"}},
		"restricted":        {"account_update", map[string]any{"event": "ACCOUNT_RESTRICTION"}, map[string]any{"severity": "CRITICAL"}},
		"off-boarded":       {"account_update", map[string]any{"event": "ACCOUNT_OFFBOARDED"}, map[string]any{"severity": "CRITICAL"}},
		"verified":          {"account_update", map[string]any{"event": "VERIFIED_ACCOUNT"}, map[string]any{"severity": "INFO"}},
		"never heard of":    {"account_update", map[string]any{"event": "SOMETHING_NEW"}, map[string]any{"severity": "WARNING"}},
		"no word":           {"account_update", map[string]any{"event": "call +55 11 99999-0000"}, map[string]any{"severity": "WARNING", "reason": "other"}},
		"another shape":     {"account_update", map[string]any{"event": 7}, map[string]any{"severity": "WARNING", "kind": "account_update"}},
		"alert":             {"account_alerts", map[string]any{"entity_id": "1", "alert_info": map[string]any{"alert_severity": "CRITICAL", "alert_type": "INCREASED_CAPABILITIES_ELIGIBILITY_FAILED"}}, map[string]any{"severity": "CRITICAL", "reason": "INCREASED CAPABILITIES ELIGIBILITY FAILED"}},
		"review lost":       {"account_review_update", map[string]any{"decision": "REJECTED"}, map[string]any{"severity": "CRITICAL"}},
		"review won":        {"account_review_update", map[string]any{"decision": "APPROVED"}, map[string]any{"severity": "INFO"}},
		"quality flagged":   {"phone_number_quality_update", map[string]any{"event": "FLAGGED"}, map[string]any{"severity": "ERROR"}},
		"throughput":        {"phone_number_quality_update", map[string]any{"event": "THROUGHPUT_UPGRADE"}, map[string]any{"severity": "INFO"}},
		"name refused":      {"phone_number_name_update", map[string]any{"decision": "REJECTED"}, map[string]any{"severity": "ERROR"}},
		"limits":            {"business_capability_update", map[string]any{"max_phone_numbers_per_waba": 25}, map[string]any{"severity": "INFO"}},
		"PIN":               {"security", map[string]any{"event": "PIN_RESET_REQUEST"}, map[string]any{"severity": "WARNING"}},
		"template paused":   {"message_template_status_update", map[string]any{"event": "PAUSED"}, map[string]any{"severity": "ERROR"}},
		"template approved": {"message_template_status_update", map[string]any{"event": "APPROVED"}, map[string]any{"severity": "INFO"}},
		"Meta's own mix-up": {"message_template_status_update", map[string]any{"new_quality_score": "RED"}, map[string]any{"severity": "ERROR", "reason": "RED"}},
		"template quality":  {"message_template_quality_update", map[string]any{"new_quality_score": "GREEN"}, map[string]any{"severity": "INFO"}},
		"template price":    {"template_category_update", map[string]any{"new_category": "MARKETING"}, map[string]any{"severity": "WARNING"}},
		"Flow ill":          {"flows", map[string]any{"event": "ENDPOINT_ERROR_RATE", "alert_state": "ACTIVATED"}, map[string]any{"severity": "ERROR"}},
		"Flow well again":   {"flows", map[string]any{"event": "ENDPOINT_ERROR_RATE", "alert_state": "DEACTIVATED"}, map[string]any{"severity": "INFO"}},
		"Flow blocked":      {"flows", map[string]any{"event": "FLOW_STATUS_CHANGE", "new_status": "BLOCKED"}, map[string]any{"severity": "ERROR"}},
		"payment":           {"payment_configuration_update", map[string]any{"status": "Needs Testing"}, map[string]any{"severity": "CRITICAL"}},
		"username":          {"business_username_update", map[string]any{"status": "approved"}, map[string]any{"severity": "INFO"}},
		"another agent":     {"standby", map[string]any{"metadata": ours, "messages": []any{map[string]any{"from": lead}}}, map[string]any{"severity": "ERROR", "message": "standby_message"}},
		"handed over":       {"messaging_handovers", map[string]any{"metadata": ours}, map[string]any{"severity": "ERROR"}},
		"no such field":     {"invented_field", map[string]any{"x": 1}, map[string]any{"severity": "INFO", "kind": "unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, options{})
			d.want(d.receive(d.pen.Change(c.field, c.value)), tally{Events: 1, Ignored: 1})
			if len(d.letters()) != 0 {
				t.Error("it made a task")
			}
			noticed := "account_notice"
			if said, ok := c.want["message"]; ok {
				noticed = said.(string)
			}
			event := d.logs.event(t, noticed)
			for key, want := range c.want {
				if event[key] != want {
					t.Errorf("%s is %v, want %v", key, event[key], want)
				}
			}
			if received := d.logs.event(t, "webhook_received"); received["notices"] != 1.0 {
				t.Errorf("counted as %v", received["notices"])
			}
		})
	}
}

func TestErrorsOfNoMessage(t *testing.T) {
	for code, severity := range map[int]string{131042: "CRITICAL", 131031: "CRITICAL", 368: "CRITICAL", 130429: "WARNING", 131000: "ERROR"} {
		d := newDoor(t, options{})
		d.receive(d.pen.Failure(code))
		event := d.logs.event(t, "account_notice")
		if event["severity"] != severity || event["code"] != float64(code) {
			t.Errorf("%d is logged as %v", code, event)
		}
	}
}
