package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Reference is a variable whose value is kept in Secret Manager.
type Reference struct {
	// Variable is the name of the variable.
	Variable string
	// Resource is the full resource name of the secret's version.
	Resource string
}

// reader takes variables out of an environment one by one and collects what
// is wrong with them. A variable at fault reads as its default, so that the
// reading goes on and finds everything.
type reader struct {
	table   table
	program program
	values  map[string]string
	env     Environment
	project string

	faults     []Fault
	warnings   []Warning
	settings   []Setting
	references []Reference
}

func newReader(environ []string, p program) *reader {
	r := &reader{table: newTable(), program: p, values: make(map[string]string, len(environ))}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		// An empty value is what remains of a line nobody filled in.
		if value = strings.TrimSpace(value); value == "" {
			delete(r.values, name)
			continue
		}
		r.values[name] = value
	}
	r.env = likelyEnvironment(r.values["ENVIRONMENT"])
	r.text("ENVIRONMENT")
	r.project = r.text("GCP_PROJECT")
	if r.text("K_SERVICE") != "" && !r.isSet("ENVIRONMENT") {
		r.warn("ENVIRONMENT", "is not set on Cloud Run, so the rules of development hold; set it to staging or production")
	}
	r.warnings = append(r.warnings, unknownNames(r.values, r.table)...)
	return r
}

// isSet reports whether the environment holds a value for name, right or not.
func (r *reader) isSet(name string) bool { return r.values[name] != "" }

// sound reports whether none of the variables is at fault so far.
func (r *reader) sound(names ...string) bool {
	return !slices.ContainsFunc(r.faults, func(f Fault) bool { return slices.Contains(names, f.Variable) })
}

func (r *reader) blame(name, problem, remedy string) {
	r.faults = append(r.faults, Fault{Variable: name, Problem: problem, Remedy: remedy})
}

func (r *reader) warn(name, text string) {
	r.warnings = append(r.warnings, Warning{Variable: name, Text: text})
}

// require blames a variable that has no value when another setting needs it.
func (r *reader) require(name string) {
	v := r.table.mustFind(name)
	if r.isSet(name) || r.fallback(v) != "" || !r.sound(name) {
		return
	}
	r.blame(name, "is not set, and it is required "+v.required, v.remedy())
}

// items reads a variable's values, one unless it is a list, each of which
// keeps the variable's rules.
func (r *reader) items(name string) []string {
	v := r.table.mustFind(name)
	value := r.values[name]
	if value == "" {
		value = r.fallback(v)
		if value == "" && v.need.holds(r.env) {
			r.blame(name, "is not set", v.remedy())
		}
		r.describe(v, value)
		return v.split(value)
	}
	items := v.split(value)
	if len(items) == 0 {
		r.blame(name, "lists nothing", v.remedy())
		return v.split(r.fallback(v))
	}
	for _, item := range items {
		if problem := v.problem(item, r.env, r.project); problem != "" {
			r.blame(name, v.quote(item)+" "+problem, v.remedy())
			return v.split(r.fallback(v))
		}
	}
	r.describe(v, value)
	return items
}

// fallback is the value of a variable that the environment does not set.
func (r *reader) fallback(v variable) string {
	value := strings.ReplaceAll(v.value, programPlaceholder, r.program.String())
	if v.follows != "" && r.sound(v.follows) {
		value = strings.TrimRight(r.values[v.follows], "/")
	}
	if value == "" && r.env == Development {
		value = v.sample
	}
	return value
}

func (r *reader) text(name string) string {
	if items := r.items(name); len(items) > 0 {
		return items[0]
	}
	return ""
}

func (r *reader) list(name string) []string { return r.items(name) }

// url is a text without trailing slashes, ready for a path to be appended.
func (r *reader) url(name string) string { return strings.TrimRight(r.text(name), "/") }

// The conversions below cannot fail: the variable's form has accepted the
// text, and a test holds every default against its own form.

func (r *reader) number(name string) int {
	n, _ := strconv.Atoi(r.text(name))
	return n
}

func (r *reader) duration(name string) time.Duration {
	d, _ := time.ParseDuration(r.text(name))
	return d
}

func (r *reader) flag(name string) bool {
	on, _ := parseFlag(r.text(name))
	return on
}

func (r *reader) contact(name string) pii.Contact {
	return pii.Contact(strings.TrimPrefix(r.text(name), "+"))
}

func (r *reader) secret(name string) Secret {
	if secrets := r.secrets(name); len(secrets) > 0 {
		return secrets[0]
	}
	return Secret{}
}

func (r *reader) secrets(name string) []Secret {
	var secrets []Secret
	for _, item := range r.items(name) {
		s, _ := parseSecret(r.table.mustFind(name).clean(item), r.project, r.env)
		if resource, isRef := s.Resource(); isRef {
			r.references = append(r.references, Reference{Variable: name, Resource: resource})
			if doubled := "-" + string(r.env); strings.HasPrefix(item, referencePrefix) && strings.Contains(resource, doubled+doubled+"/") {
				r.warn(name, "names a secret with its "+doubled+" suffix, which is added by itself; leave it out")
			}
		}
		secrets = append(secrets, s)
	}
	return secrets
}

// err is everything found wrong, in the order of the table.
func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return r.table.index[a.Variable] - r.table.index[b.Variable]
	})
	return &Faults{List: r.faults}
}

// splitList splits at commas, trims, and drops what is empty.
func splitList(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// likelyEnvironment is the environment whose rules a start is checked by, also
// when its name is wrong: what cannot be guessed is held to production's.
func likelyEnvironment(name string) Environment {
	if name == "" {
		return Development
	}
	switch full := environmentAlias(name); full {
	case Development, Staging:
		return full
	default:
		return Production
	}
}
