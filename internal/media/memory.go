package media

import (
	"context"
	"sync"
)

// memory is what files may take at once, in bytes.
type memory struct {
	mu    sync.Mutex
	free  int64
	freed chan struct{} // closed and renewed when some is given back
}

func newMemory(size int64) memory { return memory{free: size, freed: make(chan struct{})} }

// reserve waits until so much is free.
func (m *memory) reserve(ctx context.Context, n int64) error {
	for {
		m.mu.Lock()
		if m.free >= n {
			m.free -= n
			m.mu.Unlock()
			return nil
		}
		freed := m.freed
		m.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *memory) release(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.free += n
	close(m.freed)
	m.freed = make(chan struct{})
}
