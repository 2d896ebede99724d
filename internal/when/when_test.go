package when_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/pyloto/atende/internal/when"
)

// saturday is the moment at which most texts here are read.
func saturday(t testing.TB) time.Time { return at(t, "2026-11-28 10:00") }

func at(t testing.TB, local string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := time.ParseInLocation("2006-01-02 15:04", local, zone)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func day(d time.Time) string {
	if d.IsZero() {
		return "no day"
	}
	return d.Format("2006-01-02")
}

// list writes mentions as the tables do: kind and value, parted by " | ".
func list(mentions []when.Mention) string {
	var said []string
	for _, m := range mentions {
		switch m.Kind {
		case when.Date:
			said = append(said, "date "+day(m.Day))
		case when.Weekday:
			said = append(said, "weekday "+day(m.Day))
		case when.WeekdayRange:
			said = append(said, m.First.String()[:3]+"-"+m.Last.String()[:3])
		case when.Clock:
			said = append(said, clock(m.From))
		case when.ClockRange:
			said = append(said, clock(m.From)+"-"+clock(m.To))
		case when.DayPart:
			said = append(said, "part "+clock(m.From)+"-"+clock(m.To))
		case when.Vague:
			said = append(said, "vague")
		}
	}
	return strings.Join(said, " | ")
}

// moment writes what Read says: day, hours, and what is wrong with them.
func moment(m when.Moment, ok bool) string {
	if !ok {
		return "nothing"
	}
	var said []string
	if !m.Day.IsZero() {
		said = append(said, day(m.Day))
	}
	switch {
	case m.From < 0:
	case m.From == m.To:
		said = append(said, clock(m.From))
	default:
		said = append(said, clock(m.From)+"-"+clock(m.To))
	}
	if m.Vague {
		said = append(said, "vague")
	}
	if m.Several {
		said = append(said, "several")
	}
	return strings.Join(said, " ")
}
