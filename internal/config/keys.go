package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/pyloto/atende/internal/pii"
)

// DecodeKey reads a key written in hexadecimal or in base64 (standard or URL
// alphabet, padded or not) of at least [pii.MinKeyBytes] bytes. Text that is
// hexadecimal throughout is read as such. The error holds nothing of the key.
func DecodeKey(value pii.Secret) ([]byte, error) {
	text := strings.TrimSpace(value.Reveal())
	key, ok := decodeKey(text)
	if !ok {
		return nil, errors.New("decode key: neither hexadecimal nor base64")
	}
	if len(key) < pii.MinKeyBytes {
		return nil, errors.New("decode key: fewer than 32 bytes")
	}
	return key, nil
}

// DecodeKeyRing reads every key of a ring in order; each value may itself be
// a comma-separated list, as one secret may hold a whole ring.
func DecodeKeyRing(values ...pii.Secret) ([][]byte, error) {
	var ring [][]byte
	for _, value := range values {
		for _, item := range splitList(value.Reveal()) {
			key, err := DecodeKey(pii.Secret(item))
			if err != nil {
				return nil, err
			}
			ring = append(ring, key)
		}
	}
	if len(ring) == 0 {
		return nil, errors.New("decode key ring: no key")
	}
	return ring, nil
}

func decodeKey(text string) ([]byte, bool) {
	if key, err := hex.DecodeString(text); err == nil {
		return key, true
	}
	text = strings.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := encoding.DecodeString(text); err == nil {
			return key, true
		}
	}
	return nil, false
}
