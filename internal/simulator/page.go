package simulator

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// registerPage serves the page; it is whole in itself and asks nobody outside.
func registerPage(mux *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic("simulator: the page is not embedded: " + err.Error())
	}
	server := http.FileServerFS(files)
	for _, path := range []string{"/{$}", "/style.css", "/app.js", "/icon.svg"} {
		mux.Handle("GET "+path, server)
	}
}
