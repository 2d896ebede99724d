package whatsapp_test

import (
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// TestTransportKeepsConnections sends one message after another: a connection
// per message would cost more than the message.
func TestTransportKeepsConnections(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, accepted)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := newClient(t, server.URL)
	for range 5 {
		if _, err := client.Send(t.Context(), text("oi")); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for five messages", n)
	}
}

func TestTransportUsesNoProxy(t *testing.T) {
	if whatsapp.NewTransport().Proxy != nil {
		t.Error("the environment could choose a proxy, and the proxy could repeat requests")
	}
}

// freezer passes bytes between clients and a server until it is told to freeze;
// then it swallows what the clients say on the connections it has.
type freezer struct {
	target string
	frozen chan struct{} // closed when frozen
	gone   chan struct{} // a frozen client gave up its connection
}

func (f *freezer) serve(listener net.Listener) {
	var dialer net.Dialer
	for first := true; ; first = false {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := dialer.Dial("tcp", f.target)
		if err != nil {
			_ = client.Close()
			return
		}
		go func() {
			_, _ = io.Copy(client, server)
		}()
		go func() {
			defer func() { _ = client.Close() }()
			defer func() { _ = server.Close() }()
			buffer := make([]byte, 4096)
			for {
				n, err := client.Read(buffer)
				if err != nil {
					if first {
						close(f.gone)
					}
					return
				}
				if first {
					select {
					case <-f.frozen:
						continue
					default:
					}
				}
				if _, err := server.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// TestTransportFindsFrozenConnections freezes a connection between two
// messages: the pings must end it, so that the next message is not risked on it.
func TestTransportFindsFrozenConnections(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("protocol %s, want HTTP/2", r.Proto)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, accepted)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	listener := listen(t)
	between := &freezer{target: server.Listener.Addr().String(), frozen: make(chan struct{}), gone: make(chan struct{})}
	go between.serve(listener)

	transport := whatsapp.NewTransport()
	if transport.HTTP2.SendPingTimeout != 5*time.Second || transport.HTTP2.PingTimeout != 2*time.Second {
		t.Errorf("pings after %v and %v", transport.HTTP2.SendPingTimeout, transport.HTTP2.PingTimeout)
	}
	transport.HTTP2.SendPingTimeout, transport.HTTP2.PingTimeout = 30*time.Millisecond, 30*time.Millisecond
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	defer transport.CloseIdleConnections()
	client := newClientOver(t, "https://"+listener.Addr().String(), &http.Client{Transport: transport})

	if _, err := client.Send(t.Context(), text("um")); err != nil {
		t.Fatal(err)
	}
	close(between.frozen)
	select {
	case <-between.gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the frozen connection is still trusted")
	}
	if _, err := client.Send(t.Context(), text("dois")); err != nil {
		t.Errorf("after the freeze: %v", err)
	}
}

// TestClientIsSafeForConcurrentUse is for the race detector.
func TestClientIsSafeForConcurrentUse(t *testing.T) {
	server := graph(t, http.StatusOK, accepted, nil)
	client := newClient(t, server.URL)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := client.Send(t.Context(), text("oi")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
