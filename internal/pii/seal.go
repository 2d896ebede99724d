package pii

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Sealed format: version, key id (4 bytes of the key's SHA-256), flags, nonce
// (12 bytes), ciphertext and tag. The key id picks the key of the ring
// without trial decryption; it reveals nothing about the key.
const (
	sealVersion  = 1
	keyIDLen     = 4
	nonceLen     = 12
	sealHeader   = 1 + keyIDLen + 1 + nonceLen
	flagDeflated = 1
	// compressFrom is the size from which compression pays for its time: it
	// makes room in tasks and documents, and most values need none.
	compressFrom = 8 << 10
	// maxOpened bounds what a sealed value may inflate to, in bytes.
	maxOpened = 8 << 20
)

// ErrOpen says that a sealed value could not be opened: it was sealed with a
// key that is not in the ring, for another place, or it was altered.
var ErrOpen = errors.New("sealed value does not open with this key ring")

// Ring seals with its first key and opens with any: a key is rotated by
// putting the new one in front. It is safe for concurrent use.
type Ring struct {
	keys []ringKey
	// writers are compressors; each is worth more than a megabyte of tables.
	writers sync.Pool
}

type ringKey struct {
	id   [keyIDLen]byte
	aead cipher.AEAD
}

// NewRing makes a ring of keys of at least [MinKeyBytes] bytes each; longer
// ones are reduced to AES-256's size by SHA-256.
func NewRing(keys ...[]byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("key ring: need at least one key")
	}
	ring := &Ring{writers: sync.Pool{New: func() any { return newWriter() }}}
	for i, key := range keys {
		if len(key) < MinKeyBytes {
			return nil, fmt.Errorf("key ring: key %d: need at least 32 bytes", i+1)
		}
		sum := sha256.Sum256(key)
		aesKey := key
		if len(key) != MinKeyBytes {
			aesKey = sum[:]
		}
		block, err := aes.NewCipher(aesKey)
		if err != nil {
			return nil, fmt.Errorf("key ring: key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("key ring: key %d: %w", i+1, err)
		}
		ring.keys = append(ring.keys, ringKey{id: [keyIDLen]byte(sum[:keyIDLen]), aead: aead})
	}
	return ring, nil
}

// Seal encrypts plain for one place, such as a document path: what was sealed
// for one place does not open at another. Long values are compressed first.
func (r *Ring) Seal(plain []byte, place string) []byte {
	var flags byte
	if len(plain) >= compressFrom {
		if small := r.deflate(plain); len(small) < len(plain) {
			plain, flags = small, flagDeflated
		}
	}
	key := r.keys[0]
	out := make([]byte, sealHeader, sealHeader+len(plain)+key.aead.Overhead())
	out[0] = sealVersion
	copy(out[1:], key.id[:])
	out[1+keyIDLen] = flags
	nonce := out[sealHeader-nonceLen : sealHeader]
	// crypto/rand.Read never fails: it ends the program instead.
	_, _ = rand.Read(nonce)
	return key.aead.Seal(out, nonce, plain, additional(out[:2+keyIDLen], place))
}

// Open is the reverse of [Ring.Seal]. Its error is [ErrOpen] and never holds
// any of the value.
func (r *Ring) Open(sealed []byte, place string) ([]byte, error) {
	if len(sealed) < sealHeader || sealed[0] != sealVersion {
		return nil, ErrOpen
	}
	for _, key := range r.keys {
		if !bytes.Equal(key.id[:], sealed[1:1+keyIDLen]) {
			continue
		}
		nonce := sealed[sealHeader-nonceLen : sealHeader]
		plain, err := key.aead.Open(nil, nonce, sealed[sealHeader:], additional(sealed[:2+keyIDLen], place))
		if err != nil {
			continue
		}
		if sealed[1+keyIDLen]&flagDeflated != 0 {
			return inflate(plain)
		}
		return plain, nil
	}
	return nil, ErrOpen
}

// additional binds the header's version, key id and flags to the place.
func additional(header []byte, place string) []byte {
	aad := make([]byte, 0, len(header)+len(place))
	return append(append(aad, header...), place...)
}

func newWriter() *flate.Writer {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // The level is a constant that flate knows.
	}
	return w
}

func (r *Ring) deflate(plain []byte) []byte {
	var buf bytes.Buffer
	w := r.writers.Get().(*flate.Writer)
	defer r.writers.Put(w)
	w.Reset(&buf)
	_, _ = w.Write(plain) // A bytes.Buffer does not fail.
	_ = w.Close()
	return buf.Bytes()
}

func inflate(small []byte) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(small)), maxOpened+1))
	if err != nil || len(plain) > maxOpened {
		return nil, ErrOpen
	}
	return plain, nil
}
