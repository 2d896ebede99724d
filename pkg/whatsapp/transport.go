package whatsapp

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	// idleTimeout is shorter than the platform's idle limits, so that a request
	// seldom meets a connection that the other side is just closing.
	idleTimeout = 30 * time.Second
	// A container that was frozen between requests wakes with dead connections.
	// The pings find them in seven seconds, before a message is risked on them.
	pingAfter   = 5 * time.Second
	pingTimeout = 2 * time.Second
	// unackedLimit is how long the kernel may keep unacknowledged bytes alive.
	unackedLimit       = 20 * time.Second
	connectionsPerHost = 128
	maxAnswerHeader    = 64 << 10
)

// NewTransport returns a transport for requests that must not happen twice. It
// keeps connections warm and checks them with pings, uses no proxy, and makes
// sure that what it gives up on does not arrive later: closing a connection
// discards what has not been sent, and on Linux bytes that stay unacknowledged
// for 20 seconds end the connection. Its fields may be changed before first use.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{
		Timeout:   dialTimeout,
		KeepAlive: 15 * time.Second,
		Control:   limitUnacknowledged,
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				if err := tcp.SetLinger(0); err != nil {
					_ = tcp.Close()
					return nil, err
				}
			}
			return conn, nil
		},
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		TLSHandshakeTimeout:    handshakeTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           connectionsPerHost,
		MaxIdleConnsPerHost:    connectionsPerHost,
		MaxResponseHeaderBytes: maxAnswerHeader,
		// An answer is a few hundred bytes; packed, its bound would mean nothing.
		DisableCompression: true,
	}
}
