package conversation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pyloto/atende/internal/pii"
)

// ID is the keyed pseudonym of a conversation between one of our numbers and
// one person.
type ID string

// MessageID is the keyed pseudonym of one inbound message.
type MessageID string

// SentID is the keyed pseudonym of one message that we sent.
type SentID string

// NewSentID is the pseudonym of the message to which Meta gave an id; empty when
// it gave none.
func NewSentID(key *pii.HashKey, wamid pii.Contact) SentID {
	if wamid == "" {
		return ""
	}
	return SentID(key.Event("sent", wamid.Reveal()))
}

// TurnID names a turn: the conversation's id and the version that the turn's
// commit gave it. It is deterministic, so creating the turn is itself a
// compare-and-set.
type TurnID string

// NewTurnID is the id of the turn that brings a conversation to a version.
func NewTurnID(id ID, version int64) TurnID {
	return TurnID(string(id) + "~" + strconv.FormatInt(version, 10))
}

// Conversation is the conversation that the turn belongs to; empty when the
// id is malformed.
func (t TurnID) Conversation() ID {
	id, _, ok := strings.Cut(string(t), "~")
	if !ok {
		return ""
	}
	return ID(id)
}

// Identity is how a person is known to WhatsApp. At least one of Phone and
// UserID is set: people with a username may hide their phone number.
type Identity struct {
	// Phone is 7–15 digits without a plus sign.
	Phone pii.Contact `json:"phone,omitempty"`
	// UserID is a business-scoped user id, such as BR.1234.
	UserID pii.Contact `json:"user_id,omitempty"`
	// Parent is the user id that linked portfolios of one business share; most
	// businesses have none.
	Parent pii.Contact `json:"parent,omitempty"`
	// Name is the profile name: written by the person, never trusted.
	Name     pii.Text `json:"name,omitempty"`
	Username pii.Text `json:"username,omitempty"`
}

// Known reports whether the person can be addressed at all.
func (i Identity) Known() bool { return i.Phone != "" || i.UserID != "" }

// Conversations are the ids of every conversation the person may be known
// under with one of our numbers. The first is the provisional one: the user id
// outlives a change of phone number, so it comes first; without one it is the
// phone as Meta spells it.
func (i Identity) Conversations(key *pii.HashKey, phoneNumberID string) []ID {
	var ids []ID
	for _, name := range append(append([]pii.Contact{i.UserID}, i.phones()...), i.Parent) {
		if name == "" {
			continue
		}
		if id := ID(key.Conversation(phoneNumberID, name)); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// phones are the spellings under which WhatsApp may know the phone, its own
// first.
func (i Identity) phones() []pii.Contact {
	if i.Phone == "" {
		return nil
	}
	phones := []pii.Contact{i.Phone}
	if other := respelled(i.Phone.Reveal()); other != "" {
		phones = append(phones, pii.Contact(other))
	}
	return phones
}

// SamePhone reports whether both have a phone and it is one number, however
// either is spelled.
func (i Identity) SamePhone(other Identity) bool {
	return other.Phone != "" && slices.Contains(i.phones(), other.Phone)
}

// Merge completes i with what newer knows; newer wins where both know.
func (i Identity) Merge(newer Identity) Identity {
	if newer.Phone != "" {
		i.Phone = newer.Phone
	}
	if newer.UserID != "" {
		i.UserID = newer.UserID
	}
	if newer.Parent != "" {
		i.Parent = newer.Parent
	}
	if newer.Name != "" {
		i.Name = newer.Name
	}
	if newer.Username != "" {
		i.Username = newer.Username
	}
	return i
}

// Without is i less the phone and the user ids of former: those the person has
// given up are never written to again.
func (i Identity) Without(former Identity) Identity {
	if i.SamePhone(former) {
		i.Phone = ""
	}
	if former.UserID != "" && i.UserID == former.UserID {
		i.UserID = ""
	}
	if former.Parent != "" && i.Parent == former.Parent {
		i.Parent = ""
	}
	return i
}
