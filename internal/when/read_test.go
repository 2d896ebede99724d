package when_test

import (
	"testing"
	"time"

	"github.com/pyloto/atende/internal/when"
)

func TestRead(t *testing.T) {
	now := saturday(t)
	for _, test := range []struct{ text, want string }{
		{"amanhã às 14h30", "2026-11-29 14:30"},
		{"Amanha as 14:30", "2026-11-29 14:30"},
		{"terça de manhã", "2026-12-01 08:00-12:00"},
		{"dia 5", "2026-12-05"},
		{"dia 5 às 10", "2026-12-05 10:00"},
		{"depois do almoço", "vague"},
		{"amanhã depois do almoço", "2026-11-29"},
		{"semana que vem", "vague"},
		{"semana que vem às 15h", "15:00"},
		{"31/02", "vague"},
		{"terça ou quarta às 15h", "15:00 several"},
		{"terça às 10 ou quarta às 15h", "several"},
		{"entre 14h e 16h amanhã", "2026-11-29 14:00-16:00"},
		{"às 15h", "15:00"},
		{"às 9h ou às 10h", "several"},
		{"amanhã às 9 ou 10", "2026-11-29 several"},
		{"terça, 1/12, às 15h", "2026-12-01 15:00"},
		{"terça, 2/12", "several"},
		{"terça, 8/12", "2026-12-08"},
		{"hoje, sábado, às 16h", "2026-11-28 16:00"},
		{"amanhã, domingo, 29/11", "2026-11-29"},
		{"terça às 15h, terça mesmo", "2026-12-01 15:00"},
		{"às 15h, 15:00 em ponto", "15:00"},
		{"amanhã às 3 à tarde", "2026-11-29 15:00"},
		{"amanhã à tarde, às 3", "2026-11-29 15:00"},
		{"amanhã à tarde, às 15h", "2026-11-29 15:00"},
		{"amanhã de manhã, às 15h", "2026-11-29 several"},
		{"à tarde, entre 2 e 4h", "14:00-16:00"},
		{"de manhã ou à tarde", "several"},
		{"à tarde, no fim da tarde", "16:00-18:00"},
		{"não posso terça, só quarta às 10", "2026-12-02 10:00"},
		{"nao posso na terca, so na quarta as 10h", "2026-12-02 10:00"},
		{"terça não, quarta às 10", "2026-12-02 10:00"},
		{"terça não posso, pode ser quarta às 10", "2026-12-02 10:00"},
		{"amanhã não consigo. Segunda às 9h?", "2026-11-30 09:00"},
		{"amanhã às 10 não dá, terça às 11", "2026-12-01 11:00"},
		{"não consigo terça nem quarta, quinta às 15h dá", "2026-12-03 15:00"},
		{"amanhã não posso às 15h, só às 16h", "2026-11-29 16:00"},
		{"amanhã eu não posso, terça às 10", "2026-12-01 10:00"},
		{"não tenho tempo hoje, terça às 10", "2026-12-01 10:00"},
		{"terça é ruim, quarta às 9", "2026-12-02 09:00"},
		{"hoje à noite às 8", "2026-11-28 20:00"},
		{"dia 13, sexta", "several"},
		{"qualquer dia menos segunda", "vague"},
		{"exceto amanhã", "nothing"},
		{"não pode ser terça às 10?", "2026-12-01 10:00"},
		{"não, terça às 10", "2026-12-01 10:00"},
		{"terça não é feriado? às 10", "2026-12-01 10:00"},
		{"mais ou menos às 15h de terça", "2026-12-01 15:00"},
		{"de segunda a sexta das 9h às 17h", "09:00-17:00 several"},
		{"de 1 a 3 de dezembro", "several"},
		{"bom dia, tudo bem?", "nothing"},
		{"leva 2h", "nothing"},
		{"", "nothing"},
		{"Oi! Pode ser quinta que vem, lá pelas 10 da manhã? 🙏", "2026-12-03 10:00"},
		{"me liga hj às 16", "2026-11-28 16:00"},
		{"dia 5 de dezembro, sábado, ao meio-dia", "2026-12-05 12:00"},
		{"terça às 24h", "2026-12-01 24:00"},
	} {
		if got := moment(when.Read(test.text, now)); got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

// What is relative depends on the day it is said.
func TestReadAroundTheCalendar(t *testing.T) {
	for _, test := range []struct{ now, text, want string }{
		{"2026-12-31 23:59", "amanhã", "2027-01-01"},
		{"2026-12-31 23:59", "hoje", "2026-12-31"},
		{"2026-12-31 23:59", "dia 31", "2026-12-31"},
		{"2026-12-31 23:59", "dia 1", "2027-01-01"},
		{"2026-12-31 23:59", "31/12", "2026-12-31"},
		{"2026-12-31 23:59", "1/1 às 0h", "2027-01-01 00:00"},
		{"2026-12-31 23:59", "depois de amanhã", "2027-01-02"},
		{"2026-12-31 23:59", "sexta", "2027-01-01"},
		{"2027-01-01 00:00", "ontem", "2026-12-31"},
		{"2027-01-30 12:00", "dia 29", "2027-03-29"},
		{"2027-01-31 12:00", "dia 30", "2027-03-30"},
		{"2027-01-31 12:00", "dia 31 do mês que vem", "vague"},
		{"2027-01-31 12:00", "dia 10 do mês que vem", "2027-02-10"},
		{"2028-02-28 12:00", "amanhã", "2028-02-29"},
		{"2028-02-28 12:00", "29/02", "2028-02-29"},
		{"2027-02-28 12:00", "amanhã", "2027-03-01"},
		{"2027-03-01 12:00", "29/02", "2028-02-29"},
		{"2028-03-01 12:00", "29/02", "vague"},
		{"2028-02-29 08:00", "dia 29", "2028-02-29"},
		{"2028-02-29 08:00", "dia 29 de fevereiro de 2029", "vague"},
		{"2026-11-30 08:00", "segunda", "2026-12-07"},
		{"2026-11-30 08:00", "terça", "2026-12-01"},
		{"2026-11-30 08:00", "terça da semana que vem", "2026-12-08"},
		{"2026-11-30 08:00", "domingo da semana que vem", "2026-12-13"},
		{"2026-11-29 08:00", "segunda da semana que vem", "2026-11-30"},
		{"2026-11-30 08:00", "segunda passada", "2026-11-23"},
		{"2026-11-30 08:00", "hoje, segunda, às 10h", "2026-11-30 10:00"},
	} {
		if got := moment(when.Read(test.text, at(t, test.now))); got != test.want {
			t.Errorf("%q on %s\n got %s\nwant %s", test.text, test.now, got, test.want)
		}
	}
}

func TestReadPointsAtTheWords(t *testing.T) {
	const text = "Oi 🙏, pode ser na próxima terça às 14h30?"
	m, ok := when.Read(text, saturday(t))
	if want := "próxima terça às 14h30"; !ok || text[m.Start:m.End] != want {
		t.Errorf("%v, %q, want %q", ok, text[m.Start:m.End], want)
	}
}

func TestAt(t *testing.T) {
	now := saturday(t)
	for _, test := range []struct{ text, want string }{
		{"amanhã às 14h30", "2026-11-29 14:30"},
		{"terça às 24h", "2026-12-02 00:00"},
		{"amanhã", ""},
		{"às 15h", ""},
		{"terça de manhã", ""},
		{"terça ou quarta às 15h", ""},
		{"semana que vem", ""},
	} {
		m, _ := when.Read(test.text, now)
		got, ok := m.At()
		switch {
		case ok != (test.want != ""):
			t.Errorf("%q: exact is %v", test.text, ok)
		case ok && !got.Equal(at(t, test.want)):
			t.Errorf("%q is at %v, want %s", test.text, got, test.want)
		}
	}
	if _, ok := (when.Moment{}).At(); ok {
		t.Error("the zero moment has a time")
	}
	if m, _ := when.Read("amanhã às 9", now); m.Day.Location() != now.Location() || m.Day.Hour() != 0 {
		t.Errorf("day is %v, not midnight in the zone of now", m.Day)
	}
	tokyo := time.FixedZone("", 9*60*60)
	if m, _ := when.Read("hoje", now.In(tokyo)); m.Day.Day() != 28 || m.Day.Location() != tokyo {
		t.Errorf("today in another zone is %v", m.Day)
	}
}
