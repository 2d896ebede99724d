package flow

import (
	"crypto/subtle"
	"regexp"
	"strconv"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// Life is how long a form may be filled in after it was sent, and Grace how much
// longer its end may take to arrive as a message.
const (
	Life  = 24 * time.Hour
	Grace = time.Hour
)

// tokenVersion is the first part of every token.
const tokenVersion = "v1"

var tokenForm = regexp.MustCompile(`^v1\.([a-z2-7]{1,64})\.([0-9]{1,12})\.[a-z2-7]{32}$`)

// Pass is what a token says.
type Pass struct {
	// Conversation is the one that the form was sent in.
	Conversation conversation.ID
	Expires      time.Time
	// Appointment is the id of the appointment that the form makes: the same
	// whenever the form comes back, so that it makes one only once.
	Appointment string
}

// Mint makes the token of a form that is sent in a conversation now. It holds no
// secret and cannot be guessed or changed: conversation and expiry under a keyed
// hash.
func Mint(key *pii.HashKey, id conversation.ID, now time.Time) pii.Secret {
	return mint(key, string(id), strconv.FormatInt(now.Add(Life).Unix(), 10))
}

func mint(key *pii.HashKey, id, expires string) pii.Secret {
	mac := key.ID(pii.ConversationIDLen, "flow", tokenVersion, id, expires)
	return pii.Secret(tokenVersion + "." + id + "." + expires + "." + mac)
}

// Read is the pass that a token is; ok is false for one that was not minted under
// this key. Whether it still holds is asked of the pass.
func Read(key *pii.HashKey, token string) (p Pass, ok bool) {
	parts := tokenForm.FindStringSubmatch(token)
	if parts == nil {
		return Pass{}, false
	}
	want := mint(key, parts[1], parts[2]).Reveal()
	if subtle.ConstantTimeCompare([]byte(want), []byte(token)) != 1 {
		return Pass{}, false
	}
	expires, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Pass{}, false
	}
	return Pass{
		Conversation: conversation.ID(parts[1]), Expires: time.Unix(expires, 0).UTC(), Appointment: key.Event("flow", token),
	}, true
}

// Open reports whether the form may still be filled in.
func (p Pass) Open(now time.Time) bool { return now.Before(p.Expires) }

// Returns reports whether the filled form may still come back.
func (p Pass) Returns(now time.Time) bool { return now.Before(p.Expires.Add(Grace)) }
