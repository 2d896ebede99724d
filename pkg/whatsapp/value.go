package whatsapp

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// value is one JSON value, without surrounding space, inside a document that
// json.Valid has accepted. That check is what lets the walk below stay small:
// it looks for the ends of values and never for mistakes.
//
// encoding/json itself matches keys without regard to case and merges repeated
// ones, and a webhook must be read exactly as it is written: keys are
// case-exact and the last of several equal keys wins, whole.
type value []byte

// The first byte of a JSON value tells its kind.
const (
	kindObject = '{'
	kindArray  = '['
	kindString = '"'
	kindNull   = 'n'
	kindTrue   = 't'
	kindFalse  = 'f'
)

// parse returns the document's value, or false when it is not JSON.
func parse(document []byte) (value, bool) {
	if !json.Valid(document) {
		return nil, false
	}
	return value(bytes.Trim(document, " \t\r\n")), true
}

// kind returns the first byte, or zero for a value that is not there.
func (v value) kind() byte {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// absent reports whether there is nothing to read: a missing key or null.
func (v value) absent() bool { return len(v) == 0 || v[0] == kindNull }

// blank is absent, or an empty string: an identifier that is not there.
func (v value) blank() bool { return v.absent() || string(v) == `""` }

func (v value) isNumber() bool {
	return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9')
}

// members yields an object's keys, unescaped, and their values in written
// order, repetitions included. It yields nothing for any other kind.
func (v value) members() iter.Seq2[[]byte, value] {
	return func(yield func([]byte, value) bool) {
		if v.kind() != kindObject {
			return
		}
		i := skipSpace(v, 1)
		for i < len(v) && v[i] == '"' {
			end := skipString(v, i)
			key := v[i:end]
			i = skipSpace(v, end)
			i = skipSpace(v, i+1) // the colon
			end = skipValue(v, i)
			if !yield(unescapedKey(key), v[i:end:end]) {
				return
			}
			i = skipSpace(v, end)
			i = skipSpace(v, i+1) // the comma or the closing brace
		}
	}
}

// elements yields an array's values. It yields nothing for any other kind.
func (v value) elements() iter.Seq[value] {
	return func(yield func(value) bool) {
		if v.kind() != kindArray {
			return
		}
		i := skipSpace(v, 1)
		for i < len(v) && v[i] != ']' {
			end := skipValue(v, i)
			if !yield(v[i:end:end]) {
				return
			}
			i = skipSpace(v, end)
			i = skipSpace(v, i+1) // the comma or the closing bracket
		}
	}
}

// get returns the member with exactly this key, the last one if it is repeated.
func (v value) get(key string) value {
	var found value
	for k, member := range v.members() {
		if string(k) == key {
			found = member
		}
	}
	return found
}

// pick returns the members with exactly these keys, in the keys' order, in one
// walk over the object.
func (v value) pick(keys ...string) (found [6]value) {
	for k, member := range v.members() {
		for i, key := range keys {
			if string(k) == key {
				found[i] = member
				break
			}
		}
	}
	return found
}

// text returns a string's content. Bytes that are not UTF-8 and lone surrogates
// read as U+FFFD, as a person's screen would show them.
func (v value) text() (string, bool) {
	if v.kind() != kindString {
		return "", false
	}
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return "", false
	}
	return s, true
}

// textOrDigits returns the text of a string, or the literal of a plain whole number,
// which keeps every digit of an identifier that somebody forgot to quote.
func (v value) textOrDigits() (string, bool) {
	if v.isNumber() {
		if !allDigits(string(v)) {
			return "", false
		}
		return string(v), true
	}
	return v.text()
}

// number returns a number's literal; a string that holds one is accepted.
func (v value) number() (json.Number, bool) {
	if v.isNumber() {
		return json.Number(v), true
	}
	s, ok := v.text()
	if !ok || !value(s).isNumber() || !json.Valid([]byte(s)) {
		return "", false
	}
	return json.Number(s), true
}

// depth returns how deeply arrays and objects are nested in v.
func (v value) depth() int {
	deepest, level := 0, 0
	for i := 0; i < len(v); {
		switch v[i] {
		case '"':
			i = skipString(v, i)
			continue
		case '{', '[':
			level++
			deepest = max(deepest, level)
		case '}', ']':
			level--
		}
		i++
	}
	return deepest
}

func unescapedKey(quoted value) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	key, _ := quoted.text()
	return []byte(key)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index after the string that starts at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// skipValue returns the index after the value that starts at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		level := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				level++
			case '}', ']':
				level--
				if level == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(b)
	default:
		for i < len(b) && strings.IndexByte(" \t\r\n,]}", b[i]) < 0 {
			i++
		}
		return i
	}
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
