package handoff

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// Headers of a notice, beside Idempotency-Key.
const (
	// HeaderSignature is "sha256=" and the HMAC-SHA256, in hexadecimal, of the
	// timestamp, a full stop and the raw body.
	HeaderSignature = "X-Atende-Signature"
	// HeaderTimestamp is when the attempt was made, in seconds since 1970.
	HeaderTimestamp = "X-Atende-Timestamp"
)

const (
	// maxAnswer bounds what is read of an answer, so that its connection can be
	// used again.
	maxAnswer = 16 << 10
	// mostRetryAfter bounds what a receiver may ask for.
	mostRetryAfter = time.Hour
)

// Source is a setting that may change while the program runs.
type Source func(ctx context.Context) (pii.Secret, error)

// Options are what a Webhook needs; all are required.
type Options struct {
	// URL may carry a token in its path and is never printed.
	URL, Secret Source
	Now         func() time.Time
}

// Webhook tells a system of the team's. It is safe for concurrent use.
type Webhook struct {
	o      Options
	client *http.Client
}

// New makes a Webhook.
func New(o Options) *Webhook {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return &Webhook{o: o, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Perform tells the team once, within the time of ctx. Anything but a 2xx is an
// error: a [fault.Throttled] or [fault.Dependency] when it may pass by itself,
// else a [fault.Refused]. An effect of another kind is [fault.Broken].
func (w *Webhook) Perform(ctx context.Context, e conversation.Errand) error {
	request, err := w.request(ctx, e)
	if err != nil {
		return fmt.Errorf("tell the team: %w", err)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return fault.Mark(errors.New("tell the team: no answer"), fault.Dependency)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	_ = response.Body.Close()
	return refusal(response)
}

func (w *Webhook) request(ctx context.Context, e conversation.Errand) (*http.Request, error) {
	n, err := write(e)
	if err != nil {
		return nil, err
	}
	address, err := w.o.URL(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := w.o.Secret(ctx)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return nil, fault.Mark(errors.New("the notice has no JSON form"), fault.Broken)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.Reveal(), bytes.NewReader(body))
	if err != nil {
		// The error quotes the address.
		return nil, fault.Mark(errors.New("HANDOFF_WEBHOOK_URL is not a URL"), fault.Broken)
	}
	timestamp := strconv.FormatInt(w.o.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "atende")
	request.Header.Set("Idempotency-Key", e.ID)
	request.Header.Set(HeaderTimestamp, timestamp)
	request.Header.Set(HeaderSignature, Sign(secret, timestamp, body))
	return request, nil
}

// Sign is the value of [HeaderSignature].
func Sign(secret pii.Secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// refusal is what an answer means; nil when the team was told.
func refusal(response *http.Response) error {
	status := response.StatusCode
	err := fmt.Errorf("tell the team: status %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		seconds, parsed := strconv.Atoi(response.Header.Get("Retry-After"))
		if parsed == nil && seconds > 0 {
			return fault.After(err, min(time.Duration(seconds)*time.Second, mostRetryAfter))
		}
		return fault.Mark(err, fault.Dependency)
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly:
		// A conflict is a copy of this notice that is being worked on.
		return fault.Mark(err, fault.Dependency)
	default:
		return fault.Mark(err, fault.Refused)
	}
}
