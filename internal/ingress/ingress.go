package ingress

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// Routes of the webhook; Meta's panel accepts either spelling.
const (
	path      = "/webhook/whatsapp"
	pathSlash = "/webhook/whatsapp/"
)

// deadline bounds everything done for one webhook. Meta wants a median of
// 250 ms and less than 1 % above a second:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
const deadline = 2500 * time.Millisecond

// retryAfter is the wait that a 503 asks for, in seconds. Meta does not
// promise to honour it; other senders do.
const retryAfter = "1"

// Options are what an Ingress needs; all are required except Coalesce and Tell.
type Options struct {
	Tenant string
	// Numbers are our phone_number_ids; what concerns others is ignored.
	Numbers []string
	Key     *pii.HashKey
	Ring    *pii.Ring
	Inbox   Inbox
	Hint    Hint
	Secrets Secrets
	// Coalesce is the longest quiet time before a message is answered.
	Coalesce time.Duration
	// Flow is the endpoint of WhatsApp Flows; nil serves none.
	Flow    *Flow
	Now     func() time.Time
	Metrics *telemetry.Metrics
	// Tell logs what Meta reports about the account; nil logs only how much it
	// was.
	Tell func(context.Context, telemetry.Event)
}

// Ingress answers Meta. It is safe for concurrent use.
type Ingress struct{ o Options }

// New makes an Ingress.
func New(o Options) *Ingress { return &Ingress{o: o} }

// Register adds the webhook's routes. The door may open after the server
// listens; until then the server must not let requests through.
func Register(e *echo.Echo, door func() *Ingress) {
	for _, p := range []string{path, pathSlash} {
		e.GET(p, func(c echo.Context) error { return door().challenge(c) })
		e.POST(p, func(c echo.Context) error { return door().webhook(c) })
	}
	e.POST(flowPath, func(c echo.Context) error { return door().exchange(c) })
}

// challenge proves to Meta that this address is ours.
func (i *Ingress) challenge(c echo.Context) error {
	ctx := c.Request().Context()
	want, err := i.o.Secrets.Verify(ctx)
	if err != nil {
		return i.unavailable(c, err)
	}
	query := c.QueryParams()
	if query.Get("hub.mode") != "subscribe" || !equal(query.Get("hub.verify_token"), want.Reveal()) {
		telemetry.Describe(ctx, telemetry.Event{
			Name: telemetry.WebhookVerificationFailed, Severity: telemetry.SeverityWarning,
		})
		return c.NoContent(http.StatusForbidden)
	}
	telemetry.Describe(ctx, telemetry.Event{Name: telemetry.WebhookVerified})
	return c.Blob(http.StatusOK, echo.MIMETextPlain, []byte(query.Get("hub.challenge")))
}

// equal compares in constant time, also for different lengths. An empty
// secret equals nothing.
func equal(got, want string) bool {
	g, w := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(g[:], w[:]) == 1 && want != ""
}

// webhook takes a POST in. The order of checks is part of the contract: size,
// content type, signature, and only then is anything parsed.
func (i *Ingress) webhook(c echo.Context) error {
	received := i.o.Now()
	request := c.Request()
	telemetry.Name(request.Context(), telemetry.StepWebhook)
	body, err := read(request)
	if err != nil {
		return err
	}
	if !isJSON(request.Header.Get(echo.HeaderContentType)) {
		i.o.Metrics.Webhook(request.Context(), http.StatusUnsupportedMediaType)
		return c.NoContent(http.StatusUnsupportedMediaType)
	}
	ctx, cancel := context.WithTimeout(request.Context(), deadline)
	defer cancel()
	signed, err := i.signed(ctx, request, body, telemetry.WebhookSignatureInvalid)
	if err != nil {
		return i.unavailable(c, err)
	}
	if !signed {
		i.o.Metrics.Webhook(ctx, http.StatusUnauthorized)
		return c.NoContent(http.StatusUnauthorized)
	}

	mail := i.parse(ctx, body, received)
	failure := i.deliver(ctx, mail)
	tally := mail.tally()
	i.tell(ctx, mail)
	i.report(ctx, mail, tally, received, failure)
	if failure != nil {
		i.o.Metrics.Webhook(ctx, http.StatusServiceUnavailable)
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
		return c.NoContent(http.StatusServiceUnavailable)
	}
	i.o.Metrics.Webhook(ctx, http.StatusOK)
	return c.JSON(http.StatusOK, tally)
}

