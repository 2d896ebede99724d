package whatsapp

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// DefaultMediaHosts are where Meta keeps media, as it has been seen: the list is
// no promise of Meta's. "*." stands for one label or more.
func DefaultMediaHosts() []string {
	return []string{"lookaside.fbsbx.com", "*.fbcdn.net", "*.whatsapp.net"}
}

// mediaGate says where a download may go.
type mediaGate struct {
	hosts []string
	// local is the authority of a Graph on this machine, which alone may be asked
	// without TLS, and localPort the one port that may be dialled on a loopback
	// address; both are empty when Graph is elsewhere.
	local, localPort string
}

func newMediaGate(hosts []string, base *url.URL) mediaGate {
	if hosts == nil {
		hosts = DefaultMediaHosts()
	}
	g := mediaGate{hosts: hosts}
	if base.Scheme == "http" && isLoopback(base.Hostname()) {
		g.local, g.localPort = base.Host, cmp.Or(base.Port(), "80")
	}
	return g
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// allowed reports whether an address may be asked at all.
func (g mediaGate) allowed(at *url.URL) bool {
	if g.local != "" && at.Scheme == "http" && at.Host == g.local {
		return true
	}
	if at.Scheme != "https" || at.User != nil || at.Port() != "" && at.Port() != "443" {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(at.Hostname(), "."))
	for _, pattern := range g.hosts {
		if suffix, wild := strings.CutPrefix(pattern, "*"); host == pattern || wild && len(host) > len(suffix) && strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// control looks at the address that a name has resolved to, when the connection
// is about to be made: a name that resolves to something else a moment later
// gains nothing.
func (g mediaGate) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrMediaHost
	}
	ip := at.Addr().Unmap()
	if isPublic(ip) || ip.IsLoopback() && strconv.Itoa(int(at.Port())) == g.localPort {
		return nil
	}
	return ErrMediaHost
}

// isPublic refuses what is not one host on the Internet, after IANA's registries
// of special-purpose addresses.
func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false // unspecified, loopback, link-local, multicast, broadcast; RFC 1918, fc00::/7
	}
	for _, special := range [...]string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		// The ones that carry an IPv4 address lead to whatever that is.
		"64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23", "2001:db8::/32", "100::/64", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		if netip.MustParsePrefix(special).Contains(ip) {
			return false
		}
	}
	return true
}

// newMediaClient is the client of downloads: guarded, without proxy, redirects
// or unpacking.
func newMediaClient(g mediaGate) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: dialTimeout, Control: g.control}).DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    handshakeTimeout,
			IdleConnTimeout:        idleTimeout,
			MaxIdleConnsPerHost:    connectionsPerHost,
			MaxResponseHeaderBytes: maxAnswerHeader,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
