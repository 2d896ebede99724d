package ingress_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
)

func TestMessageIsEnqueuedBeforeItIsAcknowledged(t *testing.T) {
	d := newDoor(t, options{})
	got := d.post(d.pen.Text(lead, "Iara", "Quero automatizar meu WhatsApp."))
	const want = `{"status":"received","events":1,"enqueued":1,"duplicates":0,"ignored":0,"quarantined":0}`
	if got.status != http.StatusOK || strings.TrimSpace(got.body) != want {
		t.Errorf("%d %s, want 200 %s", got.status, got.body, want)
	}
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Errorf("content type %q", kind)
	}
	if m := d.one(); m.Text != "Quero automatizar meu WhatsApp." {
		t.Error("another text was enqueued")
	}
}

func TestBothSpellingsOfTheRoute(t *testing.T) {
	d := newDoor(t, options{})
	for _, spelling := range []string{d.url, d.url + "/"} {
		r := d.pen.Request(t.Context(), spelling, d.pen.Text(lead, "Iara", "oi"))
		d.want(d.counted(do(t, r)), tally{Events: 1, Enqueued: 1})
	}
	if n := len(d.messages()); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// What comes first in the contract is answered first: size, content type,
// signature, and only then is anything looked at.
func TestOrderOfChecks(t *testing.T) {
	d := newDoor(t, options{})
	large := bytes.Repeat([]byte(" "), 4<<20+1)
	for name, c := range map[string]struct {
		body            []byte
		kind, signature string
		chunked         bool
		want            int
	}{
		"too large and everything else wrong":      {body: large, kind: "text/plain", want: http.StatusRequestEntityTooLarge},
		"too large, of a length not told":          {body: large, kind: "text/plain", chunked: true, want: http.StatusRequestEntityTooLarge},
		"too large, all else in order":             {body: large, kind: "application/json", signature: sign(large, appSecret), want: http.StatusRequestEntityTooLarge},
		"wrong type and no signature":              {body: []byte("{}"), kind: "text/plain", want: http.StatusUnsupportedMediaType},
		"wrong type, rightly signed":               {body: []byte("{}"), kind: "text/plain", signature: sign([]byte("{}"), appSecret), want: http.StatusUnsupportedMediaType},
		"a form":                                   {body: []byte("a=b"), kind: "application/x-www-form-urlencoded", want: http.StatusUnsupportedMediaType},
		"a type that is none":                      {body: []byte("{}"), kind: ";;;", want: http.StatusUnsupportedMediaType},
		"no type":                                  {body: []byte("{}"), want: http.StatusUnsupportedMediaType},
		"a relative of JSON":                       {body: []byte("{}"), kind: "application/json-seq", want: http.StatusUnsupportedMediaType},
		"no signature":                             {body: []byte("{}"), kind: "application/json", want: http.StatusUnauthorized},
		"no signature, of a length not told":       {body: []byte("{}"), kind: "application/json", chunked: true, want: http.StatusUnauthorized},
		"no signature on what could not be parsed": {body: []byte("{"), kind: "application/json", want: http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = bytes.NewReader(c.body)
			if c.chunked {
				body = io.MultiReader(body) // Hides the length.
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url, body)
			if err != nil {
				t.Fatal(err)
			}
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			if c.signature != "" {
				r.Header.Set(whatsapp.SignatureHeader, c.signature)
			}
			got := do(t, r)
			if got.status != c.want || got.body != "" {
				t.Errorf("%d %q, want %d and nothing", got.status, got.body, c.want)
			}
		})
	}
	if tasks := d.tasks.Tasks(); len(tasks) > 0 {
		t.Errorf("%d tasks were made", len(tasks))
	}
}

func TestLargestBody(t *testing.T) {
	d := newDoor(t, options{})
	body := d.pen.Text(lead, "Iara", "oi")
	body = append(body, bytes.Repeat([]byte("\n"), 4<<20-len(body))...)
	d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
	d.want(d.counted(d.signed(body, func(r *http.Request) {
		r.ContentLength = -1 // Chunked.
	})), tally{Events: 1, Duplicates: 1})
}

