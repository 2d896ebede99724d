// Package when reads days and hours in Brazilian Portuguese and says them.
//
// [Find] lists every day, hour and span that a text names; [Read] takes from
// them the one moment that a person asks to meet at, or says why there is no
// single one. [SayDay], [SayMoment] and [SayList] put days and moments into
// words that Find reads back.
//
// Reading is deliberately cautious: a fraction, a price, a duration, an
// ordinal or a greeting that looks like a day or an hour is none. It forgives
// spelling: upper and lower case, missing or decomposed accents and spaces do
// not matter. The cost grows with the length of the text and with nothing
// else.
//
// Every word it knows stands in pt.txt. The package knows no clock: now is an
// argument, and its location is the zone that days are counted in.
//
// Reading order: mention, words, token, find, day, clock, read, say.
package when
