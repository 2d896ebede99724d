package ingress

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// flowPath is the route of the endpoint that a Flow is published with.
const flowPath = "/webhook/whatsapp/flow/endpoint"

const (
	// flowDeadline bounds what is done for one request, of the ten seconds that
	// WhatsApp waits for all of it.
	flowDeadline = 5 * time.Second
	// maxFlowBody is far above what a form of text fields sends, in bytes.
	maxFlowBody = 1 << 20
)

// Flow is the endpoint of the appointment form: it shows screens and checks what
// is filled in. Nothing comes of a form here. That it was sent is a message like
// any other.
type Flow struct {
	Form *flow.Form
	// Key opens requests. It is asked for on every one and answers from a cache.
	Key func(ctx context.Context) (*whatsapp.FlowKey, error)
}

// exchange answers one request of a Flow. The signature comes before anything is
// parsed or decrypted.
func (i *Ingress) exchange(c echo.Context) error {
	if i.o.Flow == nil {
		return echo.ErrNotFound
	}
	began := i.o.Now()
	r := c.Request()
	telemetry.Name(r.Context(), telemetry.StepFlow)
	if r.ContentLength > maxFlowBody {
		return echo.ErrStatusRequestEntityTooLarge
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxFlowBody)
	body, err := read(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), flowDeadline)
	defer cancel()
	signed, err := i.signed(ctx, r, body, telemetry.FlowSignatureInvalid)
	if err != nil {
		return i.unavailable(c, err)
	}
	if !signed {
		i.o.Metrics.Flow(ctx, "", whatsapp.FlowBadSignature, i.o.Now().Sub(began))
		return c.NoContent(whatsapp.FlowBadSignature)
	}
	key, err := i.o.Flow.Key(ctx)
	if err != nil {
		return i.unavailable(c, err)
	}
	request, session, err := key.Open(body)
	if err != nil {
		return i.refuseFlow(c, err, began)
	}
	a := i.answerFlow(request)
	sealed, err := session.Seal(a.content)
	if err != nil {
		return err
	}
	telemetry.Describe(ctx, a.event)
	i.o.Metrics.Flow(ctx, a.action, a.status, i.o.Now().Sub(began))
	return c.Blob(a.status, echo.MIMETextPlain, []byte(sealed))
}

// refuseFlow answers what cannot be opened. The most likely cause is a public key
// that is not the private one's, so it is an error and not a warning.
func (i *Ingress) refuseFlow(c echo.Context, err error, began time.Time) error {
	status := http.StatusBadRequest
	var refusal *whatsapp.FlowError
	if errors.As(err, &refusal) {
		status = refusal.Status
	}
	ctx := c.Request().Context()
	telemetry.Describe(ctx, telemetry.Event{
		Name: telemetry.FlowRefused, Severity: telemetry.SeverityError,
		Fields: []telemetry.Field{telemetry.Error(err)},
	})
	i.o.Metrics.Flow(ctx, "", status, i.o.Now().Sub(began))
	return c.NoContent(status)
}

// flowAnswer is an answer before it is sealed, and what to tell of it.
type flowAnswer struct {
	status  int
	content any
	action  string
	event   telemetry.Event
}

// answerFlow decides what a request is answered with. A request that names a screen
// must have a token of ours that still holds; one that only asks whether we live,
// or reports, has nothing to protect.
func (i *Ingress) answerFlow(r whatsapp.FlowRequest) flowAnswer {
	form, now := i.o.Flow.Form, i.o.Now()
	if r.Action == whatsapp.FlowPing {
		return answered(r.Action, object{"data": object{"status": "active"}})
	}
	if notice, ok := r.Notice(); ok {
		a := answered(r.Action, object{"data": object{"acknowledged": true}})
		a.event.Name, a.event.Severity = telemetry.FlowFailed, telemetry.SeverityWarning
		a.event.Fields = append(a.event.Fields, telemetry.Reason(notice.Key))
		return a
	}
	pass, ours := flow.Read(i.o.Key, r.Token)
	if !ours || !pass.Open(now) {
		a := answered(r.Action, object{"error_msg": form.Expired()})
		a.status = whatsapp.FlowTokenInvalid
		a.event.Name, a.event.Severity = telemetry.FlowRefused, telemetry.SeverityWarning
		a.event.Fields = append(a.event.Fields, telemetry.Reason("token"))
		return a
	}
	var screen flow.Answer
	switch r.Action {
	case whatsapp.FlowExchange:
		screen = form.Submit(r.Screen, r.Data, r.Token, now)
	case whatsapp.FlowBack:
		screen = form.Back(r.Screen, r.Data, now)
	default:
		// INIT, and whatever WhatsApp adds: the first screen is never wrong.
		screen = form.Open(now)
	}
	a := answered(r.Action, screen)
	a.event.Fields = append(a.event.Fields, telemetry.State(screen.Screen), telemetry.Conversation(string(pass.Conversation)))
	return a
}

type object = map[string]any

func answered(action string, content any) flowAnswer {
	switch action {
	case whatsapp.FlowPing, whatsapp.FlowInit, whatsapp.FlowBack, whatsapp.FlowExchange:
	default:
		action = "other" // A word from outside names no series.
	}
	return flowAnswer{
		status: http.StatusOK, content: content, action: action,
		event: telemetry.Event{Name: telemetry.FlowAnswered, Severity: telemetry.SeverityInfo, Fields: []telemetry.Field{telemetry.Kind(action)}},
	}
}
