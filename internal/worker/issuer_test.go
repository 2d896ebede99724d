package worker_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// issuer signs identity tokens with keys that can be changed, and answers as
// badly as a test wants.
type issuer struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	key     *rsa.PrivateKey
	id      int
	ill     func(w http.ResponseWriter, r *http.Request)
	fetches int // of keys
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t}
	i.rotate()
	i.Server = httptest.NewServer(http.HandlerFunc(i.answer))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answer(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	ill, key, id := i.ill, i.key.PublicKey, i.id
	if r.URL.Path == "/keys" {
		i.fetches++
	}
	i.mu.Unlock()
	if ill != nil {
		ill(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/keys" {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": fmt.Sprint(id),
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

// rotate replaces the key.
func (i *issuer) rotate() {
	i.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key = key
	i.id++
}

// become makes the issuer answer in another way; nil makes it well.
func (i *issuer) become(ill func(w http.ResponseWriter, r *http.Request)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ill = ill
}

func (i *issuer) keyFetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// token is signed under the present key; claims are laid over right ones.
func (i *issuer) token(claims map[string]any) string {
	i.t.Helper()
	all := map[string]any{
		"iss": i.URL, "aud": audience, "email": invoker, "email_verified": true,
		"iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for name, value := range claims {
		if value == nil {
			delete(all, name)
			continue
		}
		all[name] = value
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	signed := segment(i.t, map[string]any{"alg": "RS256", "typ": "JWT", "kid": fmt.Sprint(i.id)}) + "." + segment(i.t, all)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func segment(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(body)
}
