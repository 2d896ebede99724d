package cloudtaskstest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/idtoken"
	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

const (
	invoker  = "tasks-invoker@acme.iam.gserviceaccount.com"
	audience = "https://worker.example"
)

// validator is Google's own, told to fetch the keys where discovery says.
func (s *street) validator() *idtoken.Validator {
	s.t.Helper()
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	s.getJSON("/.well-known/openid-configuration", &discovery)
	if discovery.Issuer != s.server.IssuerURL() {
		s.t.Errorf("discovery names the issuer %q, want %q", discovery.Issuer, s.server.IssuerURL())
	}
	keys, err := url.Parse(discovery.Keys)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL, r.Host = keys, keys.Host
		return http.DefaultTransport.RoundTrip(r)
	})}
	v, err := idtoken.NewValidator(s.ctx(), option.WithHTTPClient(client))
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *street) getJSON(path string, v any) {
	s.t.Helper()
	res, err := s.get(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		s.t.Fatalf("%s: %s, %s", path, res.Status, res.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		s.t.Fatal(err)
	}
}

func TestPushCarriesATokenThatAStrangersVerifierAccepts(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{Clock: newClock()}) // its time is not the tokens'
	s.queue(nil)
	for name, tt := range map[string]struct{ given, want string }{
		"audience given": {audience, audience},
		"else the URL":   {"", s.worker.URL + "/tasks/inbound"},
	} {
		t.Run(name, func(t *testing.T) {
			s.create("", func(task *cloudtaskspb.Task) {
				r := task.GetHttpRequest()
				r.Headers = map[string]string{"Authorization": "Bearer forged"}
				r.AuthorizationHeader = &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
					ServiceAccountEmail: invoker, Audience: tt.given}}
			})
			s.idle()
			pushes := s.worker.seen()
			token, ok := strings.CutPrefix(pushes[len(pushes)-1].header.Get("Authorization"), "Bearer ")
			if !ok {
				t.Fatal("no bearer token")
			}
			claims, err := s.validator().Validate(s.ctx(), token, tt.want)
			if err != nil {
				t.Fatal(err)
			}
			if claims.Issuer != s.server.IssuerURL() || claims.Subject == "" ||
				claims.Claims["email"] != invoker || claims.Claims["email_verified"] != true {
				t.Errorf("claims = %+v", claims)
			}
			if life := claims.Expires - claims.IssuedAt; life != 3600 {
				t.Errorf("token lives %d s, want an hour", life)
			}
			if age := time.Since(time.Unix(claims.IssuedAt, 0)); age < 0 || age > time.Minute {
				t.Errorf("token was issued %v ago", age)
			}
		})
	}
}

func TestMintedTokensAreWrongOnlyInTheWayAskedFor(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	v := s.validator()
	good := cloudtaskstest.TokenOptions{Audience: audience, Email: invoker}
	for name, tt := range map[string]struct {
		change   func(*cloudtaskstest.TokenOptions)
		verifies bool // by signature, audience and expiry alone
		differs  string
		value    any
	}{
		"good":            {func(*cloudtaskstest.TokenOptions) {}, true, "", nil},
		"other issuer":    {func(o *cloudtaskstest.TokenOptions) { o.Issuer = "https://evil.example" }, true, "iss", "https://evil.example"},
		"other email":     {func(o *cloudtaskstest.TokenOptions) { o.Email = "eve@evil.example" }, true, "email", "eve@evil.example"},
		"no email":        {func(o *cloudtaskstest.TokenOptions) { o.Email = "" }, true, "email", nil},
		"unverified":      {func(o *cloudtaskstest.TokenOptions) { o.Unverified = true }, true, "email_verified", false},
		"59 minutes old":  {func(o *cloudtaskstest.TokenOptions) { o.Age = 59 * time.Minute }, true, "", nil},
		"expired":         {func(o *cloudtaskstest.TokenOptions) { o.Age = 61 * time.Minute }, false, "", nil},
		"other audience":  {func(o *cloudtaskstest.TokenOptions) { o.Audience = "https://other.example" }, false, "", nil},
		"stranger's key":  {func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.SignedByStranger }, false, "", nil},
		"public key HMAC": {func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.SignedWithPublicKey }, false, "", nil},
		"alg none":        {func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.Unsigned }, false, "", nil},
		"removed":         {func(o *cloudtaskstest.TokenOptions) { o.Signature = cloudtaskstest.SignatureRemoved }, false, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			tt.change(&o)
			token := s.server.Token(o)
			_, err := v.Validate(s.ctx(), token, audience)
			if (err == nil) != tt.verifies {
				t.Fatalf("Validate = %v, want verifies %v", err, tt.verifies)
			}
			parsed, err := idtoken.ParsePayload(token)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"iss": s.server.IssuerURL(), "email": invoker, "email_verified": true}
			for claim, value := range want {
				if claim == tt.differs {
					value = tt.value
				}
				if got := parsed.Claims[claim]; got != value {
					t.Errorf("%s = %v, want %v", claim, got, value)
				}
			}
			if name == "removed" && !strings.HasSuffix(token, ".SIGNATURE_REMOVED_BY_GOOGLE") {
				t.Error("signature was not replaced as Cloud Run does")
			}
			if name == "alg none" && !strings.HasSuffix(token, ".") {
				t.Error("an unsigned token has a signature")
			}
		})
	}
}
