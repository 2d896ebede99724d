package media

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// Bounds of what is read, in bytes unless they say otherwise.
const (
	// MaxAudio is Meta's own limit.
	MaxAudio = 16 << 20
	// MaxAudioLength is how long a lead may speak. It is a bound of cost and of the
	// time that everybody waits.
	MaxAudioLength = 10 * time.Minute
	// MaxImage is Meta's own limit.
	MaxImage = 5 << 20
	// MaxPixels bounds what an image unpacks to at whoever looks at it.
	MaxPixels = 50_000_000
	// MaxPDF is some twenty pages of a scanner.
	MaxPDF = 4 << 20
	// MaxPlain is of a text, which a model reads whole: some 20 000 tokens.
	MaxPlain = 64 << 10
	// slack is how far Meta's size of a file may be off. It is not documented
	// whether it counts the file or what encrypts it.
	slack = 4 << 10
	// maxMemory bounds all files that are being fetched or transcribed at once.
	maxMemory = 64 << 20
)

// Graph is the part of [whatsapp.Client] that fetches files.
type Graph interface {
	// Media asks where a file is; see [whatsapp.Client.Media] for its errors.
	Media(ctx context.Context, id, phoneNumberID string) (whatsapp.MediaInfo, error)
	// Download fetches it; see [whatsapp.Client.Download] for its errors.
	Download(ctx context.Context, address string, limit int64, w io.Writer) (whatsapp.Downloaded, error)
}

// Transcriber writes down what is said in an audio.
type Transcriber interface {
	// Transcribe makes one attempt. An error that is [fault.Unreadable] is of the
	// file, any other of the transcriber.
	Transcribe(ctx context.Context, f conversation.File) (conversation.Transcript, error)
}

// Options are what a Senses needs; all are required.
type Options struct {
	Graph       Graph
	Transcriber Transcriber
	Now         func() time.Time
}

// Senses fetches files and makes something of them. It is safe for concurrent
// use, and the memory of all calls together is bounded; a [conversation.File]
// that it returns is its caller's to bound.
type Senses struct {
	Options
	memory   memory
	phantoms phantoms
}

// New makes a Senses.
func New(o Options) *Senses {
	return &Senses{Options: o, memory: newMemory(maxMemory), phantoms: readPhantoms()}
}

// Perceive fetches the file of a message and says what was made of it. The error
// is a [fault.Dependency] or [fault.Throttled].
func (s *Senses) Perceive(ctx context.Context, m conversation.Inbound) (conversation.Perceived, error) {
	if m.Media == nil || m.Media.ID == "" {
		return conversation.Perceived{Outcome: conversation.Gone, Note: "no_id"}, nil
	}
	declared := formatOf(m.Kind, m.Media.MIME)
	if declared == unknown {
		return conversation.Perceived{Outcome: conversation.WrongKind, Note: "type"}, nil
	}
	fetched, release, perceived, err := s.fetch(ctx, m, declared)
	defer release()
	if err != nil || perceived.Outcome != "" {
		return perceived, err
	}
	file := conversation.File{MIME: declared.mime(), Name: m.Media.Filename, Data: fetched}
	if why := mismatch(declared, fetched); why != "" {
		perceived.Outcome, perceived.Note = conversation.WrongKind, why
		return perceived, nil
	}
	switch {
	case m.Kind == conversation.KindAudio:
		return s.hear(ctx, file, declared, perceived)
	case declared == plain, declared == csv:
		file.Data = legible(fetched)
	case pixels(declared, fetched) > MaxPixels:
		perceived.Outcome, perceived.Note = conversation.TooLarge, "pixels"
		return perceived, nil
	}
	perceived.Outcome, perceived.File = conversation.Understood, &file
	return perceived, nil
}

// fetch is the file's bytes, for as long as release is not called, or what
// became of them.
func (s *Senses) fetch(ctx context.Context, m conversation.Inbound, f format) (data []byte, release func(), p conversation.Perceived, err error) {
	release = func() {}
	limit := f.limit()
	info, err := s.Graph.Media(ctx, m.Media.ID, m.Number)
	if err != nil {
		p, err = judge(err)
		return nil, release, p, err
	}
	if info.Size > limit {
		return nil, release, conversation.Perceived{Outcome: conversation.TooLarge, Note: "size"}, nil
	}
	reserved := limit
	if info.Size > 0 {
		reserved = min(limit, info.Size+slack)
	}
	if err := s.memory.reserve(ctx, reserved); err != nil {
		return nil, release, p, fault.Mark(fmt.Errorf("media: wait for memory: %w", err), fault.Dependency)
	}
	release = func() { s.memory.release(reserved) }

	// What was reserved is all there is: a file that is larger than Meta said is
	// as wrong as one that is larger than allowed.
	var body bytes.Buffer
	body.Grow(int(info.Size))
	done, err := s.Graph.Download(ctx, info.URL, reserved, &body)
	if errors.Is(err, whatsapp.ErrMediaExpired) {
		if info, err = s.Graph.Media(ctx, m.Media.ID, m.Number); err == nil {
			body.Reset()
			done, err = s.Graph.Download(ctx, info.URL, reserved, &body)
		}
	}
	switch {
	case err != nil:
		p, err = judge(err)
		return nil, release, p, err
	case done.Size < info.Size-slack:
		return nil, release, p, fault.Mark(errors.New("media: download broke off"), fault.Dependency)
	}
	p.SHA256 = done.SHA256
	if !sameHash(cmp.Or(m.Media.SHA256, info.SHA256), done.SHA256) {
		p.Note = "hash_differs"
	}
	return body.Bytes(), release, p, nil
}

