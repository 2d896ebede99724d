package bench_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
)

// profile writes profiles of services to the folder that BENCH_PROFILE names,
// if it does, from now until stop is called: their processor time, and what
// they allocated since they started. It costs the services a few percent.
func profile(tb testing.TB, services ...side) (stop func()) {
	tb.Helper()
	folder := os.Getenv("BENCH_PROFILE")
	if folder == "" {
		return func() {}
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		tb.Fatal(err)
	}
	ask := func(act, kind string) {
		for _, s := range services {
			s.ask(tb, "/profile/"+act+"?to="+url.QueryEscape(filepath.Join(folder, s.role+"."+kind+".pprof")), nil)
		}
	}
	ask("start", "cpu")
	return func() { ask("stop", "allocs") }
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
