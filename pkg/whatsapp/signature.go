package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// SignatureHeader is the request header that carries a webhook's signature.
const SignatureHeader = "X-Hub-Signature-256"

const (
	signaturePrefix = "sha256="
	signatureLength = len(signaturePrefix) + 2*sha256.Size
)

// Sign returns the value Meta puts in [SignatureHeader] for a body: "sha256="
// and the lower-case hexadecimal HMAC-SHA256 of the raw bytes under the app
// secret.
func Sign(body, secret []byte) string {
	digest := digestOf(body, secret)
	return signaturePrefix + string(digest[:])
}

// Verify reports whether header is the signature of body under any of the
// secrets. Several secrets serve a rotation: the old one and the new one are
// both good for a while. An empty secret, or none at all, verifies nothing.
//
// The bytes must be those that came over the wire; decoding and encoding them
// again changes the signature. Every secret is tried and every comparison takes
// constant time, so the answer's timing tells neither which secret matched nor
// how much of a guess was right.
func Verify(body []byte, header string, secrets ...[]byte) bool {
	if len(header) != signatureLength || !strings.HasPrefix(header, signaturePrefix) {
		return false
	}
	given := []byte(header[len(signaturePrefix):])
	matched := 0
	for _, secret := range secrets {
		if len(secret) == 0 {
			continue
		}
		want := digestOf(body, secret)
		matched |= subtle.ConstantTimeCompare(want[:], given)
	}
	return matched == 1
}

func digestOf(body, secret []byte) [2 * sha256.Size]byte {
	var sum [sha256.Size]byte
	var text [2 * sha256.Size]byte
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	hex.Encode(text[:], mac.Sum(sum[:0]))
	return text
}
