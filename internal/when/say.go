package when

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SayDay says a day by weekday, number and month, in its own location:
// "terça-feira, 1º de dezembro". It never says hoje or amanhã: a message may be
// read tomorrow.
func SayDay(day time.Time) string {
	number := strconv.Itoa(day.Day())
	if day.Day() == 1 {
		number = pt.says["first"]
	}
	return strings.NewReplacer(
		"{weekday}", pt.weekdays[day.Weekday()], "{number}", number, "{month}", pt.months[day.Month()],
	).Replace(pt.says["day"])
}

// SayMoment says a day and an hour: "terça-feira, 1º de dezembro, às 14h30".
func SayMoment(t time.Time) string { return sayMoment(t, sayHour(t)) }

// SayList says moments to choose from, in order of time and each once, the
// hours of one day together: "segunda-feira, 30 de novembro, às 9h ou às 10h, ou
// terça-feira, 1º de dezembro, às 9h". It is empty when there are none.
func SayList(times []time.Time) string {
	sorted := slices.SortedFunc(slices.Values(times), time.Time.Compare)
	var days []string
	for len(sorted) > 0 {
		day := sorted[0]
		var hours []string
		for len(sorted) > 0 && sameDay(day, sorted[0]) {
			if hour := sayHour(sorted[0]); !slices.Contains(hours, hour) {
				hours = append(hours, hour)
			}
			sorted = sorted[1:]
		}
		or := " " + pt.says["or"] + " "
		said := hours[len(hours)-1]
		if len(hours) > 1 {
			said = strings.Join(hours[:len(hours)-1], ", ") + or + said
		}
		days = append(days, sayMoment(day, said))
	}
	last := len(days) - 1
	switch {
	case last < 0:
		return ""
	case last == 0:
		return days[0]
	case last == 1:
		return days[0] + ", " + pt.says["or"] + " " + days[1]
	}
	// Days hold commas themselves.
	return strings.Join(days[:last], "; ") + "; " + pt.says["or"] + " " + days[last]
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

func sayMoment(t time.Time, hours string) string {
	return strings.NewReplacer("{day}", SayDay(t), "{hour}", hours).Replace(pt.says["moment"])
}

// sayHour says an hour with its preposition, as people write it: às 9h, às
// 14h05, à 1h.
func sayHour(t time.Time) string {
	hour, minute := t.Hour(), t.Minute()
	if hour == 0 && minute == 0 {
		return pt.says["midnight"]
	}
	name := "hour"
	if hour <= 1 {
		name = "hour-one"
	}
	figures := fmt.Sprintf("%dh", hour)
	if minute > 0 {
		figures = fmt.Sprintf("%dh%02d", hour, minute)
	}
	return strings.NewReplacer("{hour}", figures).Replace(pt.says[name])
}
