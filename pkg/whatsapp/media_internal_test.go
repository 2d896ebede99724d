package whatsapp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answers plays servers by name: no other way leads to several hosts of Meta's
// from a test.
type answers func(*http.Request) *http.Response

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

func TestATokenIsLeftBehindAtAnotherHost(t *testing.T) {
	var asked []string
	client, err := NewClient(Options{Token: func(context.Context) (string, error) { return "token", nil }})
	if err != nil {
		t.Fatal(err)
	}
	hops := map[string]string{
		"https://lookaside.fbsbx.com/a":  "/b", // the same host
		"https://lookaside.fbsbx.com/b":  "https://scontent.fbcdn.net/c",
		"https://scontent.fbcdn.net/c":   "https://lookaside.fbsbx.com/d", // and back
		"https://scontent.fbcdn.net/out": "https://evil.example/x",
	}
	client.media.Transport = answers(func(r *http.Request) *http.Response {
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization"))
		response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("file"))}
		if next, ok := hops[r.URL.String()]; ok {
			response.StatusCode = http.StatusFound
			response.Header.Set("Location", next)
		}
		return response
	})
	var got strings.Builder
	if _, err := client.Download(t.Context(), "https://lookaside.fbsbx.com/a", 100, &got); err != nil || got.String() != "file" {
		t.Fatalf("%q, %v", got.String(), err)
	}
	if want := "/a Bearer token,/b Bearer token,/c ,/d "; strings.Join(asked, ",") != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
	asked = nil
	if _, err := client.Download(t.Context(), "https://scontent.fbcdn.net/out", 100, io.Discard); !errors.Is(err, ErrMediaHost) || len(asked) != 1 {
		t.Errorf("%v, asked %q", err, asked)
	}
}
