//go:build browser

package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// shots is where screenshots go.
const shots = "screenshots"

// browser is the one Chromium of a run. Tabs that share nothing are opened in it.
type browser struct {
	ctx  context.Context
	gate *gate
}

var chromium browser

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests in a browser that is behind a gate. Whom it asked beside the
// streets is an error of the whole run.
func run(m *testing.M) (code int, err error) {
	path, err := find()
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(shots, 0o755); err != nil {
		return 0, err
	}
	profile, err := os.MkdirTemp("", "atende-browser-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(profile) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	chromium.gate = newGate()
	proxy := &http.Server{Handler: chromium.gate}
	go func() { _ = proxy.Serve(listener) }()
	defer func() { _ = proxy.Close() }()

	allocator, end := chromedp.NewExecAllocator(context.Background(), flags(path, profile, listener.Addr().String())...)
	defer end()
	tab, closeBrowser := chromedp.NewContext(allocator)
	defer closeBrowser()
	if err := chromedp.Do(tab); err != nil {
		return 0, fmt.Errorf("start the browser: %w", err)
	}
	chromium.ctx = tab
	code = m.Run()
	if strangers := chromium.gate.asked(); len(strangers) > 0 {
		return code, fmt.Errorf("the browser asked for more than the streets: %s", strings.Join(strangers, ", "))
	}
	return code, nil
}

func flags(path, profile, proxy string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.ProxyServer("http://" + proxy),
		// Loopback goes through the proxy as well, so that all of it is seen.
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		// What the browser would ask for on its own account.
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-domain-reliability", true), chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		// Pages that nobody looks at run as quickly as any.
		chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		// Elements are found by what they are called, as the browser computes it.
		chromedp.Flag("enable-blink-features", "ComputedAccessibilityInfo"),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("lang", "pt-BR"),
	}
}

// find is the path of the browser.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium in the PATH (make tools)")
}

// axe is the audit's source.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "simulator", "page", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("the page's development packages are not installed (scripts/page.sh): %v", err)
	}
	return string(source)
}
