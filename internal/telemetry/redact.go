package telemetry

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxText bounds a string in a field, in bytes.
	maxText = 300
	// maxStack bounds a stack, in bytes: some forty frames.
	maxStack = 8192
	// maxRaw bounds what is looked at before it is cut, so that a megabyte in
	// an error costs no more than four kilobytes.
	maxRaw = 4096
	// maxID bounds an id, in bytes: a task name with its suffix fits.
	maxID = 128

	masked    = "[redacted]"
	invalidID = "[invalid]"
)

// personal matches what must not be read by whoever reads logs. It errs on the
// side of masking, but leaves a date alone, as models carry one in their names.
var personal = regexp.MustCompile(strings.Join([]string{
	`(?i:wamid\.\S*)`,
	`[^\s@<>"']+@[^\s@<>"']+`,             // e-mail addresses, user:password@host
	`(?i:bearer\s+\S+)`,                   // bearer tokens
	`(?i:\b(?:sk|pk|rk)-[a-z0-9_\-]{6,})`, // model providers' keys
	`\bEA[A-Za-z0-9]{20,}`,                // Graph tokens
	`(?i:(?:token|secret|password|passwd|api_?key|proof)=[^\s&"']+)`,
	`[A-Za-z0-9_+=\-]{40,}`,                // signatures, JWT parts, other opaque values
	`\p{Nd}(?:[ ()\-]{0,2}\p{Nd}){9,}`,     // phone and card numbers, as people write them
	`\p{Nd}{8,}|\p{Nd}{4,5}[ \-]\p{Nd}{4}`, // the same, run together or without area code
	`\p{Nd}{3}\.\p{Nd}{3}\.\p{Nd}{3}-\p{Nd}{2}|\p{Nd}{2}\.\p{Nd}{3}\.\p{Nd}{3}/\p{Nd}{4}-\p{Nd}{2}`, // CPF, CNPJ
}, "|"))

// Redact returns s bounded to 300 bytes, without control characters, and with
// everything masked that looks like a phone number, an e-mail address, a wamid,
// a token or a key.
func Redact(s string) string {
	s = bound(s, maxRaw, false)
	// A mask is a word boundary that the text did not have: what stood behind the
	// masked part may only now be seen as a key. Every round that changes
	// something takes away more than masks, so there are few.
	for suspicious(s) {
		redacted := personal.ReplaceAllLiteralString(s, masked)
		if redacted == s {
			break
		}
		s = redacted
	}
	return cut(s, maxText)
}

// suspicious is a cheap test that is true whenever personal could match.
func suspicious(s string) bool {
	run, digits := 0, 0
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		switch {
		case c >= utf8.RuneSelf, c == '@':
			return true
		case digit:
			digits++
		case c != ' ' && c != '(' && c != ')' && c != '-' && c != '.':
			digits = 0
		}
		if letter || digit || c == '_' || c == '-' || c == '+' || c == '=' {
			run++
		} else {
			run = 0
		}
		if digits >= 8 || run >= 22 {
			return true
		}
		if i == 0 {
			continue
		}
		// Lower case, for letters.
		switch before := s[i-1] | 0x20; {
		case c == '=' && before >= 'a' && before <= 'z', // token=
			c == '-' && before == 'k', // sk-
			c == '.' && before == 'd', // wamid.
			c == ' ' && before == 'r': // bearer
			return true
		}
	}
	return false
}

// token returns an id that has the shape of one and is not a bare number.
func token(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > maxID {
		return invalidID
	}
	digits, letters := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		case c == '-', c == '_', c == '~', c == '.', c == ':':
		default:
			return invalidID
		}
	}
	if digits >= 8 && letters == 0 || hasPrefixFold(s, "wamid.") || hasPrefixFold(s, "sk-") {
		return masked
	}
	return s
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// bound makes s printable on one line and at most limit bytes long. A line
// break becomes a space unless lines are wanted.
func bound(s string, limit int, lines bool) string {
	if len(s) > limit {
		s = cut(s, limit)
	}
	clean := true
	for i := range len(s) {
		c := s[i]
		if lines && (c == '\n' || c == '\t') {
			continue
		}
		if c < 0x20 || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case lines && (r == '\n' || r == '\t'):
			return r
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.C, r), r == utf8.RuneError:
			return -1
		default:
			return r
		}
	}, s)
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
