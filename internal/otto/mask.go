package otto

import (
	"strings"
	"time"

	"github.com/pyloto/atende/internal/claim"
)

// mask replaces what nobody but the lead and the team has to read: documents,
// payment cards, e-mail addresses and telephone numbers. What is of use of them
// stands on the card. The business's own contacts stay.
func (o *Otto) mask(text string, now time.Time) string {
	if !strings.ContainsAny(text, "0123456789@") && !strings.ContainsFunc(text, unusualDigit) {
		return text
	}
	var b strings.Builder
	from := 0
	for _, c := range claim.Find(text, now) {
		name := ""
		switch {
		case c.Kind == claim.Document, c.Kind == claim.Email, c.Kind == claim.Phone:
			if len(o.knows.general.Unsupported(c.Words, now)) == 0 {
				continue
			}
			name = string(c.Kind)
		case c.Kind == claim.Quantity && paymentCard(c.Words):
			name = "card"
		default:
			continue
		}
		b.WriteString(text[from:c.Start])
		b.WriteString(o.words.masks[name])
		from = c.End
	}
	return maskCards(b.String()+text[from:], o.words.masks["card"])
}

func unusualDigit(r rune) bool { return r > 0x7f && r >= '０' && r <= '９' }

// maskCards replaces runs of digits, with single spaces or dashes between, that
// are the number of a payment card.
func maskCards(text, mask string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] < '0' || text[i] > '9' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := i
		for j := i; j < len(text) && j-i < 40; j++ {
			digit := text[j] >= '0' && text[j] <= '9'
			if !digit && text[j] != ' ' && text[j] != '-' {
				break
			}
			if digit {
				end = j + 1
			}
		}
		if paymentCard(text[i:end]) {
			b.WriteString(mask)
		} else {
			b.WriteString(text[i:end])
		}
		i = end
	}
	return b.String()
}

// The lengths of payment card numbers (ISO/IEC 7812).
const minCard, maxCard = 13, 19

// paymentCard reports whether the digits of a text are the number of a payment
// card: the right length and Luhn's check digit.
func paymentCard(text string) bool {
	sum, n := 0, 0
	for i := len(text) - 1; i >= 0; i-- {
		c := text[i]
		if c == ' ' || c == '-' {
			continue
		}
		if c < '0' || c > '9' {
			return false
		}
		d := int(c - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n >= minCard && n <= maxCard && sum > 0 && sum%10 == 0
}
