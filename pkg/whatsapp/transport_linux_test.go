package whatsapp_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// TestTransportLimitsUnacknowledgedBytes asks the kernel about a real socket.
func TestTransportLimitsUnacknowledgedBytes(t *testing.T) {
	const tcpUserTimeout = 0x12
	listener := listen(t)
	conn, err := whatsapp.NewTransport().DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var milliseconds int
	var option error
	if err := raw.Control(func(fd uintptr) {
		milliseconds, option = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
	}); err != nil {
		t.Fatal(err)
	}
	if option != nil || milliseconds != 20_000 {
		t.Errorf("TCP_USER_TIMEOUT is %d ms, %v", milliseconds, option)
	}
}

// TestTransportDiscardsOnAbort gives up on a request: the other side must see
// the connection reset, not closed in good order with the rest still to come.
func TestTransportDiscardsOnAbort(t *testing.T) {
	listener := listen(t)
	end := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			end <- err
			return
		}
		defer func() { _ = conn.Close() }()
		_, err = io.Copy(io.Discard, conn)
		end <- err
	}()
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: "http://" + listener.Addr().String(), Token: token, Timeout: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Send(t.Context(), text("oi")); !whatsapp.Ambiguous(err) {
		t.Errorf("error %v is not ambiguous", err)
	}
	select {
	case err := <-end:
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the other side saw %v, want a reset", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the connection was not closed")
	}
}
