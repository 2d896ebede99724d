package when_test

import (
	"testing"
	"time"

	"github.com/pyloto/atende/internal/when"
)

func TestSay(t *testing.T) {
	for local, want := range map[string]string{
		"2026-12-01 14:30": "terça-feira, 1º de dezembro, às 14h30",
		"2026-11-30 09:00": "segunda-feira, 30 de novembro, às 9h",
		"2026-11-28 01:00": "sábado, 28 de novembro, à 1h",
		"2026-03-01 00:00": "domingo, 1º de março, à meia-noite",
		"2026-03-02 00:05": "segunda-feira, 2 de março, à 0h05",
		"2026-12-05 12:00": "sábado, 5 de dezembro, às 12h",
	} {
		if got := when.SayMoment(at(t, local)); got != want {
			t.Errorf("%s: %q, want %q", local, got, want)
		}
	}
	if got, want := when.SayDay(at(t, "2026-12-01 14:30")), "terça-feira, 1º de dezembro"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSayList(t *testing.T) {
	for _, test := range []struct {
		times []string
		want  string
	}{
		{nil, ""},
		{[]string{"2026-12-01 09:00"}, "terça-feira, 1º de dezembro, às 9h"},
		{
			[]string{"2026-11-30 09:00", "2026-11-30 10:00", "2026-12-01 09:00"},
			"segunda-feira, 30 de novembro, às 9h ou às 10h, ou terça-feira, 1º de dezembro, às 9h",
		},
		{
			[]string{"2026-11-30 11:00", "2026-11-30 09:00", "2026-11-30 10:00", "2026-11-30 09:00"},
			"segunda-feira, 30 de novembro, às 9h, às 10h ou às 11h",
		},
		{
			[]string{"2026-11-30 09:00", "2026-12-01 09:00", "2026-12-02 09:00"},
			"segunda-feira, 30 de novembro, às 9h; terça-feira, 1º de dezembro, às 9h; ou quarta-feira, 2 de dezembro, às 9h",
		},
	} {
		var times []time.Time
		for _, local := range test.times {
			times = append(times, at(t, local))
		}
		if got := when.SayList(times); got != test.want {
			t.Errorf("%v\n got %s\nwant %s", test.times, got, test.want)
		}
	}
}

// Whatever is said is read as the same moment, at every half hour of a year.
func TestWhatIsSaidIsRead(t *testing.T) {
	now := saturday(t)
	for moment := now.Truncate(time.Hour); moment.Before(now.AddDate(0, 11, 0)); moment = moment.Add(30 * time.Minute) {
		said := when.SayMoment(moment)
		m, ok := when.Read(said, now)
		if !ok {
			t.Fatalf("%q is not read", said)
		}
		if got, exact := m.At(); !exact || !got.Equal(moment) {
			t.Fatalf("%q is read as %v, %v", said, got, exact)
		}
		if m.Start != 0 || said[m.End:] != "" {
			t.Fatalf("%q: only %q is read", said, said[m.Start:m.End])
		}
	}
}
