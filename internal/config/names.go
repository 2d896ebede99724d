package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// unknownNames warns about variables that look like ours and are not: a typo
// would otherwise leave a default in place without a word.
func unknownNames(values map[string]string, t table) []Warning {
	var warnings []Warning
	for _, name := range slices.Sorted(maps.Keys(values)) {
		upper := strings.ToUpper(name)
		if _, known := t.index[name]; known || !slices.ContainsFunc(watchedPrefixes(), func(prefix string) bool {
			return strings.HasPrefix(upper, prefix)
		}) {
			continue
		}
		text := "is not a variable of these programs and is ignored"
		if near := nearest(upper, t); near != "" {
			text += "; did you mean " + near + "?"
		}
		warnings = append(warnings, Warning{Variable: printable(name), Text: text})
	}
	return warnings
}

// watchedPrefixes are those that nothing but these programs should use.
func watchedPrefixes() []string {
	return []string{"WHATSAPP_", "OPENAI_", "CLOUD_TASKS_", "TASKS_"}
}

// nearest is the known name with the fewest edits from name, if there are few
// enough for a slip of the hand.
func nearest(name string, t table) string {
	const maxName = 64 // No variable is longer; distances cost length squared.
	if len(name) > maxName {
		return ""
	}
	best, fewest := "", len(name)/4+1
	for _, v := range t.variables {
		if d := distance(name, v.name); d < fewest {
			best, fewest = v.name, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// printable keeps a hostile name on one line of bounded length.
func printable(name string) string {
	const limit = 80
	if len(name) > limit {
		name = name[:limit] + "…"
	}
	if quoted := strconv.QuoteToASCII(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
