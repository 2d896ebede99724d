package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/worker"
)

const (
	audience = "https://worker.example"
	invoker  = "tasks@atende.example"
)

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if want == fault.Unknown && err != nil || want != fault.Unknown && !fault.Is(err, want) {
		t.Errorf("%s: %v of kind %s, want kind %s", what, err, fault.KindOf(err), want)
	}
}

// Every way in which a token can be wrong, as the stand-in for Cloud Tasks
// mints them.
func TestTokens(t *testing.T) {
	server, err := cloudtaskstest.Start(cloudtaskstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	right := cloudtaskstest.TokenOptions{Audience: audience, Email: invoker}
	with := func(change func(*cloudtaskstest.TokenOptions)) string {
		o := right
		change(&o)
		return server.Token(o)
	}
	removed := func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.SignatureRemoved }
	for _, c := range []struct {
		name           string
		token          string
		oidc, platform bool // accepted
	}{
		{"right", server.Token(right), true, true},
		{"right, almost an hour old", with(func(o *cloudtaskstest.TokenOptions) { o.Age = 59 * time.Minute }), true, true},
		{"signature removed", with(removed), false, true},
		{"expired", with(func(o *cloudtaskstest.TokenOptions) { o.Age = 61 * time.Minute }), false, false},
		{"another audience", with(func(o *cloudtaskstest.TokenOptions) { o.Audience = "https://other.example" }), false, false},
		{"a longer audience", with(func(o *cloudtaskstest.TokenOptions) { o.Audience = audience + "/" }), false, false},
		{"another e-mail", with(func(o *cloudtaskstest.TokenOptions) { o.Email = "eve@atende.example" }), false, false},
		{"the e-mail in capitals", with(func(o *cloudtaskstest.TokenOptions) { o.Email = strings.ToUpper(invoker) }), false, false},
		{"no e-mail", with(func(o *cloudtaskstest.TokenOptions) { o.Email = "" }), false, false},
		{"e-mail not verified", with(func(o *cloudtaskstest.TokenOptions) { o.Unverified = true }), false, false},
		{"another issuer", with(func(o *cloudtaskstest.TokenOptions) { o.Issuer = "https://accounts.google.com" }), false, false},
		{"another issuer, signature removed", with(func(o *cloudtaskstest.TokenOptions) { removed(o); o.Issuer = "https://evil.example" }), false, false},
		{"signed by a stranger", with(func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.SignedByStranger }), false, true},
		{"signed with the public key", with(func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.SignedWithPublicKey }), false, true},
		{"unsigned", with(func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.Unsigned }), false, true},
		{"not a token", "abc", false, false},
		{"three empty parts", "..", false, false},
		{"four parts", server.Token(right) + ".x", false, false},
		{"claims that are no JSON", "e30.YWJj.e30", false, false},
		{"claims that are not base64", "e30.!!!.e30", false, false},
	} {
		for mode, accepted := range map[worker.Mode]bool{worker.OIDC: c.oidc, worker.Platform: c.platform, worker.None: true} {
			identity := worker.NewIdentity(worker.IdentityOptions{Mode: mode, Issuer: server.IssuerURL(), Audience: audience, Email: invoker})
			want := fault.Identity
			if accepted {
				want = fault.Unknown
			}
			for range 2 { // A token is not let in because it was seen before.
				err := identity.Check(t.Context(), bearer(c.token))
				wantKind(t, fmt.Sprintf("%s, %s", c.name, mode), err, want)
				if err != nil && (len(c.token) > 10 && strings.Contains(err.Error(), c.token) || strings.Contains(err.Error(), "example")) {
					t.Errorf("%s: the error tells of the token: %v", c.name, err)
				}
			}
		}
	}
}

func TestNoToken(t *testing.T) {
	i := newIssuer(t)
	for _, mode := range []worker.Mode{worker.OIDC, worker.Platform} {
		identity := worker.NewIdentity(worker.IdentityOptions{Mode: mode, Issuer: i.URL, Audience: audience, Email: invoker})
		for name, header := range map[string]http.Header{
			"no header":           {},
			"nothing in it":       {"Authorization": {""}},
			"another scheme":      {"Authorization": {"Basic dTpw"}},
			"no token behind it":  {"Authorization": {"Bearer "}},
			"a token without end": bearer(strings.Repeat("a", 8<<10+1)),
		} {
			wantKind(t, name, identity.Check(t.Context(), header), fault.Identity)
		}
	}
	if i.keyFetches() > 0 {
		t.Error("the issuer was asked about nothing")
	}
}