// sameHash compares what Meta announced, in base64 or hexadecimal, with a digest
// in hexadecimal. What is not announced differs from nothing.
func sameHash(announced, digest string) bool {
	if announced == "" || strings.EqualFold(announced, digest) {
		return true
	}
	sum, err := base64.StdEncoding.DecodeString(announced)
	return err == nil && hex.EncodeToString(sum) == digest
}

// judge is what a file that cannot be had means: a perception, or an error that
// is worth another try.
func judge(err error) (conversation.Perceived, error) {
	switch {
	case errors.Is(err, whatsapp.ErrMediaGone):
		return conversation.Perceived{Outcome: conversation.Gone}, nil
	case errors.Is(err, whatsapp.ErrMediaTooLarge):
		return conversation.Perceived{Outcome: conversation.TooLarge, Note: "size"}, nil
	case errors.Is(err, whatsapp.ErrMediaHost):
		// No later try within the minutes that a lead waits changes an address.
		return conversation.Perceived{Outcome: conversation.Undone, Note: "host_refused"}, nil
	case errors.Is(err, whatsapp.ErrMediaPacked):
		return conversation.Perceived{Outcome: conversation.Undone, Note: "packed"}, nil
	case errors.Is(err, whatsapp.ErrMediaExpired):
		// Twice, with a fresh address in between.
		return conversation.Perceived{Outcome: conversation.Gone, Note: "expired"}, nil
	}
	err = fmt.Errorf("media: fetch: %w", err)
	if refusal, ok := errors.AsType[*whatsapp.Error](err); ok {
		switch refusal.Class() {
		case whatsapp.ClassRateNumber:
			return conversation.Perceived{}, fault.After(err, refusal.RetryAfter)
		case whatsapp.ClassRequest, whatsapp.ClassMedia, whatsapp.ClassInbound:
			return conversation.Perceived{Outcome: conversation.Gone, Note: "refused"}, nil
		}
	}
	if _, ok := errors.AsType[*whatsapp.LimitError](err); ok {
		return conversation.Perceived{Outcome: conversation.Gone, Note: "no_id"}, nil
	}
	return conversation.Perceived{}, fault.Mark(err, fault.Dependency)
}

// hear has an audio written down.
func (s *Senses) hear(ctx context.Context, file conversation.File, f format, p conversation.Perceived) (conversation.Perceived, error) {
	sound := measure(f, file.Data)
	p.Length = sound.length
	switch {
	case sound.length > MaxAudioLength:
		p.Outcome, p.Note = conversation.TooLarge, "length"
		return p, nil
	case sound.measured && sound.spoken < leastSpeech:
		p.Outcome, p.Note = conversation.Silence, "no_sound"
		return p, nil
	}
	began := s.Now()
	heard, err := s.Transcriber.Transcribe(ctx, file)
	p.Took = max(0, s.Now().Sub(began))
	switch {
	case fault.Is(err, fault.Unreadable):
		p.Outcome, p.Note = conversation.WrongKind, "unreadable"
		return p, nil
	case fault.Is(err, fault.Throttled):
		return conversation.Perceived{}, err
	case err != nil:
		// Also where our own configuration is wrong: an operator sees the error come
		// back, and once it is healed the lead is answered.
		return conversation.Perceived{}, fault.Mark(err, fault.Dependency)
	}
	if p.Length == 0 {
		p.Length = heard.Length
	}
	p.Confidence, p.Model, p.CostMicroUSD = heard.Confidence, heard.Model, heard.CostMicroUSD
	outcome, why := s.phantoms.believe(heard, p.Length)
	p.Outcome = outcome
	if why != "" {
		p.Note = why
	}
	if outcome == conversation.Understood {
		p.Text = heard.Text
	}
	return p, nil
}
