package whatsapp

// Recipient is the person a message goes to. Its fields are hidden and it
// prints as a fixed word, so that an identifier does not slip into a log.
type Recipient struct {
	phone  string
	userID string
}

// Phone is a recipient known by phone number: country code and number, digits
// only, as a webhook's From gives it. It is sent with a "+" before it: without
// one Meta may take the digits for a number of the business's own country.
func Phone(digits string) Recipient { return Recipient{phone: digits} }

// User is a recipient known by business-scoped user id ("BR.…").
func User(id string) Recipient { return Recipient{userID: id} }

// String hides the identifier.
func (Recipient) String() string { return "[recipient]" }

// GoString hides the identifier.
func (Recipient) GoString() string { return "[recipient]" }

// check wants one identifier that means one person anywhere. No country code
// begins with zero: digits that do were dialled within some country.
func (r Recipient) check() error {
	switch {
	case r.phone == "" && r.userID == "":
		return &LimitError{Field: "to", Rule: RuleRequired}
	case r.userID != "" && !isUserID(r.userID):
		return &LimitError{Field: "recipient", Rule: RuleFormat}
	case r.phone != "" && (!allDigits(r.phone) || r.phone[0] == '0' || len(r.phone) > maxPhoneLength):
		return &LimitError{Field: "to", Rule: RuleDigits}
	}
	return nil
}

// maxPhoneLength is above the 15 digits of E.164, since Meta does not promise
// to stay within it.
const maxPhoneLength = 20
