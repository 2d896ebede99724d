package handoff

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
)

//go:embed notice.tmpl
var noticeTemplate string

const (
	// templateLanguage is the language of the team's template.
	templateLanguage = "pt_BR"
	// maxParameter is the most of one value of the template, in characters: all
	// three of them fit its body.
	maxParameter = 300
	// numberWait and accountWait are how long an attempt is put off that Meta
	// would not take now.
	numberWait  = 5 * time.Second
	accountWait = time.Minute
)

// Graph is the part of [whatsapp.Client] that telling a team takes.
type Graph interface {
	// Send makes one attempt.
	Send(ctx context.Context, s whatsapp.Send) (whatsapp.Sent, error)
}

// WhatsAppOptions are what a WhatsApp needs; all but Template are required.
type WhatsAppOptions struct {
	Graph Graph
	// To is the team's number.
	To pii.Contact
	// Template is the name of an approved template in Brazilian Portuguese with
	// three values in its body: who, what, and the first line of the details.
	// Without one the notice is free text, which Meta takes only while the
	// team's own service window is open.
	Template string
}

// WhatsApp tells the team on their own WhatsApp, from the number that the lead
// wrote to. It is safe for concurrent use.
type WhatsApp struct {
	o     WhatsAppOptions
	words *template.Template
}

// NewWhatsApp makes a WhatsApp. Its error is a mistake in the embedded words.
func NewWhatsApp(o WhatsAppOptions) (*WhatsApp, error) {
	words, err := template.New("notice").Parse(noticeTemplate)
	if err != nil {
		return nil, fmt.Errorf("words of a notice: %w", err)
	}
	return &WhatsApp{o: o, words: words}, nil
}

// Perform tells the team once. An attempt whose fate nobody knows is a
// [fault.Dependency] like one that failed: the team may read a notice twice,
// with the same callback data.
func (w *WhatsApp) Perform(ctx context.Context, e conversation.Errand) error {
	n, err := write(e)
	if err != nil {
		return fmt.Errorf("tell the team: %w", err)
	}
	message, err := w.message(n)
	if err != nil {
		return fmt.Errorf("tell the team: %w", err)
	}
	_, err = w.o.Graph.Send(ctx, whatsapp.Send{
		PhoneNumberID: e.Turn.Number, To: whatsapp.Phone(strings.TrimPrefix(w.o.To.Reveal(), "+")), Message: message, Opaque: e.ID,
	})
	return whatsAppFault(err)
}

// message is the notice in WhatsApp's shape.
func (w *WhatsApp) message(n notice) (whatsapp.Outgoing, error) {
	n.Lead.Name, n.Briefing = tidy(n.Lead.Name), tidy(n.Briefing)
	if n.Message != nil {
		n.Message.Text = tidy(n.Message.Text)
	}
	if n.Undelivered != nil {
		n.Undelivered.Text = tidy(n.Undelivered.Text)
	}
	parts := map[string]string{"who": "", "what": "", "details": "", "text": ""}
	for name := range parts {
		var b strings.Builder
		if err := w.words.ExecuteTemplate(&b, name, n); err != nil {
			return nil, fault.Mark(errors.New("the notice has no words"), fault.Broken)
		}
		parts[name] = strings.TrimSpace(b.String())
	}
	if w.o.Template == "" {
		return whatsapp.TextMessage{Body: whatsapp.Truncate(parts["text"], whatsapp.MaxText)}, nil
	}
	first, _, _ := strings.Cut(parts["details"], "\n")
	m := whatsapp.TemplateMessage{Name: w.o.Template, Language: templateLanguage}
	var values whatsapp.Positional
	for _, value := range []string{parts["who"], parts["what"], first} {
		values = append(values, whatsapp.Truncate(strings.Join(strings.Fields(value), " "), maxParameter))
	}
	m.Parameters = values
	return m, nil
}

// tidy is text without what nobody sees at its edges.
func tidy(text string) string { return strings.TrimSpace(strings.ToValidUTF8(text, "")) }

// whatsAppFault is what an answer means; nil when the team was told.
func whatsAppFault(err error) error {
	var refusal *whatsapp.Error
	var limit *whatsapp.LimitError
	switch {
	case err == nil:
		return nil
	case whatsapp.Ambiguous(err):
		return fault.Mark(errors.New("tell the team: nobody knows what became of it"), fault.Dependency)
	case errors.As(err, &limit):
		return fault.Mark(fmt.Errorf("tell the team: %w", err), fault.Broken)
	case !errors.As(err, &refusal):
		return fault.Mark(errors.New("tell the team: WhatsApp cannot be reached"), fault.Dependency)
	}
	err = fmt.Errorf("tell the team: %w", err)
	switch refusal.Class() {
	case whatsapp.ClassRatePair, whatsapp.ClassRateNumber:
		return fault.After(err, max(refusal.RetryAfter, numberWait))
	case whatsapp.ClassAuth, whatsapp.ClassOps:
		return fault.After(err, accountWait)
	case whatsapp.ClassTransient:
		return fault.Mark(err, fault.Dependency)
	default:
		return fault.Mark(err, fault.Refused)
	}
}
