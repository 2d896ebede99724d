package crashtest

import (
	"net"
	"sync"
	"time"
)

// hints is the Redis server of a storm.
type hints struct {
	*program
	port  string
	broke func(invariant, format string, args ...any)

	mu              sync.Mutex // one harms it at a time
	emptied, killed int
}

// flush empties the server. It speaks the protocol itself, as one room alone
// may import a client.
func (h *hints) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	connection, err := net.DialTimeout("tcp", "127.0.0.1:"+h.port, time.Second)
	if err != nil {
		return
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(time.Second))
	answer := make([]byte, 5)
	if _, err := connection.Write([]byte("FLUSHALL\r\n")); err != nil {
		return
	}
	if _, err := connection.Read(answer); err == nil && string(answer) == "+OK\r\n" {
		h.emptied++
	}
}

// die kills the server; it comes back empty after a while.
func (h *hints) die(away time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.killed++
	h.kill()
	if _, err := h.ended(); err != nil {
		h.broke(stuck, "%v", err)
		return
	}
	<-time.After(away)
	if err := h.launch(); err != nil {
		h.broke(fallen, "%v", err)
	}
}
