// Package claim reads what a Portuguese text claims — prices, quantities,
// percentages, days, hours, durations, contacts — and whether what is known
// supports it.
//
// [Find] lists the claims of a text. A [Known] holds what may be said: the
// claims of the business's own texts, of the lead's words, and the slots that
// are on offer. What [Known.Unsupported] returns is said and not known.
//
// The reader prefers a claim too many to one too few: a number that nothing
// explains is a [Quantity], and whoever writes it must have it from somewhere.
// Tricks of spelling (look-alike letters, invisible characters, digits of
// other scripts) are undone before anything is read.
package claim

import (
	"cmp"
	"slices"
	"time"
)

// Kind is what a claim is about.
type Kind string

// The kinds of claims.
const (
	Money    Kind = "price"    // an amount of money, or that something costs none
	Quantity Kind = "quantity" // a number with what it counts, and any number that is nothing else
	Percent  Kind = "percent"
	Day      Kind = "day" // a date, a day of the week, a span of those
	Hour     Kind = "hour"
	Duration Kind = "duration"
	URL      Kind = "url"
	Email    Kind = "email"
	Phone    Kind = "phone"
	Document Kind = "document" // a CPF or CNPJ whose check digits are right
)

// What the Unit of a Day names.
const (
	Date     = "date"
	Weekday  = "weekday"
	Weekdays = "weekdays" // from First to Last
	Season   = "season"   // a month or a part of the year, as Text says it
)

// allDay is where an Hour that means all day ends, in minutes.
const allDay = 24 * 60

// Claim is one thing that a text states. Which fields hold something depends
// on the kind; claims of the same kind with the same fields say the same,
// wherever and however they are written.
type Claim struct {
	Kind       Kind
	Start, End int    // bytes of the text
	Words      string // as written
	// Low and High are an amount, a count, a percentage, minutes since
	// midnight, or a duration in minutes (a month has 30 days, a year 12
	// months). They are equal unless a range is named.
	Low, High float64
	// Unit is what is counted, folded and singular; for Money the sorted
	// periods and bases of the price, joined by +; for a Duration its unit;
	// for a Day [Date], [Weekday], [Weekdays] or [Season].
	Unit string
	// Per is the period that a Quantity refers to, folded and singular.
	Per string
	// Currency of Money by its ISO code; empty when it costs nothing.
	Currency string
	// From marks a lower bound and UpTo an upper one.
	From, UpTo bool
	// Text is the address in lower case, host and path without scheme, the
	// digits of a phone or document, the words of a [Season], or the spelling of a number that has no
	// value that could be compared.
	Text string
	// Day is midnight of the day, zero for a day that does not exist and for
	// a span or a season.
	Day         time.Time
	First, Last time.Weekday
}

// Find are the claims of a text in order, not overlapping. now resolves
// relative days, in its zone.
func Find(text string, now time.Time) []Claim {
	return read(text, now).claims
}

// read takes a text apart and collects its claims.
func read(text string, now time.Time) *reader {
	r := newReader(text)
	r.contacts()
	r.moments(now)
	r.seasons()
	r.numbers()
	slices.SortFunc(r.claims, func(a, b Claim) int { return cmp.Compare(a.Start, b.Start) })
	// One character may hold two numbers: ¾.
	end := 0
	r.claims = slices.DeleteFunc(r.claims, func(c Claim) bool {
		if c.Start < end {
			return true
		}
		end = c.End
		return false
	})
	return r
}
