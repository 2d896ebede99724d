package config

import (
	"fmt"
	"strings"
)

// Markdown is docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Generated from the table in internal/config/variables.go; go test ./internal/config -update rewrites it. -->

Both programs are told everything by environment variables. They read them once, at start, check them together, and
end with exit code 2 and one line per fault when anything is wrong. ` + "`.env.example`" + ` lists the same variables, ready to fill in.

- Names are case-sensitive. An empty value is an unset one. Spaces around a value, and around the items of a list, do not count.
- A variable that only the other program reads is ignored, so both can share one environment.
- An unknown ` + "`" + strings.Join(watchedPrefixes(), "*`, `") + "*`" + ` variable is warned about at start, with the nearest known name.
- Durations are written ` + "`300ms`, `20s`, `1m30s`, `2h`" + `.
- What holds *only in development* is refused in staging and production.

## Secrets

A variable marked **secret** holds the value itself or a reference to Secret Manager:

| written | read from |
|---|---|
| ` + "`secret:openai-api-key`" + ` | ` + "`projects/$GCP_PROJECT/secrets/openai-api-key-$ENVIRONMENT/versions/latest`" + ` |
| ` + "`secret:projects/p/secrets/s/versions/3`" + `, or the same without ` + "`secret:`" + ` | that version, as it stands |

References are resolved after the program listens; until then it answers 503. A reference that cannot be resolved within
30 s, or that resolves to a value against the rules below, ends the program with exit code 2. Each item of a list may be a reference of
its own, and a secret that is kept in Secret Manager may itself hold a list. Variables without the mark take no reference: let Cloud Run
mount a secret into those.

At start the programs print what they were told. Secrets, ids, e-mail addresses and telephone numbers are printed only as
*set* or *not set*.
`)
	for _, g := range newTable().groups {
		fmt.Fprintf(&b, "\n## %s\n\n| variable | read by | default | required | may hold | why |\n|---|---|---|---|---|---|\n", g.title)
		for _, v := range g.variables {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", v.name, v.program, cell(v.defaultText()), cell(v.requiredText()), cell(v.ruleText()), cell(v.why))
		}
	}
	b.WriteString(`
## Rules between variables

- ` + "`AMBIGUITY_WINDOW` > `SEND_PERMIT` + `GRAPH_TIMEOUT` + `WIRE_LIFETIME`" + `: before that, a message given up for lost may still arrive.
- ` + "`PARK_AFTER` > `AMBIGUITY_WINDOW`" + `: a send is decided before it is given to a person.
- ` + "`OPENAI_TIMEOUT` ≤ `TURN_DEADLINE`" + ` / 2: a second model call must fit.
- ` + "`TURN_DEADLINE` + `SEND_PERMIT` + `GRAPH_TIMEOUT`" + ` < ` + dispatchDeadline.String() + `: by then Cloud Tasks delivers the task again.
- ` + "`WHATSAPP_WEBHOOK_SECRET`" + ` counts only where ` + "`WHATSAPP_APP_SECRET`" + ` is not set; a start that finds both, and different, warns.
- On Cloud Run a start without ` + "`ENVIRONMENT`" + ` warns, because the rules of development hold.
`)
	return b.String()
}

// DotEnv is .env.example.
func DotEnv() string {
	var b strings.Builder
	b.WriteString(`# Every variable of both programs, with its default. Copy to .env and fill in; .env is never committed.
# An empty value is an unset one. docs/configuration.md has the rules. Secrets may be written secret:NAME.
`)
	for _, g := range newTable().groups {
		fmt.Fprintf(&b, "\n## %s\n", g.title)
		for _, v := range g.variables {
			if v.platform {
				continue
			}
			fmt.Fprintf(&b, "\n# %s\n", v.why)
			if required := v.requiredText(); required != "" {
				fmt.Fprintf(&b, "# Required %s.\n", required)
			}
			fmt.Fprintf(&b, "%s=%s\n", v.name, v.exampleValue())
		}
	}
	return b.String()
}

func cell(text string) string {
	if text == "" {
		return "–"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

func (v variable) defaultText() string {
	switch {
	case v.follows != "" && v.sample != "":
		return fmt.Sprintf("that of `%s`; in development `%s`", v.follows, v.sample)
	case v.follows != "":
		return fmt.Sprintf("that of `%s`", v.follows)
	case v.sample != "":
		return "a fixed value, in development only"
	case strings.Contains(v.value, programPlaceholder):
		return "`" + strings.ReplaceAll(v.value, programPlaceholder, "ingress") + "`, `" + strings.ReplaceAll(v.value, programPlaceholder, "worker") + "`"
	case v.value != "":
		return "`" + v.value + "`"
	default:
		return ""
	}
}

func (v variable) requiredText() string {
	switch {
	case v.required != "":
		return v.required
	case v.need == always:
		return "always"
	case v.need == deployed:
		return "outside development"
	default:
		return ""
	}
}

func (v variable) ruleText() string {
	if v.secret {
		return v.rule + " (**secret**)"
	}
	return v.rule
}

// exampleValue is the default where any reader of such files, a shell
// included, takes it for what it is.
func (v variable) exampleValue() string {
	if !only(v.value, letters+digits+"-_.,:/") {
		return ""
	}
	return v.value
}
