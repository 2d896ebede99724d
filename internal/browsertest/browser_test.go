//go:build browser

package browsertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// shots is where screenshots go.
const shots = "screenshots"

// chromium is the one browser of a run. Tabs that share nothing are opened in it.
var chromium context.Context

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	path, err := find()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	proxy := &http.Server{Handler: http.HandlerFunc(gatekeeper)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() { _ = proxy.Serve(listener) }()
	defer func() { _ = proxy.Close() }()
	if err := os.MkdirAll(shots, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	profile, err := os.MkdirTemp("", "atende-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(profile) }()

	allocator, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.ProxyServer("http://"+listener.Addr().String()),
		// Loopback goes through the proxy as well, so that all of it is seen.
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-domain-reliability", true), chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		// Pages that nobody looks at run as quickly as any.
		chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		// Elements are found by what they are called, as the browser computes it.
		chromedp.Flag("enable-blink-features", "ComputedAccessibilityInfo"),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("lang", "pt-BR"),
	)
	defer end()
	tab, closeBrowser := chromedp.NewContext(allocator)
	defer closeBrowser()
	if err := chromedp.Do(tab); err != nil {
		fmt.Fprintln(os.Stderr, "start the browser:", err)
		return 1
	}
	chromium = tab
	return m.Run()
}

// find is the path of the browser.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no chromium in the PATH (make tools)")
}

// gatekeeper is a proxy that lets nothing through but requests to loopback. What
// the browser wants for itself ends here as well; what a page asks for is judged
// by its test.
func gatekeeper(w http.ResponseWriter, r *http.Request) {
	if ip := net.ParseIP(r.URL.Hostname()); r.Method == http.MethodConnect || !ip.IsLoopback() {
		http.Error(w, "only loopback", http.StatusForbidden)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: r.URL.Host})
			p.Out.Host = r.Host
		},
		// Events are passed on as they come.
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	proxy.ServeHTTP(w, r)
}

// axe is the audit's source.
func axe(t *testing.T) string {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "simulator", "page", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("the page's development packages are not installed (scripts/page.sh): %v", err)
	}
	defer func() { _ = file.Close() }()
	source, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}