// Claims that no honest issuer signs.
func TestStrangeClaims(t *testing.T) {
	i := newIssuer(t)
	for name, c := range map[string]struct {
		claims map[string]any
		want   fault.Kind
	}{
		"a list of audiences":         {map[string]any{"aud": []string{"https://other.example", audience}}, fault.Unknown},
		"a list without ours":         {map[string]any{"aud": []string{"https://other.example"}}, fault.Identity},
		"no audience":                 {map[string]any{"aud": nil}, fault.Identity},
		"an audience that is none":    {map[string]any{"aud": 7}, fault.Identity},
		"no expiry":                   {map[string]any{"exp": nil}, fault.Identity},
		"an expiry in words":          {map[string]any{"exp": "amanhã"}, fault.Identity},
		"no issuer":                   {map[string]any{"iss": nil}, fault.Identity},
		"verified, in words":          {map[string]any{"email_verified": "true"}, fault.Identity},
		"nothing about verification":  {map[string]any{"email_verified": nil}, fault.Identity},
		"an e-mail that is something": {map[string]any{"email": []string{invoker}}, fault.Identity},
	} {
		for _, mode := range []worker.Mode{worker.OIDC, worker.Platform} {
			identity := worker.NewIdentity(worker.IdentityOptions{Mode: mode, Issuer: i.URL, Audience: audience, Email: invoker})
			wantKind(t, fmt.Sprintf("%s, %s", name, mode), identity.Check(t.Context(), bearer(i.token(c.claims))), c.want)
		}
	}
}

// An issuer that is ill says nothing about the token: the task is to come
// again.
func TestIssuerIsIll(t *testing.T) {
	i := newIssuer(t)
	const canary = "corpo-secreto"
	for name, ill := range map[string]func(w http.ResponseWriter, r *http.Request){
		"broken":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, http.StatusInternalServerError) },
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(canary)) },
		"cut off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			identity := worker.NewIdentity(worker.IdentityOptions{
				Mode: worker.OIDC, Issuer: i.URL, Audience: audience, Email: invoker,
				Client: &http.Client{Timeout: 200 * time.Millisecond},
			})
			token := bearer(i.token(nil))
			i.become(ill)
			err := identity.Check(t.Context(), token)
			wantKind(t, "before anything is known", err, fault.Dependency)
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes the issuer: %v", err)
			}
			i.become(nil)
			wantKind(t, "well again", recovered(t, identity, token), fault.Unknown)

			i.rotate()
			next := bearer(i.token(nil))
			i.become(ill)
			err = identity.Check(t.Context(), next)
			wantKind(t, "after a rotation", err, fault.Dependency)
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes the issuer: %v", err)
			}
			wantKind(t, "the token that was verified before", identity.Check(t.Context(), token), fault.Unknown)
			i.become(nil)
			wantKind(t, "after a rotation, well again", recovered(t, identity, next), fault.Unknown)
		})
	}
}

// recovered checks until the issuer's illness is over: who asks in the instant
// in which a fetch of keys has failed may share its failure.
func recovered(t *testing.T, identity *worker.Identity, header http.Header) error {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		err := identity.Check(t.Context(), header)
		if !fault.Is(err, fault.Dependency) || time.Now().After(deadline) {
			return err
		}
	}
}

// What calls itself the issuer must be it, and must say where its keys are.
func TestIssuerIsSomeoneElse(t *testing.T) {
	i := newIssuer(t)
	for name, document := range map[string]string{
		"another name":       `{"issuer":"https://evil.example","jwks_uri":"` + i.URL + `/keys"}`,
		"nowhere with keys":  `{"issuer":"` + i.URL + `"}`,
		"keys in no address": `{"issuer":"` + i.URL + `","jwks_uri":7}`,
	} {
		identity := worker.NewIdentity(worker.IdentityOptions{Mode: worker.OIDC, Issuer: i.URL, Audience: audience, Email: invoker})
		token := bearer(i.token(nil))
		i.become(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(document)) })
		wantKind(t, name, identity.Check(t.Context(), token), fault.Dependency)
		i.become(nil)
		wantKind(t, name+", corrected", recovered(t, identity, token), fault.Unknown)
	}
}

