package when

import "time"

// SayDay says a day: its weekday, number and month, in its own location.
func SayDay(day time.Time) string { return "" }

// SayMoment says a day and an hour.
func SayMoment(t time.Time) string { return "" }

// SayList says several moments to choose from, the hours of one day together.
func SayList(times []time.Time) string { return "" }
