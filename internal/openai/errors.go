package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	sdk "github.com/openai/openai-go/v3"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
)

var (
	errNoKey    = errors.New("no API key")
	errResting  = errors.New("the model is resting after a run of outages")
	errTooLarge = errors.New("answer too large")
)

// maxWait bounds the wait that a provider can ask for.
const maxWait = 10 * time.Minute

// judge says what a call that ended with err means: an outcome, or a marked
// error of our own that holds nothing of the SDK's.
func judge(ctx context.Context, err error, response *http.Response) (otto.Outcome, error) {
	var refused *sdk.Error
	switch {
	case ctx.Err() != nil:
		return "", fault.Mark(ctx.Err(), fault.Dependency)
	case errors.Is(err, context.DeadlineExceeded):
		return "", fault.Mark(errors.New("no answer in time"), fault.Dependency)
	case errors.As(err, &refused):
		return judgeStatus(refused.StatusCode, refused.Code, response)
	case response != nil && response.StatusCode >= http.StatusBadRequest:
		// The error's body was not the API's, but its status counts.
		return judgeStatus(response.StatusCode, "", response)
	case response != nil && response.StatusCode >= http.StatusMultipleChoices:
		return "", fault.Mark(fmt.Errorf("redirected with %d", response.StatusCode), fault.Broken)
	case errors.Is(err, errTooLarge):
		return "", fault.Mark(errTooLarge, fault.Dependency)
	case response != nil:
		return "", fault.Mark(errors.New("answer unreadable"), fault.Dependency)
	default:
		return "", fault.Mark(errors.New("connection lost"), fault.Dependency)
	}
}

func judgeStatus(status int, code string, response *http.Response) (otto.Outcome, error) {
	if status == http.StatusBadRequest {
		// These depend on what the lead wrote: asking again would not help,
		// and neither would a new configuration.
		switch code {
		case "content_filter", "content_policy_violation", "invalid_prompt":
			return otto.OutcomeFilter, nil
		case "context_length_exceeded", "string_above_max_length":
			return otto.OutcomeLength, nil
		}
	}
	err := fmt.Errorf("status %d", status)
	if known(code) {
		err = fmt.Errorf("status %d, %s", status, code)
	}
	switch {
	case status == http.StatusTooManyRequests:
		return "", fault.After(err, wait(response))
	case status == http.StatusRequestTimeout, status == http.StatusConflict,
		status >= http.StatusInternalServerError:
		return "", fault.Mark(err, fault.Dependency)
	default:
		return "", fault.Mark(err, fault.Broken)
	}
}

// refusedContent reports whether a provider refused what was sent, rather than
// who sent it.
func refusedContent(response *http.Response) bool {
	if response == nil {
		return false
	}
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}

// known reports whether a code is one of OpenAI's that help an operator. Any
// other text of an answer stays out of errors.
func known(code string) bool {
	switch code {
	case "invalid_api_key", "model_not_found", "insufficient_quota", "rate_limit_exceeded",
		"unsupported_country_region_territory", "billing_hard_limit_reached", "account_deactivated",
		"unsupported_value", "unsupported_parameter", "unknown_parameter", "invalid_json_schema":
		return true
	default:
		return false
	}
}

// wait is how long the provider asked to be left alone; zero when it did not
// say.
func wait(response *http.Response) time.Duration {
	if response == nil {
		return 0
	}
	if ms, err := strconv.ParseInt(response.Header.Get("Retry-After-Ms"), 10, 64); err == nil {
		return clamp(ms, time.Millisecond)
	}
	after := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(after, 10, 64); err == nil {
		return clamp(seconds, time.Second)
	}
	if at, err := http.ParseTime(after); err == nil {
		// Against the provider's own clock where it says it, since ours may
		// be off.
		now, err := http.ParseTime(response.Header.Get("Date"))
		if err != nil {
			return 0
		}
		return min(max(0, at.Sub(now)), maxWait)
	}
	return 0
}

func clamp(n int64, unit time.Duration) time.Duration {
	return time.Duration(min(max(0, n), int64(maxWait/unit))) * unit
}

// boundedTransport bounds the body of every answer.
type boundedTransport struct{ next http.RoundTripper }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxBody + 1}
	return response, nil
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