func TestContentTypeWithParameters(t *testing.T) {
	d := newDoor(t, options{})
	for _, kind := range []string{"application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"} {
		got := d.signed(d.pen.Text(lead, "Iara", "oi"), func(r *http.Request) { r.Header.Set("Content-Type", kind) })
		d.want(d.counted(got), tally{Events: 1, Enqueued: 1})
	}
}

func TestSignature(t *testing.T) {
	d := newDoor(t, options{})
	body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	right := sign(body, appSecret)
	for name, signature := range map[string]string{
		"another secret":         sign(body, "outro"),
		"another body":           sign(append(body, ' '), appSecret),
		"without its prefix":     strings.TrimPrefix(right, "sha256="),
		"of another algorithm":   "sha1=" + strings.TrimPrefix(right, "sha256="),
		"cut short":              right[:len(right)-1],
		"with something behind":  right + "0",
		"of an empty secret":     sign(body, ""),
		"empty":                  "",
		"only a prefix":          "sha256=",
		"not hexadecimal":        "sha256=" + strings.Repeat("zz", 32),
		"two, the right one 2nd": sign(body, "outro") + "," + right,
	} {
		got := d.signed(body, func(r *http.Request) { r.Header.Set(whatsapp.SignatureHeader, signature) })
		if got.status != http.StatusUnauthorized || got.body != "" {
			t.Errorf("%s: %d %q, want 401 and nothing", name, got.status, got.body)
		}
	}
	if tasks := d.tasks.Tasks(); len(tasks) > 0 {
		t.Errorf("%d tasks were made", len(tasks))
	}
	refused := d.logs.event(t, "webhook_signature_invalid")
	if refused == nil || refused["signature_valid"] != false || refused["severity"] != "WARNING" {
		t.Errorf("refusal is logged as %v", refused)
	}
	if logs := d.logs.String(); strings.Contains(logs, "orçamento") || strings.Contains(logs, right[7:]) || strings.Contains(logs, "events") {
		t.Error("the log tells of what was refused")
	}
	d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
}

func TestSecretRotation(t *testing.T) {
	d := newDoor(t, options{secrets: literal(verifyToken, "velho", "novo")})
	for _, c := range []struct {
		secret string
		want   int
	}{
		{"velho", http.StatusOK}, {"novo", http.StatusOK}, {appSecret, http.StatusUnauthorized},
		{"velho,novo", http.StatusUnauthorized}, {"", http.StatusUnauthorized},
	} {
		d.pen.AppSecret = []byte(c.secret)
		if got := d.post(d.pen.Text(lead, "Iara", "oi")); got.status != c.want {
			t.Errorf("signed with %q: %d, want %d", c.secret, got.status, c.want)
		}
	}
}

func TestEmptySecretsVerifyNothing(t *testing.T) {
	for name, secrets := range map[string]ingress.Secrets{
		"none":  literal(verifyToken),
		"empty": literal(verifyToken, ""),
	} {
		d := newDoor(t, options{secrets: secrets})
		d.pen.AppSecret = nil
		if got := d.post(d.pen.Text(lead, "Iara", "oi")); got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", name, got.status)
		}
	}
}

// The secret that could not be had may be the right one: Meta is to come again.
func TestUnresolvedSecrets(t *testing.T) {
	d := newDoor(t, options{secrets: ingress.Secrets{
		App: func(context.Context) ([]pii.Secret, error) {
			return []pii.Secret{"velho"}, errors.New("secret novo is not there")
		},
		Verify: func(context.Context) (pii.Secret, error) { return "", errors.New("secret token is not there") },
	}})
	d.pen.AppSecret = []byte("velho")
	d.want(d.receive(d.pen.Text(lead, "Iara", "oi")), tally{Events: 1, Enqueued: 1})

	d.pen.AppSecret = []byte("novo")
	got := d.post(d.pen.Text(lead, "Iara", "oi"))
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.body != "" {
		t.Errorf("a webhook under the other secret: %d %q, Retry-After %q", got.status, got.body, got.header.Get("Retry-After"))
	}
	if n := len(d.tasks.Tasks()); n != 1 {
		t.Errorf("%d tasks, want 1", n)
	}

	got = challenge(t, d, url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {""}, "hub.challenge": {"1"}})
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("a challenge without our token: %d", got.status)
	}
	if d.logs.event(t, "secret_unresolved") == nil {
		t.Error("the log does not say that secrets are missing")
	}
}

