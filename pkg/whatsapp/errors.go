package whatsapp

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is a failure as Meta reports it: in Graph's answer to a request, in a
// failed status, on an inbound message, or on its own in a webhook. The same
// codes appear in all four places.
//
// Its text holds codes and the trace id only. Details are Meta's prose, which
// repeats phone numbers and parts of the request: not for logs.
type Error struct {
	// HTTPStatus is zero when the error came in a webhook.
	HTTPStatus int
	// Code is what to branch on; titles and HTTP statuses vary. It is zero when
	// Graph's edge answered without its JSON.
	Code    int
	Subcode int
	Type    string
	Title   string
	Details string
	// Transient is Meta's own hint that the same request may succeed later.
	Transient bool
	// FBTraceID is what Meta's support asks for.
	FBTraceID string
	// RetryAfter is how long Meta asks to wait; zero when it does not say.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("whatsapp: code ")
	b.WriteString(strconv.Itoa(e.Code))
	if e.Subcode != 0 {
		fmt.Fprintf(&b, "/%d", e.Subcode)
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ", http %d", e.HTTPStatus)
	}
	if isTraceID(e.FBTraceID) {
		b.WriteString(", trace ")
		b.WriteString(e.FBTraceID)
	}
	return b.String()
}

// isTraceID accepts what a trace id is made of, so that nothing else a server
// may put there reaches a log.
func isTraceID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if s[i] != '_' && s[i] != '-' && !isAlphanumeric(s[i]) {
			return false
		}
	}
	return true
}

// ambiguous: these answers have been seen for messages that were delivered.
func (e *Error) ambiguous() bool {
	switch e.Code {
	case 1, 2, 131000, 131016:
		return true
	}
	return e.Transient || e.HTTPStatus >= http.StatusInternalServerError
}

// TransportError is a request that got no usable answer from Graph.
type TransportError struct {
	// Cause is a short constant word for what went wrong: "timeout",
	// "canceled", "dns", "dial", "tls", "closed", "redirect", "answer", "network".
	Cause string
	// Written tells whether the request had left this process. If it had not,
	// nothing happened; if it had, nobody knows.
	Written bool
	err     error
}

func (e *TransportError) Error() string {
	if e.Written {
		return "whatsapp: no answer after the request was written: " + e.Cause
	}
	return "whatsapp: request not written: " + e.Cause
}

// Unwrap returns the network's own error, whose text may quote the server.
func (e *TransportError) Unwrap() error { return e.err }

// LimitError is a message that Meta would refuse, found before it was sent.
type LimitError struct {
	// Field is the path of the field in Graph's JSON.
	Field string
	// Rule says what is asked of the field: "characters", "items", "required",
	// "unique", "utf8", "digits", "format", "bytes".
	Rule string
	// Limit and Got are counts, for the rules that count. Characters are Unicode
	// code points.
	Limit int
	Got   int
}

// The rules of a LimitError. A field that is forbidden must not be there.
const (
	RuleForbidden  = "forbidden"
	RuleCharacters = "characters"
	RuleItems      = "items"
	RuleRequired   = "required"
	RuleUnique     = "unique"
	RuleUTF8       = "utf8"
	RuleDigits     = "digits"
	RuleFormat     = "format"
	RuleBytes      = "bytes"
)

func (e *LimitError) Error() string {
	switch e.Rule {
	case RuleCharacters, RuleItems, RuleBytes:
		return fmt.Sprintf("whatsapp: %s: %d %s, at most %d", e.Field, e.Got, e.Rule, e.Limit)
	default:
		return "whatsapp: " + e.Field + ": " + e.Rule
	}
}

// Ambiguous reports whether a message whose Send failed with err may have been
// accepted all the same. False means that it was certainly not: it broke a
// limit, no byte of it was written, or Graph refused it. True means that
// sending it again may send it twice: the request was written and the
// connection broke, time ran out, or the answer was unusable or of a kind that
// Graph also gives to messages it delivers.
func Ambiguous(err error) bool {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.ambiguous()
	}
	if broken, ok := errors.AsType[*TransportError](err); ok {
		return broken.Written
	}
	return false
}
