package pii

import (
	"fmt"
	"io"
)

// Contact identifies a person or a message of a person: a phone number, a
// business-scoped user id, a wamid (which decodes to a phone number).
type Contact string

// Text is free text of a person: a message, a name, an answer to them.
type Text string

// Secret is a token, key or password.
type Secret string

// Reveal returns the identifier itself.
func (c Contact) Reveal() string { return string(c) }

// Reveal returns the text itself.
func (t Text) Reveal() string { return string(t) }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String implements [fmt.Stringer] with a placeholder.
func (c Contact) String() string { return redacted("contact", len(c)) }

// String implements [fmt.Stringer] with a placeholder.
func (t Text) String() string { return redacted("text", len(t)) }

// String implements [fmt.Stringer] with a placeholder.
func (s Secret) String() string { return redacted("secret", len(s)) }

// Format implements [fmt.Formatter] so that no verb prints the identifier.
func (c Contact) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Format implements [fmt.Formatter] so that no verb prints the text.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// Format implements [fmt.Formatter] so that no verb prints the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

func redacted(kind string, size int) string {
	if size == 0 {
		return "[no " + kind + "]"
	}
	return "[" + kind + "]"
}
