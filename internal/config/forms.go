package config

import (
	"encoding/pem"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pyloto/atende/internal/pii"
)

// form checks the text of a value. It answers "" or what is wrong, to be read
// after the value or its name; the answer never holds the value.
type form func(value string) (problem string)

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

func only(value, alphabet string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
}

// chars accepts 1 to limit characters of an alphabet.
func chars(alphabet string, limit int, problem string) form {
	return func(value string) string {
		if len(value) > limit || !only(value, alphabet) {
			return problem
		}
		return ""
	}
}

func oneOf(choices ...string) form {
	return func(value string) string {
		for _, choice := range choices {
			if value == choice {
				return ""
			}
		}
		return "is not one of the values there are"
	}
}

// never refuses a value that form accepts; it is a rule for deployments.
func never(values ...string) form {
	return func(value string) string {
		for _, refused := range values {
			if value == refused {
				return "is for development only"
			}
		}
		return ""
	}
}

func developmentOnly(string) string { return "is for development only" }

func environmentAlias(name string) Environment {
	switch strings.ToLower(name) {
	case "dev", "develop", "development", "local", "test":
		return Development
	case "stage", "stg", "staging", "homolog":
		return Staging
	case "prod", "prd", "production":
		return Production
	default:
		return ""
	}
}

func environmentName(value string) string {
	switch full := environmentAlias(value); {
	case full == "":
		return "is not an environment"
	case string(full) != value:
		return "is not an environment; did you mean " + string(full) + "?"
	default:
		return ""
	}
}

// logLevel folds case and the longer name of warn; "" is no level.
func logLevel(value string) LogLevel {
	switch level := LogLevel(strings.ToLower(value)); level {
	case LogDebug, LogInfo, LogWarn, LogError:
		return level
	case "warning":
		return LogWarn
	default:
		return ""
	}
}

func logLevelName(value string) string {
	if logLevel(value) == "" {
		return "is not a log level"
	}
	return ""
}

func integer(least, most int) form {
	return func(value string) string {
		n, err := strconv.Atoi(value)
		switch {
		case err != nil:
			return "is not a whole number"
		case n < least || n > most:
			return "is out of range"
		default:
			return ""
		}
	}
}

// share accepts a number from 0 to 1.
func share(value string) string {
	switch n, err := strconv.ParseFloat(value, 64); {
	case err != nil:
		return "is not a number"
	case n >= 0 && n <= 1:
		return ""
	default:
		return "is not between 0 and 1"
	}
}

// pairs accepts name=value, separated by commas.
func pairs(value string) string {
	for item := range strings.SplitSeq(value, ",") {
		name, text, found := strings.Cut(item, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" || !only(name, letters+digits+"-_./") {
			return "is not a list of name=value"
		}
		if decoded, err := url.PathUnescape(text); err != nil || strings.ContainsFunc(decoded, unicode.IsControl) {
			return "has a value that is not percent-encoded"
		}
	}
	return ""
}

func parseFlag(value string) (on, ok bool) {
	switch strings.ToLower(value) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	default:
		return false, false
	}
}

func flag(value string) string {
	if _, ok := parseFlag(value); !ok {
		return "is neither true nor false"
	}
	return ""
}

// between accepts a duration from least to most.
func between(least, most time.Duration) form {
	return func(value string) string {
		d, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return "is not a duration"
		case d < least:
			return "is too short"
		case d > most:
			return "is too long"
		default:
			return ""
		}
	}
}

// span accepts a duration that a timer and a key's expiry can hold, and that
// no sum of a few of them overflows.
func span() form { return between(time.Millisecond, 366*24*time.Hour) }

// floor refuses a duration below the default.
func floor(fallback string) form {
	return func(value string) string {
		least, _ := time.ParseDuration(fallback)
		if d, err := time.ParseDuration(value); err == nil && d < least {
			return "is below the default of " + fallback + ", which only development allows"
		}
		return ""
	}
}

// webURL accepts an absolute http or https URL without credentials, query or
// fragment, to which a path can be appended.
func webURL(value string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Hostname() == "":
		return "is not an absolute URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "is neither an http nor an https URL"
	case u.User != nil:
		return "holds credentials in the URL"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "has a query or a fragment"
	default:
		return ""
	}
}

// hookURL is a webURL that may carry a query.
func hookURL(value string) string {
	u, err := url.Parse(value)
	if err != nil {
		return "is not an absolute URL"
	}
	u.RawQuery = ""
	u.ForceQuery = false
	return webURL(u.String())
}

// secureURL refuses plain http; it is a rule for deployments.
func secureURL(value string) string {
	if u, err := url.Parse(value); err == nil && u.Scheme == "https" {
		return ""
	}
	return "is not https, which only development allows"
}

func redisURL(value string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return "is not a URL (special characters of a password are written as %NN)"
	case u.Scheme != "redis" && u.Scheme != "rediss":
		return "is neither a redis:// nor a rediss:// URL"
	case u.Hostname() == "":
		return "names no host"
	case strings.Trim(u.Path, "/") != "" && !only(strings.Trim(u.Path, "/"), digits):
		return "has a path that is not a database number"
	default:
		return ""
	}
}

func hostPort(value string) string {
	host, port, err := net.SplitHostPort(value)
	if err != nil || host == "" || strings.ContainsAny(host, "/@ ") || integer(1, 65535)(port) != "" {
		return "is not host:port"
	}
	return ""
}

func email(value string) string {
	local, domain, ok := strings.Cut(value, "@")
	if !ok || local == "" || domain == "" || !only(local, letters+digits+".-_+") || !only(domain, letters+digits+".-") {
		return "is not an e-mail address"
	}
	return ""
}

// telephone follows E.164: at most 15 digits, country code first.
func telephone(value string) string {
	number := strings.TrimPrefix(value, "+")
	if len(number) < 8 || len(number) > 15 || !only(number, digits) {
		return "is not a telephone number"
	}
	return ""
}

func graphVersion(value string) string {
	major, ok := strings.CutSuffix(strings.TrimPrefix(value, "v"), ".0")
	if !ok || value[0] != 'v' || len(major) < 2 || len(major) > 3 || !only(major, digits) {
		return "is not a version of the Graph API"
	}
	return ""
}

// token accepts what can stand in a header: visible ASCII, no spaces.
func token(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "holds characters that no such value has (space, control or non-ASCII)"
	}
	return ""
}

// plain accepts any text on one line.
func plain(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return "holds control characters"
	}
	return ""
}

func key(value string) string {
	decoded, ok := decodeKey(value)
	switch {
	case !ok:
		return "is neither hexadecimal nor base64"
	case len(decoded) < pii.MinKeyBytes:
		return "is shorter than 32 bytes"
	default:
		return ""
	}
}

func privateKey(value string) string {
	block, _ := pem.Decode([]byte(unescapeLines(value)))
	if block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return "is not a private key in PEM"
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return "is encrypted PKCS#8, which cannot be read (openssl pkcs8 -nocrypt decrypts it)"
	}
	return ""
}

// unescapeLines restores the line breaks that a PEM block loses where an
// environment is written one line per variable.
func unescapeLines(value string) string { return strings.ReplaceAll(value, `\n`, "\n") }
