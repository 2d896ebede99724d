package httpserver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/pyloto/atende/internal/httpserver"
)

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func benchmark(b *testing.B, h http.Handler) {
	const body = `{"object":"whatsapp_business_account"}`
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://x/webhook/whatsapp", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	r.ContentLength = int64(len(body))
	reader := strings.NewReader(body)
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		reader.Reset(body)
		r.Body = nopCloser{reader}
		h.ServeHTTP(w, r)
	}
}

type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }

// BenchmarkBareEcho is the floor of BenchmarkCoat.
func BenchmarkBareEcho(b *testing.B) {
	e := echo.New()
	e.POST("/webhook/whatsapp", drain)
	benchmark(b, e)
}

func BenchmarkCoat(b *testing.B) {
	s := httpserver.New(httpserver.Options{
		Enter: func(ctx context.Context, _ http.Header) (context.Context, string) {
			return ctx, "4bf92f3577b34da6a3ce929d0e0e4736"
		},
		Report: func(context.Context, httpserver.RequestEvent) {},
	})
	s.Echo().POST("/webhook/whatsapp", drain)
	benchmark(b, s.Handler())
}
