package when

import "time"

// Find are all mentions in a text, in order, not overlapping. now gives the
// zone and resolves what is relative to today.
func Find(text string, now time.Time) []Mention {
	return nil
}
