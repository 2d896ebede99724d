package whatsapp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
)

func buttons(n int) []whatsapp.Button {
	var all []whatsapp.Button
	for i := range n {
		all = append(all, whatsapp.Button{ID: fmt.Sprint("b", i), Title: fmt.Sprint("Opção ", i)})
	}
	return all
}

func rows(from, n int) []whatsapp.Row {
	var all []whatsapp.Row
	for i := range n {
		all = append(all, whatsapp.Row{ID: fmt.Sprint("r", from+i), Title: fmt.Sprint("Linha ", from+i)})
	}
	return all
}

func TestSendLimits(t *testing.T) {
	// One emoji with a skin tone is two code points, and four bytes each.
	const thumb = "👍🏽"
	wide := func(n int) string { return strings.Repeat("ç", n) }
	text := func(body string) whatsapp.Outgoing { return whatsapp.TextMessage{Body: body} }
	withButtons := func(b ...whatsapp.Button) whatsapp.Outgoing {
		return whatsapp.ButtonsMessage{Body: "Escolha", Buttons: b}
	}
	withRow := func(row whatsapp.Row) whatsapp.Outgoing {
		return whatsapp.ListMessage{Body: "Escolha", Button: "Ver", Sections: []whatsapp.Section{{Rows: []whatsapp.Row{row}}}}
	}
	withSections := func(s ...whatsapp.Section) whatsapp.Outgoing {
		return whatsapp.ListMessage{Body: "Escolha", Button: "Ver", Sections: s}
	}
	limit := func(field, rule string, numbers ...int) *whatsapp.LimitError {
		e := &whatsapp.LimitError{Field: field, Rule: rule}
		if len(numbers) == 2 {
			e.Limit, e.Got = numbers[0], numbers[1]
		}
		return e
	}
	const firstButton, firstRow = "interactive.action.buttons[0].reply.", "interactive.action.sections[0].rows[0]."
	tests := []struct {
		name    string
		message whatsapp.Outgoing
		want    *whatsapp.LimitError
	}{
		{"nothing", nil, limit("type", whatsapp.RuleRequired)},
		{"text", text("oi"), nil},
		{"longest text", text(wide(4096)), nil},
		{"longest text of emoji", text(strings.Repeat(thumb, 2048)), nil},
		{"text too long", text(wide(4097)), limit("text.body", whatsapp.RuleCharacters, 4096, 4097)},
		{"empty text", text(""), limit("text.body", whatsapp.RuleRequired)},
		{"blank text", text(" \n\t"), limit("text.body", whatsapp.RuleRequired)},
		{"text that is no UTF-8", text("a\xff"), limit("text.body", whatsapp.RuleUTF8)},

		{"three buttons", withButtons(buttons(3)...), nil},
		{"no button", withButtons(), limit("interactive.action.buttons", whatsapp.RuleRequired)},
		{"four buttons", withButtons(buttons(4)...), limit("interactive.action.buttons", whatsapp.RuleItems, 3, 4)},
		{"longest button", withButtons(whatsapp.Button{ID: wide(256), Title: wide(20)}), nil},
		{"button title too long", withButtons(whatsapp.Button{ID: "a", Title: wide(21)}), limit(firstButton+"title", whatsapp.RuleCharacters, 20, 21)},
		{"button without title", withButtons(whatsapp.Button{ID: "a"}), limit(firstButton+"title", whatsapp.RuleRequired)},
		{"button id too long", withButtons(whatsapp.Button{ID: wide(257), Title: "A"}), limit(firstButton+"id", whatsapp.RuleCharacters, 256, 257)},
		{"button without id", withButtons(whatsapp.Button{Title: "A"}), limit(firstButton+"id", whatsapp.RuleRequired)},
		{"button id ends in space", withButtons(whatsapp.Button{ID: "a ", Title: "A"}), limit(firstButton+"id", whatsapp.RuleFormat)},
		{"same id twice", withButtons(whatsapp.Button{ID: "a", Title: "A"}, whatsapp.Button{ID: "a", Title: "B"}),
			limit("interactive.action.buttons[1].reply.id", whatsapp.RuleUnique)},
		{"same title twice", withButtons(whatsapp.Button{ID: "a", Title: "A"}, whatsapp.Button{ID: "b", Title: "A"}),
			limit("interactive.action.buttons[1].reply.title", whatsapp.RuleUnique)},
		{"a template", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Parameters: whatsapp.Positional{wide(1024), "a    b"}}, nil},
		{"a template without parameters", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR"}, nil},
		{"no template", whatsapp.TemplateMessage{Language: "pt_BR"}, limit("template.name", whatsapp.RuleRequired)},
		{"no language", whatsapp.TemplateMessage{Name: "aviso"}, limit("template.language.code", whatsapp.RuleRequired)},
		{"an empty parameter", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Parameters: whatsapp.Positional{"a", " "}},
			limit("template.components.parameters[1].text", whatsapp.RuleRequired)},
		{"a parameter of two lines", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Parameters: whatsapp.Positional{"a\nb"}},
			limit("template.components.parameters[0].text", whatsapp.RuleFormat)},
		{"a parameter with a gap", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Parameters: whatsapp.Positional{"a     b"}},
			limit("template.components.parameters[0].text", whatsapp.RuleFormat)},
		{"longest frame", whatsapp.ButtonsMessage{Header: whatsapp.HeaderText(wide(60)), Body: wide(1024), Footer: wide(60), Buttons: buttons(1)}, nil},
		{"header too long", whatsapp.ButtonsMessage{Header: whatsapp.HeaderText(wide(61)), Body: "x", Buttons: buttons(1)},
			limit("interactive.header.text", whatsapp.RuleCharacters, 60, 61)},
		{"body too long", whatsapp.ButtonsMessage{Body: wide(1025), Buttons: buttons(1)},
			limit("interactive.body.text", whatsapp.RuleCharacters, 1024, 1025)},
		{"no body", whatsapp.ButtonsMessage{Buttons: buttons(1)}, limit("interactive.body.text", whatsapp.RuleRequired)},
		{"footer too long", whatsapp.ButtonsMessage{Body: "x", Footer: wide(61), Buttons: buttons(1)},
			limit("interactive.footer.text", whatsapp.RuleCharacters, 60, 61)},

		{"ten rows", withSections(whatsapp.Section{Rows: rows(0, 10)}), nil},
		{"eleven rows", withSections(whatsapp.Section{Rows: rows(0, 11)}),
			limit("interactive.action.sections.rows", whatsapp.RuleItems, 10, 11)},
		{"eleven rows in two sections", withSections(whatsapp.Section{Title: "A", Rows: rows(0, 6)}, whatsapp.Section{Title: "B", Rows: rows(6, 5)}),
			limit("interactive.action.sections.rows", whatsapp.RuleItems, 10, 11)},
		{"no section", withSections(), limit("interactive.action.sections", whatsapp.RuleRequired)},
		{"section without rows", withSections(whatsapp.Section{}), limit("interactive.action.sections[0].rows", whatsapp.RuleRequired)},
		{"two sections, one untitled", withSections(whatsapp.Section{Title: "A", Rows: rows(0, 1)}, whatsapp.Section{Rows: rows(1, 1)}),
			limit("interactive.action.sections[1].title", whatsapp.RuleRequired)},
		{"section title too long", withSections(whatsapp.Section{Title: wide(25), Rows: rows(0, 1)}),
			limit("interactive.action.sections[0].title", whatsapp.RuleCharacters, 24, 25)},
		{"no list button", whatsapp.ListMessage{Body: "x", Sections: []whatsapp.Section{{Rows: rows(0, 1)}}},
			limit("interactive.action.button", whatsapp.RuleRequired)},
		{"list button too long", whatsapp.ListMessage{Body: "x", Button: wide(21), Sections: []whatsapp.Section{{Rows: rows(0, 1)}}},
			limit("interactive.action.button", whatsapp.RuleCharacters, 20, 21)},
		{"longest row", withRow(whatsapp.Row{ID: wide(200), Title: wide(24), Description: wide(72)}), nil},
		{"row id too long", withRow(whatsapp.Row{ID: wide(201), Title: "x"}), limit(firstRow+"id", whatsapp.RuleCharacters, 200, 201)},
		{"row title too long", withRow(whatsapp.Row{ID: "x", Title: wide(25)}), limit(firstRow+"title", whatsapp.RuleCharacters, 24, 25)},
		{"row description too long", withRow(whatsapp.Row{ID: "x", Title: "x", Description: wide(73)}),
			limit(firstRow+"description", whatsapp.RuleCharacters, 72, 73)},
		{"same row id in two sections", withSections(whatsapp.Section{Title: "A", Rows: rows(0, 1)}, whatsapp.Section{Title: "B", Rows: rows(0, 1)}),
			limit("interactive.action.sections[1].rows[0].id", whatsapp.RuleUnique)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := whatsapp.Send{PhoneNumberID: "7330", To: whatsapp.Phone("5521900000001"), Message: test.message}.Check()
			checkLimit(t, err, test.want)
		})
	}
}

