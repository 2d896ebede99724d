package otto

import (
	_ "embed"
	"strings"
	"text/template"
	"time"
)

//go:embed back.tmpl
var backTemplate string

// sayBack says a moment as a lead says it, seen from now.
func sayBack(now, at time.Time) string {
	set, err := template.New("back").Parse(backTemplate)
	if err != nil {
		return ""
	}
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	var b strings.Builder
	if err := set.Execute(&b, map[string]int{
		"Days": int(midnight(at).Sub(midnight(now)) / (24 * time.Hour)), "Weekday": int(at.Weekday()),
		"Day": at.Day(), "Month": int(at.Month()), "Hour": at.Hour(), "Minute": at.Minute(),
	}); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}
