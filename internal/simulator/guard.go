package simulator

import (
	"mime"
	"net"
	"net/http"
	"strings"
)

// guard lets in only what this machine's own browser or command line asks: a
// foreign page must not be able to talk to the street, nor a foreign name that
// resolves to this machine.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		// With trusted types the browser itself refuses what would read text as HTML.
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		origin := r.Header.Get("Origin")
		switch {
		case !isLoopback(hostname(r.Host)):
			refuseRequest(w, http.StatusForbidden, "host: is not a name of this machine; open the street as 127.0.0.1")
		case origin != "" && origin != "http://"+r.Host:
			refuseRequest(w, http.StatusForbidden, "origin: is another page")
		case r.Method == http.MethodPost && !isJSON(r.Header.Get("Content-Type")):
			refuseRequest(w, http.StatusUnsupportedMediaType, "content type: is not application/json")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json"
}
