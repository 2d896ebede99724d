package whatsapp

import "net/http"

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
	if class, ok := classOf(e.Code, e.HTTPStatus); ok {
		return class
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
	_, ok := classOf(e.Code, e.HTTPStatus)
	return ok
}

func classOf(code, status int) (Class, bool) {
	switch code {
	case 0:
		// Also what an answer without Graph's JSON leaves behind.
		if status == 0 || status == http.StatusUnauthorized || status == http.StatusForbidden {
			return ClassAuth, true
		}
	case 1, 2, 131000, 131016, 131057, 133004, 134102, 135000:
		return ClassTransient, true
	case 4, 613, 80007, 130429, 131208, 132069:
		return ClassRateNumber, true
	case 131056:
		return ClassRatePair, true
	case 3, 10, 190, 131005:
		return ClassAuth, true
	case 131047:
		return ClassWindow, true
	case 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018:
		return ClassTemplate, true
	case 130472, 131020, 131021, 131026, 131035, 131036, 131041, 131062, 137000:
		return ClassRecipient, true
	case 368, 130497, 131031, 131048, 131049, 131050, 131064:
		return ClassPolicy, true
	case 100, 131008, 131009, 131030, 131051, 131055, 131059, 134100, 134101:
		return ClassRequest, true
	case 33, 131037, 131042, 131044, 131045, 131063, 132068, 133000, 133005, 133006, 133008, 133009, 133010,
		133015, 133016, 134011, 1752041, 2494100, 2593079, 2593085, 2593107, 2593108:
		return ClassOps, true
	case 131053:
		return ClassMedia, true
	case 131052, 131060:
		return ClassInbound, true
	}
	switch {
	case 200 <= code && code <= 299:
		return ClassAuth, true
	case 131201 <= code && code <= 131215:
		return ClassRequest, true
	case 2388001 <= code && code <= 2388299:
		return ClassOps, true
	}
	return "", false
}
