package worker

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/pyloto/atende/internal/fault"
)

// Mode is how a task proves its identity.
type Mode string

// The modes of identity.
const (
	// OIDC verifies everything, signature included.
	OIDC Mode = "oidc"
	// Platform trusts the platform with the signature: Cloud Run has verified
	// it and may have put SIGNATURE_REMOVED_BY_GOOGLE in its place. The claims
	// are checked all the same.
	// https://cloud.google.com/run/docs/authenticating/service-to-service
	Platform Mode = "platform"
	// None lets everybody in; for development.
	None Mode = "none"
)

const (
	// keyTimeout bounds fetching the issuer's keys.
	keyTimeout = 5 * time.Second
	// cacheLimit bounds the remembered tokens. Cloud Tasks uses one for many
	// pushes; more than a few at a time means that somebody is guessing.
	cacheLimit = 256
	// tokenLimit bounds a token, in bytes.
	tokenLimit = 8 << 10
)

// Errors of identity, which the edge turns into 401 and 403.
var (
	errNoToken   = errors.New("no bearer token")
	errBadToken  = errors.New("token is not valid")
	errNotCaller = errors.New("token of somebody else")
	errNoKeys    = errors.New("fetch issuer's keys: no usable answer in time")
)

// IdentityOptions say whom a task must come from.
type IdentityOptions struct {
	Mode     Mode
	Issuer   string
	Audience string
	Email    string
	// Client fetches the issuer's keys; nil is a plain one. A client without
	// a timeout gets one.
	Client *http.Client
	Now    func() time.Time
}

// Identity proves that a request is a task of ours. It is safe for concurrent
// use and touches the network only when it meets a token it does not know.
type Identity struct {
	o IdentityOptions

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	valid    map[[sha256.Size]byte]time.Time
}

// NewIdentity makes an Identity.
func NewIdentity(o IdentityOptions) *Identity {
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	if client.Timeout == 0 {
		// The library fetches keys apart from any request: one fetch that
		// hangs would hold up all who wait for it.
		client.Timeout = keyTimeout
	}
	o.Client = &client
	return &Identity{o: o, valid: map[[sha256.Size]byte]time.Time{}}
}

// claims are what the checks look at.
type claims struct {
	Issuer   string          `json:"iss"`
	Audience json.RawMessage `json:"aud"`
	Expiry   int64           `json:"exp"`
	Email    string          `json:"email"`
	Verified bool            `json:"email_verified"`
}

// Check returns nil for a task of ours. Its error is of kind
// [fault.Identity], or [fault.Dependency] when the issuer's keys could not be
// had; it holds nothing of the token.
func (i *Identity) Check(ctx context.Context, header http.Header) error {
	if i.o.Mode == None {
		return nil
	}
	token, ok := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	if !ok || token == "" || len(token) > tokenLimit {
		return fault.Mark(errNoToken, fault.Identity)
	}
	sum := sha256.Sum256([]byte(token))
	if i.remembered(sum) {
		return nil
	}
	var c claims
	var err error
	if i.o.Mode == Platform {
		c, err = i.trust(token)
	} else {
		c, err = i.verify(ctx, token)
	}
	if err != nil {
		return err
	}
	if c.Email != i.o.Email || !c.Verified {
		return fault.Mark(errNotCaller, fault.Identity)
	}
	i.remember(sum, time.Unix(c.Expiry, 0))
	return nil
}

// verify checks signature, issuer, audience and expiry.
func (i *Identity) verify(ctx context.Context, token string) (claims, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, i.o.Client), keyTimeout)
	defer cancel()
	verifier, err := i.keys(ctx)
	if err != nil {
		return claims{}, err
	}
	var ill error
	id, err := verifier.Verify(context.WithValue(ctx, fetchKey{}, &ill), token)
	if err != nil {
		if ill != nil || ctx.Err() != nil {
			return claims{}, fault.Mark(errNoKeys, fault.Dependency)
		}
		return claims{}, fault.Mark(errBadToken, fault.Identity) // The library's text quotes claims.
	}
	var c claims
	if id.Claims(&c) != nil {
		return claims{}, fault.Mark(errBadToken, fault.Identity)
	}
	return c, nil
}

// keys discovers the issuer once; the library keeps its keys fresh.
func (i *Identity) keys(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	verifier := i.verifier
	i.mu.Unlock()
	if verifier != nil {
		return verifier, nil
	}
	provider, err := oidc.NewProvider(ctx, i.o.Issuer)
	if err != nil {
		return nil, fault.Mark(undiscovered(err), fault.Dependency)
	}
	var addresses struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&addresses); err != nil || addresses.Keys == "" {
		return nil, fault.Mark(errNoKeys, fault.Dependency)
	}
	set := keySet{oidc.NewRemoteKeySet(ctx, addresses.Keys)} // It outlives ctx.
	verifier = oidc.NewVerifier(i.o.Issuer, set, &oidc.Config{ClientID: i.o.Audience, Now: i.o.Now})
	i.mu.Lock()
	defer i.mu.Unlock()
	i.verifier = verifier
	return verifier, nil
}

// undiscovered is why the issuer could not be discovered, without what it
// answered: the library quotes whole bodies.
func undiscovered(err error) error {
	var network *url.Error
	var mismatch *oidc.IssuerMismatchError
	if errors.As(err, &network) || errors.As(err, &mismatch) {
		return fmt.Errorf("discover issuer: %w", err)
	}
	return errors.New("discover issuer: unusable answer")
}

// fetchKey is where a [keySet] notes that the issuer's keys could not be had.
type fetchKey struct{}

// keySet tells an issuer that does not answer apart from a signature that is
// wrong; the verifier's error does not.
type keySet struct{ oidc.KeySet }

// VerifySignature implements [oidc.KeySet].
func (k keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, token)
	// Only the error of a fetch wraps another one.
	if note, ok := ctx.Value(fetchKey{}).(*error); ok && errors.Unwrap(err) != nil {
		*note = err
	}
	return payload, err
}

// trust reads the claims of a token whose signature the platform verified.
func (i *Identity) trust(token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, fault.Mark(errBadToken, fault.Identity)
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c claims
	if err != nil || json.Unmarshal(body, &c) != nil {
		return claims{}, fault.Mark(errBadToken, fault.Identity)
	}
	if c.Issuer != i.o.Issuer || !c.meant(i.o.Audience) || !time.Unix(c.Expiry, 0).After(i.now()) {
		return claims{}, fault.Mark(errBadToken, fault.Identity)
	}
	return c, nil
}

// meant reports whether the audience, one or a list, holds ours.
func (c claims) meant(audience string) bool {
	var one string
	if json.Unmarshal(c.Audience, &one) == nil {
		return one == audience
	}
	var many []string
	if json.Unmarshal(c.Audience, &many) != nil {
		return false
	}
	return slices.Contains(many, audience)
}

func (i *Identity) now() time.Time {
	if i.o.Now == nil {
		return time.Now()
	}
	return i.o.Now()
}

// remembered reports whether the token was verified before and still holds:
// verifying a signature costs as much as half of the work it protects.
func (i *Identity) remembered(sum [sha256.Size]byte) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	until, ok := i.valid[sum]
	if ok && !until.After(i.now()) {
		delete(i.valid, sum)
		return false
	}
	return ok
}

func (i *Identity) remember(sum [sha256.Size]byte, until time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.valid) >= cacheLimit {
		clear(i.valid)
	}
	i.valid[sum] = until
}
