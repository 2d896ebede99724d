package config

import (
	"fmt"
	"io"
	"strings"

	"github.com/pyloto/atende/internal/pii"
)

// Secret is a secret as an environment tells it: the value itself, or the
// name of the place in Secret Manager where the value is kept. The zero Secret
// is unset. It prints as a placeholder wherever fmt meets it.
type Secret struct {
	// The literal is behind a pointer because fmt prints the unexported fields
	// of a surrounding struct without asking their methods.
	literal  *pii.Secret
	resource string
}

// Resource is the full resource name of the secret's version, and whether the
// secret is a reference at all.
func (s Secret) Resource() (name string, isRef bool) { return s.resource, s.resource != "" }

// Literal is the value when the environment held it itself; it is empty for a
// reference and for an unset secret.
func (s Secret) Literal() pii.Secret {
	if s.literal == nil {
		return ""
	}
	return *s.literal
}

// IsZero reports whether the secret is unset.
func (s Secret) IsZero() bool { return s.literal == nil && s.resource == "" }

// String says where the secret comes from, never what it is.
func (s Secret) String() string {
	switch {
	case s.resource != "":
		return s.resource
	case s.literal != nil:
		return "[secret]"
	default:
		return "[no secret]"
	}
}

// Format implements [fmt.Formatter] so that no verb prints the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps the value out of JSON and of structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const (
	referencePrefix = "secret:"
	// Secret Manager allows letters, digits, - and _ in the id of a secret, up
	// to 255 of them (cloud.google.com/secret-manager/docs, "Secret ID").
	maxSecretID = 255
)

// parseSecret reads a literal or a reference. The problem, when there is one,
// never holds the value.
func parseSecret(value, project string, env Environment) (s Secret, problem string) {
	name, marked := strings.CutPrefix(value, referencePrefix)
	name = strings.TrimSpace(name)
	switch {
	case marked && project == "":
		return Secret{}, "is a secret: reference, which needs GCP_PROJECT"
	case strings.HasPrefix(name, "projects/") && strings.Contains(name, "/secrets/"):
		if !isVersionName(name) {
			return Secret{}, "is not a full resource name (projects/…/secrets/…/versions/…)"
		}
		return Secret{resource: name}, ""
	case marked:
		suffix := "-" + string(env)
		if !isSecretID(name) || len(name)+len(suffix) > maxSecretID {
			return Secret{}, "does not name a secret after secret: (letters, digits, - and _)"
		}
		return Secret{resource: "projects/" + project + "/secrets/" + name + suffix + "/versions/latest"}, ""
	default:
		literal := pii.Secret(value)
		return Secret{literal: &literal}, ""
	}
}

// isVersionName reports whether name is that of a secret's version as the
// Secret Manager API writes it.
func isVersionName(name string) bool {
	part := strings.Split(name, "/")
	return len(part) == 6 &&
		part[0] == "projects" && isProjectID(part[1]) &&
		part[2] == "secrets" && isSecretID(part[3]) && len(part[3]) <= maxSecretID &&
		part[4] == "versions" && isSecretID(part[5])
}

func isSecretID(name string) bool { return name != "" && only(name, letters+digits+"-_") }

func isProjectID(name string) bool { return name != "" && only(name, letters+digits+"-_.:") }
