package whatsapp_test

import (
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp"
)

func TestCodes(t *testing.T) {
	codes := whatsapp.Codes()
	if len(codes) < 60 {
		t.Errorf("%d codes", len(codes))
	}
	last := -1
	for _, c := range codes {
		if c.First <= last || c.Last < c.First {
			t.Errorf("%d to %d comes after %d", c.First, c.Last, last)
		}
		last = c.Last
		for _, code := range []int{c.First, c.Last} {
			e := &whatsapp.Error{Code: code}
			if e.Class() != c.Class || e.Remedy() != c.Remedy || e.Account() != c.Account ||
				e.StopsMarketing() != c.StopsMarketing || e.Meaning() != c.Meaning || !e.Known() {
				t.Errorf("%d is not what the table says", code)
			}
		}
		if c.Meaning == "" || c.Remedy == "" || c.Class == "" {
			t.Errorf("%d lacks a word", c.First)
		}
		if c.Account && c.Remedy != whatsapp.RemedyConfigurationAlarm {
			t.Errorf("%d bars the number and calls nobody", c.First)
		}
	}
}

// The choices that others depend on, written down apart from the table.
func TestRemedies(t *testing.T) {
	for remedy, codes := range map[whatsapp.Remedy][]int{
		whatsapp.RemedyRetry:              {1, 2, 131000, 131016, 135000},
		whatsapp.RemedyRetryLater:         {4, 613, 80007, 130429, 131056, 131057, 132069, 133004},
		whatsapp.RemedyPermanent:          {131021, 131041, 131053, 131062, 137000},
		whatsapp.RemedyNeedsTemplate:      {131047},
		whatsapp.RemedyBlockedContact:     {130472, 131026, 131049, 131050},
		whatsapp.RemedyConfigurationAlarm: {0, 10, 33, 100, 190, 200, 299, 368, 131008, 131031, 131042, 131048, 132001, 132015, 133010},
	} {
		for _, code := range codes {
			if got := (&whatsapp.Error{Code: code}).Remedy(); got != remedy {
				t.Errorf("code %d: %s, want %s", code, got, remedy)
			}
		}
	}
}

func TestRemedyOfTheUnknown(t *testing.T) {
	for _, tt := range []struct {
		err  whatsapp.Error
		want whatsapp.Remedy
	}{
		{whatsapp.Error{Code: 139999}, whatsapp.RemedyPermanent},
		{whatsapp.Error{Code: 139999, HTTPStatus: 400}, whatsapp.RemedyPermanent},
		{whatsapp.Error{Code: 139999, HTTPStatus: 500}, whatsapp.RemedyRetry},
		{whatsapp.Error{HTTPStatus: 503}, whatsapp.RemedyRetry},
		{whatsapp.Error{HTTPStatus: 429}, whatsapp.RemedyRetryLater},
		{whatsapp.Error{HTTPStatus: 401}, whatsapp.RemedyConfigurationAlarm},
	} {
		if got := tt.err.Remedy(); got != tt.want || tt.err.Account() != (tt.err.HTTPStatus == 401) || tt.err.StopsMarketing() {
			t.Errorf("%v: %s, want %s", &tt.err, got, tt.want)
		}
	}
}

// However the states of a message are heard of, the same one stands.
func TestStatesAreALattice(t *testing.T) {
	states := []whatsapp.State{
		whatsapp.StateAccepted, whatsapp.StateSent, whatsapp.StateDelivered, whatsapp.StateRead, whatsapp.StatePlayed, whatsapp.StateFailed,
	}
	for _, a := range states {
		if whatsapp.Later(a, a) != a || whatsapp.Later(a, "odd") != a || whatsapp.Later("odd", a) != a || whatsapp.Later("", a) != a {
			t.Errorf("%s does not stand beside itself or the unknown", a)
		}
		for _, b := range states {
			if whatsapp.Later(a, b) != whatsapp.Later(b, a) {
				t.Errorf("%s and %s: the order they are heard in matters", a, b)
			}
			for _, c := range states {
				if whatsapp.Later(whatsapp.Later(a, b), c) != whatsapp.Later(a, whatsapp.Later(b, c)) {
					t.Errorf("%s, %s and %s: the order they are heard in matters", a, b, c)
				}
			}
		}
	}
	for i, a := range states[:5] {
		for _, b := range states[i:5] {
			if got := whatsapp.Later(a, b); got != b {
				t.Errorf("of %s and %s %s stands", a, b, got)
			}
		}
		want := whatsapp.StateFailed
		if i >= 2 {
			want = a
		}
		if got := whatsapp.Later(a, whatsapp.StateFailed); got != want {
			t.Errorf("of %s and failed %s stands, want %s", a, got, want)
		}
	}
}
