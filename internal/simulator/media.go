package simulator

import (
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
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
	id = whatsapptest.MediaID()
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

// serve is the shelf as the fake Graph looks into it.
func (s *shelf) serve(id string) (whatsapptest.MediaFile, bool) {
	f, ok := s.get(id)
	return whatsapptest.MediaFile{MIMEType: f.mime, Filename: f.filename, Data: f.data}, ok
}

const (
	voiceType = "audio/ogg; codecs=opus"
	// voicePace is how many characters are spoken in a second.
	voicePace = 15
)

// voiceNote is an audio that says a text to the scripted transcription, as long
// as a person would speak it.
func voiceNote(says string) []byte {
	return openaitest.Clip(says, time.Second+time.Duration(utf8.RuneCountInString(says))*time.Second/voicePace)
}