func challenge(t *testing.T, d *door, query url.Values) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, r)
}

func TestChallenge(t *testing.T) {
	d := newDoor(t, options{})
	right := func(value string) url.Values {
		return url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {verifyToken}, "hub.challenge": {value}}
	}
	for _, value := range []string{"1158201444", "0", "<b>&amp;</b>", "com espaço e ç", strings.Repeat("9", 2000), ""} {
		got := challenge(t, d, right(value))
		if got.status != http.StatusOK || got.body != value {
			t.Errorf("challenge %.20q: %d %.20q", value, got.status, got.body)
		}
		if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("content type %q", kind)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Error("a browser may take the echo for a page")
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/?"+right("77").Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, r); got.status != http.StatusOK || got.body != "77" {
		t.Errorf("with a slash: %d %q", got.status, got.body)
	}
	for name, query := range map[string]url.Values{
		"no parameters":          {},
		"no token":               {"hub.mode": {"subscribe"}, "hub.challenge": {"1"}},
		"no mode":                {"hub.verify_token": {verifyToken}, "hub.challenge": {"1"}},
		"another mode":           {"hub.mode": {"unsubscribe"}, "hub.verify_token": {verifyToken}, "hub.challenge": {"1"}},
		"mode in capitals":       {"hub.mode": {"SUBSCRIBE"}, "hub.verify_token": {verifyToken}, "hub.challenge": {"1"}},
		"another token":          {"hub.mode": {"subscribe"}, "hub.verify_token": {"outra"}, "hub.challenge": {"1"}},
		"a longer token":         {"hub.mode": {"subscribe"}, "hub.verify_token": {verifyToken + "x"}, "hub.challenge": {"1"}},
		"a shorter token":        {"hub.mode": {"subscribe"}, "hub.verify_token": {verifyToken[1:]}, "hub.challenge": {"1"}},
		"an empty token":         {"hub.mode": {"subscribe"}, "hub.verify_token": {""}, "hub.challenge": {"1"}},
		"the right token second": {"hub.mode": {"subscribe"}, "hub.verify_token": {"outra", verifyToken}, "hub.challenge": {"1"}},
		"underscores":            {"hub_mode": {"subscribe"}, "hub_verify_token": {verifyToken}, "hub_challenge": {"1"}},
	} {
		if got := challenge(t, d, query); got.status != http.StatusForbidden || got.body != "" {
			t.Errorf("%s: %d %q, want 403 and nothing", name, got.status, got.body)
		}
	}
	if logs := d.logs.String(); strings.Contains(logs, verifyToken) || strings.Contains(logs, "1158201444") {
		t.Error("the log shows the query")
	}
}

// An empty token of ours would be met by an empty one of anybody's.
func TestEmptyVerifyTokenMatchesNothing(t *testing.T) {
	d := newDoor(t, options{secrets: literal("", appSecret)})
	got := challenge(t, d, url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {""}, "hub.challenge": {"1"}})
	if got.status != http.StatusForbidden {
		t.Errorf("%d, want 403", got.status)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	d := newDoor(t, options{})
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
		got := d.signed(d.pen.Text(lead, "Iara", "oi"), func(r *http.Request) { r.Method = method })
		if got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d, want 405", method, got.status)
		}
	}
}

// A sender that vanishes half-way leaves nothing behind.
func TestBodyCutOff(t *testing.T) {
	d := newDoor(t, options{})
	body := d.pen.Text(lead, "Iara", "oi")
	reader, writer := io.Pipe()
	go func() {
		_, _ = writer.Write(body[:len(body)/2])
		_ = writer.CloseWithError(errors.New("gone"))
	}()
	r := d.pen.Request(t.Context(), d.url, body)
	r.Body, r.ContentLength = reader, int64(len(body))
	if response, err := http.DefaultClient.Do(r); err == nil {
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("half a body was acknowledged")
		}
	}
	if tasks := d.tasks.Tasks(); len(tasks) > 0 {
		t.Errorf("%d tasks were made", len(tasks))
	}
	d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
}
