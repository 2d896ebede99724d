package simulator

import (
	"embed"
	"net/http"
)

// The page is built from page/src by `make page`; what is built is kept, so that
// running the street needs nothing but Go.
//
//go:embed page/index.html page/icon.svg page/dist
var pageFiles embed.FS

// registerPage serves the page; it is whole in itself and asks nobody outside.
func registerPage(mux *http.ServeMux) {
	for path, file := range map[string]string{
		"/{$}":          "page/index.html",
		"/icon.svg":     "page/icon.svg",
		"/app.js":       "page/dist/app.js",
		"/app.css":      "page/dist/app.css",
		"/licenses.txt": "page/dist/licenses.txt",
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, pageFiles, file)
		})
	}
}
