package cloudtaskstest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	tokenLifetime = time.Hour

	// tokenReuse is how long pushes share one token: signing costs more than the
	// rest of a push, and the service reuses its tokens as well.
	tokenReuse = 5 * time.Minute

	keyBits = 2048
)

// Signature is how a token is signed, or not.
type Signature uint8

const (
	// SignedByIssuer is the valid one: RS256 with the key the issuer publishes.
	SignedByIssuer Signature = iota
	// SignedByStranger uses another key under the published key's id.
	SignedByStranger
	// SignedWithPublicKey is HS256 with the published key as the secret, the
	// classic confusion of algorithms.
	SignedWithPublicKey
	// Unsigned says "alg":"none" and has an empty signature.
	Unsigned
	// SignatureRemoved has its signature replaced the way Cloud Run does after it
	// has verified a token itself.
	SignatureRemoved
)

// TokenOptions describe an identity token. With an audience and an e-mail it is
// valid; every other field makes it wrong in one way.
type TokenOptions struct {
	Audience   string
	Email      string        // empty: no e-mail claim
	Unverified bool          // email_verified is false
	Issuer     string        // empty: [Server.IssuerURL]
	Age        time.Duration // issued so long ago; tokens live one hour; negative: in the future
	Signature  Signature
}

// Token mints an identity token. Its times follow the machine's clock.
func (s *Server) Token(o TokenOptions) string { return s.issuer.token(o) }

// issuer signs tokens and publishes the key that verifies them. Keys are made
// at their first use: making one takes longer than starting the server.
type issuer struct {
	url    string
	server *http.Server
	key    func() signingKey
	other  func() signingKey

	mu     sync.Mutex
	recent map[recipient]recentToken
}

type signingKey struct {
	private *rsa.PrivateKey
	id      string
}

type recipient struct{ email, audience string }

type recentToken struct {
	token string
	until time.Time
}

func serveIssuer(l net.Listener) *issuer {
	i := &issuer{
		url:    "http://" + l.Addr().String(),
		key:    sync.OnceValue(newSigningKey),
		other:  sync.OnceValue(newSigningKey),
		recent: make(map[recipient]recentToken),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /certs", i.certs)
	i.server = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	go func() {
		// Serve ends when the issuer is closed; a listener that broke shows as
		// keys that cannot be fetched.
		_ = i.server.Serve(l)
	}()
	return i
}

func (i *issuer) close() { _ = i.server.Close() }

func newSigningKey() signingKey {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		panic("cloudtaskstest: generate key: " + err.Error()) // no randomness: nothing can go on
	}
	sum := sha256.Sum256(private.N.Bytes())
	return signingKey{private: private, id: base64.RawURLEncoding.EncodeToString(sum[:12])}
}

func (i *issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer":                                i.url,
		"jwks_uri":                              i.url + "/certs",
		"response_types_supported":              []string{"id_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"claims_supported":                      []string{"aud", "email", "email_verified", "exp", "iat", "iss", "sub"},
	})
}

func (i *issuer) certs(w http.ResponseWriter, _ *http.Request) {
	key := i.key()
	public := key.private.PublicKey
	w.Header().Set("Cache-Control", "public, max-age=3600")
	writeJSON(w, map[string]any{"keys": []map[string]string{{
		"kty": "RSA",
		"use": "sig",
		"alg": "RS256",
		"kid": key.id,
		"n":   base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e":   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}}})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the reader went away; nobody is left to tell
}

// pushToken is the token of a push, shared by the pushes of a few minutes.
func (i *issuer) pushToken(email, audience string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	to, now := recipient{email, audience}, time.Now()
	if t, ok := i.recent[to]; ok && now.Before(t.until) {
		return t.token
	}
	for old, t := range i.recent {
		if !now.Before(t.until) {
			delete(i.recent, old)
		}
	}
	t := recentToken{i.token(TokenOptions{Audience: audience, Email: email}), now.Add(tokenReuse)}
	i.recent[to] = t
	return t.token
}

// claims are those of a service account's identity token.
type claims struct {
	Audience      string `json:"aud"`
	Party         string `json:"azp,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified"`
	Expires       int64  `json:"exp"`
	IssuedAt      int64  `json:"iat"`
	Issuer        string `json:"iss"`
	Subject       string `json:"sub"`
}

func (i *issuer) token(o TokenOptions) string {
	if o.Issuer == "" {
		o.Issuer = i.url
	}
	issued := time.Now().Add(-o.Age)
	subject := sha256.Sum256([]byte(o.Email))
	number := new(big.Int).SetBytes(subject[:8]).String()
	key, alg := i.key(), "RS256"
	switch o.Signature {
	case SignedWithPublicKey:
		alg = "HS256"
	case Unsigned:
		alg = "none"
	}
	signed := segment(map[string]string{"alg": alg, "kid": key.id, "typ": "JWT"}) + "." + segment(claims{
		Audience:      o.Audience,
		Party:         number,
		Email:         o.Email,
		EmailVerified: !o.Unverified,
		Expires:       issued.Add(tokenLifetime).Unix(),
		IssuedAt:      issued.Unix(),
		Issuer:        o.Issuer,
		Subject:       number,
	})
	switch o.Signature {
	case Unsigned:
		return signed + "."
	case SignatureRemoved:
		return signed + ".SIGNATURE_REMOVED_BY_GOOGLE"
	case SignedWithPublicKey:
		mac := hmac.New(sha256.New, x509.MarshalPKCS1PublicKey(&key.private.PublicKey))
		mac.Write([]byte(signed))
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	case SignedByStranger:
		return signed + "." + sign(i.other().private, signed)
	default:
		return signed + "." + sign(key.private, signed)
	}
}

func sign(key *rsa.PrivateKey, text string) string {
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		panic("cloudtaskstest: sign: " + err.Error()) // a sound key always signs
	}
	return base64.RawURLEncoding.EncodeToString(signature)
}

func segment(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("cloudtaskstest: encode token: " + err.Error()) // strings and numbers always encode
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
