package when

import "time"

// Kind is what a mention names.
type Kind uint8

// The kinds of mentions.
const (
	// Date is a day of the calendar, named by its number or from today: 5 de
	// dezembro, 05/12/2026, dia 5, amanhã.
	Date Kind = iota
	// Weekday is a day of the week: terça-feira, sexta que vem.
	Weekday
	// WeekdayRange is a run of days of the week: de segunda a sexta.
	WeekdayRange
	// Clock is an hour of the day: 14h30, às 15, 3 da tarde, meio-dia.
	Clock
	// ClockRange is a span between two hours: das 9h às 17h.
	ClockRange
	// DayPart is a part of the day: de manhã, fim da tarde.
	DayPart
	// Vague says when without a day or an hour that could be noted: depois do
	// almoço, semana que vem.
	Vague
)

// Mention is one day, hour or span that a text names.
type Mention struct {
	// Start and End are the bytes of the text that name it, on the borders of
	// characters. Words that belong to it (dia, às, que vem) are inside.
	Start, End int
	Kind       Kind
	// Day is midnight of a Date's or Weekday's day in the zone of now, and zero
	// when the calendar has no such day (31/02).
	//
	// A day without a month is the next one of that number, today included. A
	// day and month without a year are the next such day, today included; one
	// that neither the rest of this year nor the next has (29/02) is zero. A
	// Weekday is the next such day after today; "da semana que vem" makes it that
	// of the week that begins on the next Monday, "passada" the last such day
	// before today.
	Day time.Time
	// First and Last are the ends of a WeekdayRange, which may pass over the
	// week's end.
	First, Last time.Weekday
	// From and To are minutes since midnight. A Clock has From alone, 0 to 1440
	// (24h, which ends its day). A ClockRange and a DayPart have both, and To is
	// after From: what lasts past midnight counts on beyond 1440.
	From, To int
}

// Moment is the one meeting time that a text asks for, as far as it says it.
type Moment struct {
	// Day is midnight in the zone of now, zero when none is named, when the
	// calendar has none such, or when several are.
	Day time.Time
	// From and To are minutes since midnight: equal for an hour, a span for a
	// part of the day or a range, -1 when none is named or several are.
	From, To int
	// Vague reports that it says when, but neither day nor hour that could be
	// noted.
	Vague bool
	// Several reports that it names more than one day or more than one hour:
	// nobody knows which is meant.
	Several bool
	// Start and End are the bytes of the text from the first word that says it
	// to the last.
	Start, End int
}
