package pii

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"hash"
	"sync"
)

// MinKeyBytes is the least length of a hash key or a sealing key.
const MinKeyBytes = 32

// Lengths of the ids that [HashKey.ID] makes, in base32 characters. 32
// characters carry 160 bits and name a conversation for ever; 26 carry 130
// bits and name one event.
const (
	ConversationIDLen = 32
	EventIDLen        = 26
)

// alphabet of RFC 4648 base32 in lower case: safe in task names, Redis keys
// and document ids alike.
const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

// HashKey keys every pseudonym. It is never rotated: every id would change.
// It is safe for concurrent use.
type HashKey struct {
	macs     sync.Pool
	encoding *base32.Encoding
}

// NewHashKey makes a HashKey of at least [MinKeyBytes] random bytes.
func NewHashKey(key []byte) (*HashKey, error) {
	if len(key) < MinKeyBytes {
		return nil, errors.New("hash key: need at least 32 bytes")
	}
	own := append([]byte(nil), key...)
	return &HashKey{
		macs:     sync.Pool{New: func() any { return hmac.New(sha256.New, own) }},
		encoding: base32.NewEncoding(alphabet).WithPadding(base32.NoPadding),
	}, nil
}

// ID is the first n characters of the lower-case base32 of HMAC-SHA256 over
// the label and the parts, each after a zero byte. Equal inputs give equal
// ids under one key, and the label keeps ids of different kinds apart. A part
// must not contain a zero byte.
func (k *HashKey) ID(n int, label string, parts ...string) string {
	mac := k.macs.Get().(hash.Hash)
	mac.Reset()
	buf := make([]byte, 0, 128)
	buf = append(buf, label...)
	for _, part := range parts {
		buf = append(buf, 0)
		buf = append(buf, part...)
	}
	mac.Write(buf)
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	k.macs.Put(mac)
	var out [52]byte
	k.encoding.Encode(out[:], sum[:])
	return string(out[:n])
}

// Conversation is the id of the conversation between one of our numbers and
// one identifier (phone number or user id) of a person.
func (k *HashKey) Conversation(phoneNumberID string, user Contact) string {
	return k.ID(ConversationIDLen, "cid", phoneNumberID, user.Reveal())
}

// Message is the id of one inbound message.
func (k *HashKey) Message(wamid Contact) string {
	return k.ID(EventIDLen, "mid", wamid.Reveal())
}

// Event is the id of an event that has no id of its own.
func (k *HashKey) Event(parts ...string) string {
	return k.ID(EventIDLen, "evt", parts...)
}

// Timer is the id of a timer.
func (k *HashKey) Timer(parts ...string) string {
	return k.ID(EventIDLen, "tmr", parts...)
}

// Fingerprint identifies the key without revealing it, so that a store can
// refuse a program that holds another one.
func (k *HashKey) Fingerprint() string {
	return k.ID(EventIDLen, "fingerprint")
}
