package ingress

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// The texts below stand for what is no text, in signs that every language
// reads: whoever reads the transcript, person or model, has to know what was
// sent.

// maxListed bounds how many cards or items are spelled out.
const maxListed = 20

// place is a location in words: its names where it has any, and always its
// coordinates, which alone are certain.
func place(l whatsapp.Location) string {
	words := make([]string, 0, 2)
	for _, name := range []string{l.Name, l.Address} {
		if name != "" {
			words = append(words, name)
		}
	}
	at := fmt.Sprintf("(%.5f, %.5f)", l.Latitude, l.Longitude)
	return strings.Join(append([]string{"📍"}, strings.TrimSpace(strings.Join(words, ", ")+" "+at)), " ")
}

// cards are address cards in words: the names and the numbers of each.
func cards(all []whatsapp.Card) string {
	lines := make([]string, 0, len(all))
	for _, card := range all[:min(len(all), maxListed)] {
		name := card.FormattedName
		if name == "" {
			name = strings.TrimSpace(card.FirstName + " " + card.LastName)
		}
		words := []string{"👤"}
		if name != "" {
			words = append(words, name)
		}
		for _, phone := range card.Phones {
			switch {
			case phone.Phone != "":
				words = append(words, phone.Phone)
			case phone.WAID != "":
				words = append(words, "+"+phone.WAID)
			}
		}
		words = append(words, card.Emails...)
		lines = append(lines, strings.Join(words, " "))
	}
	return strings.Join(lines, "\n")
}

// ownNumber is the sender's number, where a card proves it: only one that was
// asked for does. A card that was passed on may be anybody's.
func ownNumber(all []whatsapp.Card) string {
	for _, card := range all {
		if card.Origin != "contact_request" {
			continue
		}
		i := slices.IndexFunc(card.Phones, func(p whatsapp.CardPhone) bool { return p.WAID != "" })
		if i >= 0 {
			return card.Phones[i].WAID
		}
	}
	return ""
}

// cart is an order in words: what the lead wrote, every item, and the sum where
// all prices are in one currency.
func cart(o whatsapp.Order) string {
	lines := make([]string, 0, len(o.Items)+2)
	for _, item := range o.Items[:min(len(o.Items), maxListed)] {
		line := "🛒 " + number(item.Quantity) + " × " + item.ProductID
		if item.Price != "" {
			line += ": " + strings.TrimSpace(number(item.Price)+" "+item.Currency)
		}
		lines = append(lines, line)
	}
	if sum := total(o.Items); sum != "" {
		lines = append(lines, "= "+sum)
	}
	if o.Text != "" {
		lines = append(lines, o.Text)
	}
	return strings.Join(lines, "\n")
}

// total is the sum of a cart; empty when it cannot be told. It counts in
// fractions: money does not survive binary floating point.
func total(items []whatsapp.OrderItem) string {
	if len(items) == 0 {
		return ""
	}
	sum := new(big.Rat)
	for _, item := range items {
		quantity, one := rational(item.Quantity)
		price, two := rational(item.Price)
		if !one || !two || item.Currency == "" || item.Currency != items[0].Currency {
			return ""
		}
		sum.Add(sum, quantity.Mul(quantity, price))
	}
	return sum.FloatString(2) + " " + items[0].Currency
}

// maxDigits bounds a number literal: "1e999999999" is one too, and would take
// all the memory there is.
const maxDigits = 24

func rational(n json.Number) (*big.Rat, bool) {
	if n == "" || len(n) > maxDigits || strings.ContainsAny(n.String(), "eE") {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}

// number is a literal as it stands, unless it is absurd.
func number(n json.Number) string {
	if len(n) > maxDigits {
		return "?"
	}
	return n.String()
}
