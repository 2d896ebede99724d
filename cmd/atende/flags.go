package main

import (
	"fmt"
	"slices"
	"strings"
)

// flag is an option of a command.
type flag struct {
	name  string
	value string // what follows it, for people; empty when nothing does
}

// The options there are.
const (
	flagPack   = "pack"
	flagJSON   = "json"
	flagReveal = "reveal"
	flagLimit  = "limit"
	flagJUnit  = "junit"
	flagOnly   = "only"
	flagQuiet  = "quiet"

	flagCallback = "callback"
	flagOverride = "override"
	flagDryRun   = "dry-run"
	flagWrite    = "write"
)

func (f flag) usage() string {
	if f.value == "" {
		return "--" + f.name
	}
	return "--" + f.name + " " + f.value
}

// flags are the options that were given, by name.
type flags map[string]string

func (f flags) has(name string) bool {
	_, given := f[name]
	return given
}

// parse takes options out of arguments; they may stand before, between and after
// them. Its error says what is wrong with one.
func parse(args []string, known []flag) (rest []string, given flags, err error) {
	given = flags{}
	for i := 0; i < len(args); i++ {
		name, dashed := strings.CutPrefix(args[i], "--")
		if !dashed {
			rest = append(rest, args[i])
			continue
		}
		name, value, joined := strings.Cut(name, "=")
		at := slices.IndexFunc(known, func(f flag) bool { return f.name == name })
		switch {
		case at < 0:
			return nil, nil, fmt.Errorf("there is no option --%s", name)
		case known[at].value == "" && joined:
			return nil, nil, fmt.Errorf("--%s takes no value", name)
		case known[at].value != "" && !joined:
			if i++; i == len(args) {
				return nil, nil, fmt.Errorf("--%s needs a value", name)
			}
			value = args[i]
		}
		given[name] = value
	}
	return rest, given, nil
}
