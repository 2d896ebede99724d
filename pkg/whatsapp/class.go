package whatsapp

import (
	"net/http"
	"slices"
)

// Class says what a failure asks of whoever meets it.
type Class string

// The classes.
const (
	// ClassTransient: Meta is ill; the same request may succeed soon.
	ClassTransient Class = "transient"
	// ClassRateNumber: the business number or the app sends too much.
	ClassRateNumber Class = "rate_number"
	// ClassRatePair: too much to this one recipient; the others are not affected.
	ClassRatePair Class = "rate_pair"
	// ClassAuth: token or permission; nothing will be sent until a person acts.
	ClassAuth Class = "auth"
	// ClassWindow: more than 24 hours since the person wrote; only a template may
	// be sent.
	ClassWindow Class = "window"
	// ClassTemplate: this template must be changed or replaced.
	ClassTemplate Class = "template"
	// ClassRecipient: this message will never reach this recipient.
	ClassRecipient Class = "recipient"
	// ClassPolicy: Meta does not want this traffic.
	ClassPolicy Class = "policy"
	// ClassRequest: our request is wrong; sending it again changes nothing.
	ClassRequest Class = "request"
	// ClassOps: number, account or billing needs setting up.
	ClassOps Class = "ops"
	// ClassMedia: the media could not be fetched or stored.
	ClassMedia Class = "media"
	// ClassInbound: describes what a person sent, not what we sent.
	ClassInbound Class = "inbound"
)

// Class sorts the error by its code, whatever place and HTTP status it came
// with: the status differs between editions of Meta's own table
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).
// An unknown code is a matter of the recipient, or transient when the status is
// 500 or above or Meta says so.
func (e *Error) Class() Class {
	if code, ok := e.lookUp(); ok {
		return code.Class
	}
	switch {
	case e.Transient || e.HTTPStatus >= http.StatusInternalServerError:
		return ClassTransient
	case e.HTTPStatus == http.StatusTooManyRequests:
		return ClassRateNumber
	default:
		return ClassRecipient
	}
}

// Known reports whether the code is in Meta's table. An unknown one deserves a
// person's look the first time it is seen.
func (e *Error) Known() bool {
	_, ok := e.lookUp()
	return ok
}

// Remedy is what a message that failed so asks for, whether Graph refused it or
// a status said later that it failed. An unknown code asks for what its class
// does: nothing more, unless Meta seems to be ill.
func (e *Error) Remedy() Remedy {
	if code, ok := e.lookUp(); ok {
		return code.Remedy
	}
	switch e.Class() {
	case ClassTransient:
		return RemedyRetry
	case ClassRateNumber:
		return RemedyRetryLater
	default:
		return RemedyPermanent
	}
}

// Account reports whether nothing at all is sent from the number, to nobody,
// until somebody acts: it is not this message that is refused.
func (e *Error) Account() bool {
	code, ok := e.lookUp()
	return ok && code.Account
}

// StopsMarketing reports whether Meta asks to leave off what the person has not
// asked for.
func (e *Error) StopsMarketing() bool {
	code, ok := e.lookUp()
	return ok && code.StopsMarketing
}

// Meaning is what the code means, in a few words of this package's own; empty
// when it is not known.
func (e *Error) Meaning() string {
	code, _ := e.lookUp()
	return code.Meaning
}

func (e *Error) lookUp() (Code, bool) {
	if e.Code == 0 && e.HTTPStatus != 0 && e.HTTPStatus != http.StatusUnauthorized && e.HTTPStatus != http.StatusForbidden {
		// What an answer without Graph's JSON leaves behind.
		return Code{}, false
	}
	i, found := slices.BinarySearchFunc(codes, e.Code, func(c Code, code int) int {
		switch {
		case code < c.First:
			return 1
		case code > c.Last:
			return -1
		default:
			return 0
		}
	})
	if !found {
		return Code{}, false
	}
	return codes[i], true
}