// A caller that gives up does not turn into a wrong token either.
func TestCallerGivesUp(t *testing.T) {
	i := newIssuer(t)
	identity := worker.NewIdentity(worker.IdentityOptions{Mode: worker.OIDC, Issuer: i.URL, Audience: audience, Email: invoker})
	token := bearer(i.token(nil))
	ctx, cancel := context.WithCancel(t.Context())
	i.become(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	wantKind(t, "gone while the issuer is asked", identity.Check(ctx, token), fault.Dependency)
}

// Keys are fetched when they are needed and not once per push.
func TestKeysAreRemembered(t *testing.T) {
	i := newIssuer(t)
	identity := worker.NewIdentity(worker.IdentityOptions{Mode: worker.OIDC, Issuer: i.URL, Audience: audience, Email: invoker})
	token := bearer(i.token(nil))
	for range 5 {
		wantKind(t, "the same token", identity.Check(t.Context(), token), fault.Unknown)
	}
	for n := range 5 {
		wantKind(t, "another token", identity.Check(t.Context(), bearer(i.token(map[string]any{"sub": fmt.Sprint(n)}))), fault.Unknown)
	}
	if n := i.keyFetches(); n != 1 {
		t.Errorf("keys were fetched %d times, want once", n)
	}
	i.rotate()
	wantKind(t, "under a new key", identity.Check(t.Context(), bearer(i.token(nil))), fault.Unknown)
	if n := i.keyFetches(); n != 2 {
		t.Errorf("keys were fetched %d times after one rotation, want twice", n)
	}
}

// A remembered token expires like any other, by the clock of the worker.
func TestRememberedTokensExpire(t *testing.T) {
	i := newIssuer(t)
	for _, mode := range []worker.Mode{worker.OIDC, worker.Platform} {
		now := time.Now()
		identity := worker.NewIdentity(worker.IdentityOptions{
			Mode: mode, Issuer: i.URL, Audience: audience, Email: invoker, Now: func() time.Time { return now },
		})
		token := bearer(i.token(nil))
		wantKind(t, "fresh", identity.Check(t.Context(), token), fault.Unknown)
		now = now.Add(59 * time.Minute)
		wantKind(t, "older", identity.Check(t.Context(), token), fault.Unknown)
		now = now.Add(2 * time.Minute)
		wantKind(t, "expired", identity.Check(t.Context(), token), fault.Identity)
		wantKind(t, "expired, again", identity.Check(t.Context(), token), fault.Identity)
	}
}

// More tokens than are remembered are no reason to let anybody in or keep
// anybody out.
func TestManyTokens(t *testing.T) {
	i := newIssuer(t)
	identity := worker.NewIdentity(worker.IdentityOptions{Mode: worker.Platform, Issuer: i.URL, Audience: audience, Email: invoker})
	claims := func(n int) string {
		return segment(t, map[string]any{
			"iss": i.URL, "aud": audience, "email": invoker, "email_verified": true, "sub": fmt.Sprint(n), "exp": time.Now().Add(time.Hour).Unix(),
		})
	}
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for n := range 200 {
				token := "e30." + claims(caller*1000+n) + ".SIGNATURE_REMOVED_BY_GOOGLE"
				if err := identity.Check(t.Context(), bearer(token)); err != nil {
					t.Errorf("token %d: %v", n, err)
					return
				}
			}
		})
	}
	callers.Wait()
	wantKind(t, "a wrong one among many", identity.Check(t.Context(), bearer("e30."+claims(1)+"x.e30")), fault.Identity)
}

func TestManyAtOnce(t *testing.T) {
	i := newIssuer(t)
	identity := worker.NewIdentity(worker.IdentityOptions{Mode: worker.OIDC, Issuer: i.URL, Audience: audience, Email: invoker})
	var callers sync.WaitGroup
	for n := range 16 {
		token := bearer(i.token(map[string]any{"sub": fmt.Sprint(n % 4)}))
		callers.Go(func() { wantKind(t, "at once", identity.Check(t.Context(), token), fault.Unknown) })
	}
	callers.Wait()
}