func TestSendLimitsAroundTheMessage(t *testing.T) {
	good := whatsapp.Send{PhoneNumberID: "7330", To: whatsapp.Phone("5521900000001"), Message: whatsapp.TextMessage{Body: "oi"}}
	tests := []struct {
		name   string
		change func(*whatsapp.Send)
		want   *whatsapp.LimitError
	}{
		{"nothing", func(*whatsapp.Send) {}, nil},
		{"user id", func(s *whatsapp.Send) { s.To = whatsapp.User("BR.77") }, nil},
		{"parent user id", func(s *whatsapp.Send) { s.To = whatsapp.User("BR.ENT.77") }, nil},
		{"nobody", func(s *whatsapp.Send) { s.To = whatsapp.Recipient{} }, &whatsapp.LimitError{Field: "to", Rule: whatsapp.RuleRequired}},
		{"plus in the number", func(s *whatsapp.Send) { s.To = whatsapp.Phone("+5521900000001") }, &whatsapp.LimitError{Field: "to", Rule: whatsapp.RuleDigits}},
		{"number as dialled within a country", func(s *whatsapp.Send) { s.To = whatsapp.Phone("021900000001") }, &whatsapp.LimitError{Field: "to", Rule: whatsapp.RuleDigits}},
		{"number as user id", func(s *whatsapp.Send) { s.To = whatsapp.User("5521900000001") }, &whatsapp.LimitError{Field: "recipient", Rule: whatsapp.RuleFormat}},
		{"opaque data, longest", func(s *whatsapp.Send) { s.Opaque = strings.Repeat("ç", 512) }, nil},
		{"opaque data, too long", func(s *whatsapp.Send) { s.Opaque = strings.Repeat("ç", 513) },
			&whatsapp.LimitError{Field: "biz_opaque_callback_data", Rule: whatsapp.RuleCharacters, Limit: 512, Got: 513}},
		{"business number is a path", func(s *whatsapp.Send) { s.PhoneNumberID = "../7330" },
			&whatsapp.LimitError{Field: "phone_number_id", Rule: whatsapp.RuleDigits}},
		{"no business number", func(s *whatsapp.Send) { s.PhoneNumberID = "" },
			&whatsapp.LimitError{Field: "phone_number_id", Rule: whatsapp.RuleDigits}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			send := good
			test.change(&send)
			checkLimit(t, send.Check(), test.want)
		})
	}
}

func checkLimit(t *testing.T, err error, want *whatsapp.LimitError) {
	t.Helper()
	var got *whatsapp.LimitError
	if !errors.As(err, &got) && err != nil {
		t.Fatalf("error %v is no LimitError", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err != nil && whatsapp.Ambiguous(err) {
		t.Error("a broken limit is ambiguous")
	}
}

func TestRecipientDoesNotPrint(t *testing.T) {
	for _, to := range []whatsapp.Recipient{whatsapp.Phone("5521900000001"), whatsapp.User("BR.77")} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text := fmt.Sprintf(verb, whatsapp.Send{To: to})
			if strings.Contains(text, "5521900000001") || strings.Contains(text, "BR.77") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}