// signed reports whether Meta signed a body, and tells it under a name when nobody
// did. It is an error where the secret that could not be had may be the right one.
func (i *Ingress) signed(ctx context.Context, r *http.Request, body []byte, otherwise telemetry.EventName) (_ bool, missing error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepVerify)
	defer func() { span.End(missing) }()
	secrets, missing := i.o.Secrets.App(ctx)
	if whatsapp.Verify(body, r.Header.Get(whatsapp.SignatureHeader), raw(secrets)...) {
		return true, nil
	}
	if missing == nil {
		telemetry.Describe(ctx, telemetry.Event{
			Name: otherwise, Severity: telemetry.SeverityWarning,
			Fields: []telemetry.Field{telemetry.Flag(telemetry.SignatureValid, false)},
		})
	}
	return false, missing
}

// parse sorts a verified body into mail, in the trace of its webhook.
func (i *Ingress) parse(ctx context.Context, body []byte, received time.Time) *mail {
	_, span := telemetry.Step(ctx, telemetry.StepParse)
	defer span.End(nil)
	return i.sort(body, received, telemetry.CorrelationID(ctx), telemetry.Traceparent(ctx))
}

// isJSON reports whether a content type is JSON, with whatever parameters.
// Meta sends it bare, which needs no parser.
func isJSON(contentType string) bool {
	if contentType == echo.MIMEApplicationJSON {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == echo.MIMEApplicationJSON
}

// read takes the whole body; the server bounds it.
func read(r *http.Request) ([]byte, error) {
	if r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, unreadable(err)
		}
		return body, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	return body, nil
}

// unreadable keeps the server's own answer, such as 413; a body cut off half
// way is the sender's fault.
func unreadable(err error) error {
	var status *echo.HTTPError
	if errors.As(err, &status) {
		return err
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	return echo.NewHTTPError(http.StatusBadRequest)
}

func raw(secrets []pii.Secret) [][]byte {
	out := make([][]byte, len(secrets))
	for n, s := range secrets {
		out[n] = []byte(s.Reveal())
	}
	return out
}

// unavailable answers while a secret cannot be had: fail closed.
func (i *Ingress) unavailable(c echo.Context, err error) error {
	telemetry.Describe(c.Request().Context(), telemetry.Event{
		Name: telemetry.SecretUnresolved, Severity: telemetry.SeverityError,
		Fields: []telemetry.Field{telemetry.Error(err)},
	})
	c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	return c.NoContent(http.StatusServiceUnavailable)
}

// report describes the POST in the one event of its request.
func (i *Ingress) report(ctx context.Context, m *mail, t tally, began time.Time, failure error) {
	event := telemetry.Event{
		Name:     telemetry.WebhookReceived,
		Severity: telemetry.SeverityInfo,
		Fields: []telemetry.Field{
			telemetry.Count(telemetry.Events, t.Events),
			telemetry.Count(telemetry.Enqueued, t.Enqueued),
			telemetry.Count(telemetry.Duplicates, t.Duplicates),
			telemetry.Count(telemetry.Ignored, t.Ignored),
			telemetry.Count(telemetry.Quarantined, t.Quarantined),
			telemetry.Duration(telemetry.EnqueueLatency, i.o.Now().Sub(began)),
		},
	}
	if len(m.items) == 1 && m.items[0].message != "" { // A batch has many; they share the correlation id.
		event.Fields = append(event.Fields, telemetry.Message(string(m.items[0].message)),
			telemetry.Conversation(m.items[0].envelope.Conversation))
	}
	if m.hintless {
		event.Severity = telemetry.SeverityWarning
		event.Fields = append(event.Fields, telemetry.Reason("hint_unavailable"))
	}
	if len(m.notices) > 0 {
		event.Fields = append(event.Fields, telemetry.Count(telemetry.Notices, len(m.notices)))
	}
	if m.trouble != 0 {
		event.Severity = telemetry.SeverityError
		event.Fields = append(event.Fields, telemetry.Code(m.trouble))
	}
	if t.Quarantined > 0 && event.Severity < telemetry.SeverityWarning {
		event.Severity = telemetry.SeverityWarning
	}
	if failure != nil {
		event.Name, event.Severity = telemetry.WebhookDispatchFailed, telemetry.SeverityError
		event.Fields = append(event.Fields, telemetry.Count(telemetry.Failed, t.failed), telemetry.Error(failure))
	}
	telemetry.Describe(ctx, event)
	i.o.Metrics.Events(ctx, telemetry.Enqueued, t.Enqueued)
	i.o.Metrics.Events(ctx, telemetry.Duplicates, t.Duplicates)
	i.o.Metrics.Events(ctx, telemetry.Ignored, t.Ignored)
	i.o.Metrics.Events(ctx, telemetry.Quarantined, t.Quarantined)
	i.o.Metrics.Events(ctx, telemetry.Failed, t.failed)
}

// ours reports whether a phone_number_id is one of our numbers.
func (i *Ingress) ours(number string) bool { return slices.Contains(i.o.Numbers, number) }
