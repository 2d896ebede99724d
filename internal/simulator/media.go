package simulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"sync"
)

const (
	// maxMedia bounds one file: WhatsApp takes audio up to 16 MB, and the other
	// kinds do not matter here.
	maxMedia = 16 << 20
	// maxShelf bounds all files together; the oldest is forgotten first.
	maxShelf = 128 << 20
)

// file is what a lead sent along with a message.
type file struct {
	mime     string
	filename string
	sha256   string // base64, as Meta writes it
	data     []byte
}

// shelf keeps files under the ids that webhooks name them by, so that a Graph
// API can serve them. It is safe for concurrent use.
type shelf struct {
	mu    sync.Mutex
	files map[string]file
	order []string // oldest first
	size  int
}

func newShelf() *shelf { return &shelf{files: map[string]file{}} }

// put keeps a file and returns its id.
func (s *shelf) put(f file) (id string, kept file) {
	sum := sha256.Sum256(f.data)
	f.sha256 = base64.StdEncoding.EncodeToString(sum[:])
	id = mediaID()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.size+len(f.data) > maxShelf {
		s.size -= len(s.files[s.order[0]].data)
		delete(s.files, s.order[0])
		s.order = s.order[1:]
	}
	s.files[id] = f
	s.order = append(s.order, id)
	s.size += len(f.data)
	return id, f
}

func (s *shelf) get(id string) (file, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	return f, ok
}

// mediaID is sixteen digits, as Meta's ids of media are.
func mediaID() string {
	n, err := rand.Int(rand.Reader, big.NewInt(9e15))
	if err != nil {
		panic("simulator: no random numbers: " + err.Error()) // never happens
	}
	return n.Add(n, big.NewInt(1e15)).String()
}
