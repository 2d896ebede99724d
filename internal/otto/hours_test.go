package otto_test

import (
	"testing"
	"time"

	"github.com/pyloto/atende/internal/otto"
)

// clockAt is a time of March or December 2026 in the business's zone; the tenth
// of March is a Tuesday.
func clockAt(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, brasilia)
}

func TestNextOpen(t *testing.T) {
	hours := pizzaria().Hours
	for name, tt := range map[string]struct{ at, want time.Time }{
		"now":              {clockAt(3, 10, 10, 30), clockAt(3, 10, 10, 30)},
		"before opening":   {clockAt(3, 10, 7, 0), clockAt(3, 10, 9, 0)},
		"at lunch":         {clockAt(3, 10, 12, 0), clockAt(3, 10, 13, 0)},
		"in the evening":   {clockAt(3, 10, 18, 0), clockAt(3, 11, 9, 0)},
		"on Friday night":  {clockAt(3, 13, 20, 0), clockAt(3, 16, 9, 0)},
		"before a holiday": {clockAt(12, 24, 19, 0), clockAt(12, 28, 9, 0)},
	} {
		if got, ok := hours.NextOpen(tt.at); !ok || !got.Equal(tt.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, ok, tt.want)
		}
	}
	if at, ok := (otto.Hours{}).NextOpen(clockAt(3, 10, 10, 0)); ok {
		t.Errorf("a business without hours opens at %v", at)
	}
}

func TestNextOpening(t *testing.T) {
	hours := pizzaria().Hours
	for name, tt := range map[string]struct{ at, want time.Time }{
		"before opening":    {clockAt(3, 10, 7, 0), clockAt(3, 10, 9, 0)},
		"while it is open":  {clockAt(3, 10, 10, 30), clockAt(3, 10, 13, 0)},
		"at an opening":     {clockAt(3, 10, 13, 0), clockAt(3, 11, 9, 0)},
		"before a weekend":  {clockAt(3, 13, 14, 0), clockAt(3, 16, 9, 0)},
		"before a holiday":  {clockAt(12, 24, 14, 0), clockAt(12, 28, 9, 0)},
		"in the evening":    {clockAt(3, 10, 18, 0), clockAt(3, 11, 9, 0)},
		"a minute too soon": {clockAt(3, 10, 8, 59), clockAt(3, 10, 9, 0)},
	} {
		if got, ok := hours.NextOpening(tt.at); !ok || !got.Equal(tt.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, ok, tt.want)
		}
	}
	always := otto.Hours{}
	for day := range always.Week {
		always.Week[day] = []otto.Span{{From: 0, To: 24 * 60}}
	}
	for name, never := range map[string]otto.Hours{"without hours": {}, "that never closes": always} {
		if at, ok := never.NextOpening(clockAt(3, 10, 10, 0)); ok {
			t.Errorf("a business %s opens at %v", name, at)
		}
	}
}

func TestADeadlineCountsOpenHours(t *testing.T) {
	hours := pizzaria().Hours
	for name, tt := range map[string]struct {
		from time.Time
		d    time.Duration
		want time.Time
	}{
		"within a span":        {clockAt(3, 10, 10, 0), 30 * time.Minute, clockAt(3, 10, 10, 30)},
		"over lunch":           {clockAt(3, 10, 11, 50), 30 * time.Minute, clockAt(3, 10, 13, 20)},
		"over night":           {clockAt(3, 10, 17, 45), 30 * time.Minute, clockAt(3, 11, 9, 15)},
		"from before opening":  {clockAt(3, 10, 3, 0), 30 * time.Minute, clockAt(3, 10, 9, 30)},
		"over a weekend":       {clockAt(3, 13, 20, 0), 2 * time.Hour, clockAt(3, 16, 11, 0)},
		"over a holiday":       {clockAt(12, 24, 17, 30), time.Hour, clockAt(12, 28, 9, 30)},
		"of more than one day": {clockAt(3, 10, 9, 0), 9 * time.Hour, clockAt(3, 11, 10, 0)},
		"to the end of a span": {clockAt(3, 10, 11, 0), time.Hour, clockAt(3, 10, 12, 0)},
	} {
		if got := hours.Deadline(tt.from, tt.d); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	from := clockAt(3, 10, 10, 0)
	if got := (otto.Hours{}).Deadline(from, time.Hour); !got.Equal(from.Add(time.Hour)) {
		t.Errorf("a business without hours: %v", got)
	}
}

// Spans that overlap count each minute once.
func TestADeadlineCountsAMinuteOnce(t *testing.T) {
	var hours otto.Hours
	hours.Week[time.Tuesday] = []otto.Span{{From: 600, To: 660}, {From: 540, To: 630}}
	if got, want := hours.Deadline(clockAt(3, 10, 8, 0), 90*time.Minute), clockAt(3, 10, 10, 30); !got.Equal(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
