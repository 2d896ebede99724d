package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// program is a set of programs that read a variable.
type program uint8

const (
	ingress program = 1 << iota
	worker
	both = ingress | worker
)

func (p program) String() string {
	switch p {
	case ingress:
		return "ingress"
	case worker:
		return "worker"
	default:
		return "both"
	}
}

// need is when a variable must be set.
type need uint8

const (
	optional need = iota
	deployed      // in staging and production
	always
)

func (n need) holds(env Environment) bool {
	return n == always || n == deployed && env != Development
}

// programPlaceholder stands in a default for the name of the program.
const programPlaceholder = "{program}"

// variable is one row of the table: all there is to know about a variable.
type variable struct {
	name    string
	program program
	// value is the default; follows names the variable whose value is the
	// default instead; sample is the default in development only.
	value, follows, sample string
	need                   need
	// required completes "is required …" where need alone does not say it.
	required string
	// list marks a comma-separated list, whose items are checked one by one.
	list bool
	// secret values may be references and are never shown.
	secret bool
	// printed values may be shown in faults and at start.
	printed bool
	// platform variables are set by where the program runs, not by people.
	platform bool
	// form checks a value; deployed checks it further outside development.
	form, deployed form
	// rule completes the sentence "give …".
	rule string
	// why is the reason the variable exists, on one line.
	why string
}

// table is every variable, grouped and in the order people read them.
type table struct {
	groups    []group
	variables []variable
	index     map[string]int
}

type group struct {
	title     string
	variables []variable
}

func newTable() table {
	t := table{groups: groups(), index: map[string]int{}}
	for _, g := range t.groups {
		for _, v := range g.variables {
			t.index[v.name] = len(t.variables)
			t.variables = append(t.variables, v)
		}
	}
	return t
}

// mustFind panics on a name that is not in the table: the mistake of a
// programmer, not of an operator.
func (t table) mustFind(name string) variable {
	i, ok := t.index[name]
	if !ok {
		panic("config: variable " + name + " is not in the table")
	}
	return t.variables[i]
}

func (v variable) split(value string) []string {
	switch {
	case value == "":
		return nil
	case v.list:
		return splitList(value)
	default:
		return []string{value}
	}
}

// problem is what is wrong with one value, or "".
func (v variable) problem(value string, env Environment, project string) string {
	if !utf8.ValidString(value) {
		return "is not UTF-8"
	}
	s, problem := parseSecret(value, project, env)
	_, isRef := s.Resource()
	switch {
	case !v.secret && (isRef || problem != ""):
		return "is a reference, and this variable takes the value itself"
	case problem != "" || isRef:
		return problem
	default:
		return v.valueProblem(value, env)
	}
}

// resolvedProblem is what is wrong with one value out of Secret Manager.
func (v variable) resolvedProblem(value string, env Environment) string {
	if s, problem := parseSecret(value, "any", env); problem != "" || s.resource != "" {
		return "holds another reference"
	}
	return v.valueProblem(value, env)
}

func (v variable) valueProblem(value string, env Environment) string {
	if problem := v.form(v.clean(value)); problem != "" {
		return problem
	}
	if env == Development {
		return ""
	}
	if v.secret && v.sample != "" && value == v.sample {
		return "is the published value for development"
	}
	if v.deployed != nil {
		return v.deployed(value)
	}
	return ""
}

// clean undoes what an environment does to a value of this variable.
func (v variable) clean(value string) string {
	if v.name == "FLOW_PRIVATE_KEY" {
		return unescapeLines(value)
	}
	return value
}

// quote is the value where it may be shown, or a word for it.
func (v variable) quote(value string) string {
	// A longer value may be a token in the wrong place, and these characters
	// may set off credentials in a URL.
	const limit = 24
	if !v.printed || len(value) > limit || strings.ContainsAny(value, "@?") {
		return "the value"
	}
	return strconv.QuoteToASCII(value)
}

func (v variable) remedy() string {
	if v.secret {
		return "give " + v.rule + ", or secret:NAME"
	}
	return "give " + v.rule
}
