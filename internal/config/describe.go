package config

import (
	"fmt"
	"slices"
)

// Setting is one line of what a program was told, safe to print.
type Setting struct {
	Name string
	// Value is the value itself only where the table allows it to be printed;
	// otherwise it says whether there is one and where it comes from.
	Value string
}

// Describe lists the settings in the order of docs/configuration.md. Values
// are shown by allow-list.
func (c Common) Describe() []Setting {
	index := newTable().index
	return slices.SortedFunc(slices.Values(c.settings), func(a, b Setting) int {
		return index[a.Name] - index[b.Name]
	})
}

// References lists what has to be resolved in Secret Manager before work can
// begin; of a list each reference stands for itself.
func (c Common) References() []Reference {
	return slices.Clone(c.references)
}

func (r *reader) describe(v variable, value string) {
	shown := value
	switch {
	case value == "":
		shown = "not set"
	case v.secret && !r.isSet(v.name):
		shown = "set for development"
	case v.secret:
		shown = describeSecrets(v, value, r)
	case !v.printed:
		shown = "set"
	}
	r.settings = append(r.settings, Setting{Name: v.name, Value: shown})
}

// describeSecrets says how many secrets a value holds and how many of them are
// references.
func describeSecrets(v variable, value string, r *reader) string {
	items := v.split(value)
	references := 0
	for _, item := range items {
		if s, _ := parseSecret(item, r.project, r.env); s.resource != "" {
			references++
		}
	}
	switch {
	case len(items) == 1 && references == 1:
		return "in Secret Manager"
	case references > 0:
		return fmt.Sprintf("%d set, %d of them in Secret Manager", len(items), references)
	case len(items) > 1:
		return fmt.Sprintf("%d set", len(items))
	default:
		return "set"
	}
}
