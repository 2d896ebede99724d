package bench_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
)

// profile writes profiles of a service to the folder that BENCH_PROFILE names,
// if it does, from now until stop is called: its processor time, and what it
// allocated since it started.
func profile(tb testing.TB, service *process) (stop func()) {
	tb.Helper()
	folder := os.Getenv("BENCH_PROFILE")
	if folder == "" {
		return func() {}
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		tb.Fatal(err)
	}
	file := func(kind string) string {
		return "?to=" + url.QueryEscape(filepath.Join(folder, service.role+"."+kind+".pprof"))
	}
	service.ask(tb, "/profile/start"+file("cpu"), nil)
	return func() { service.ask(tb, "/profile/stop"+file("allocs"), nil) }
}

// startProfile and stopProfile are the service's part of profile.
func startProfile(w http.ResponseWriter, r *http.Request) {
	file, err := os.Create(r.URL.Query().Get("to"))
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func stopProfile(w http.ResponseWriter, r *http.Request) {
	pprof.StopCPUProfile()
	file, err := os.Create(r.URL.Query().Get("to"))
	if err == nil {
		err = pprof.Lookup("allocs").WriteTo(file, 0)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
