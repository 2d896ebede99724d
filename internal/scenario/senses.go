package scenario

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

// senses make of files what a scenario says. They are safe for concurrent use.
type senses struct {
	mu    sync.Mutex
	files map[string]Message // by the id of the file
}

var (
	errSensesIll = fault.Mark(errors.New("the senses are ill"), fault.Dependency)
	errNoFile    = fault.Mark(errors.New("no scenario sent this file"), fault.Broken)
)

// senses are those of a scenario; nil when it says of no file what is made of it.
func (s Scenario) senses(scripted *senses) turn.Senses {
	for _, step := range s.Steps {
		for _, m := range step.Lead {
			if m.Perceived != nil {
				return scripted
			}
		}
	}
	return nil
}

// expect gives the file of a message an id, to be perceived by.
func (p *senses) expect(m Message) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := "media-" + strconv.Itoa(len(p.files)+1)
	p.files[id] = m
	return id
}

// heardFor is how long every audio is.
const heardFor = 8 * time.Second

// Perceive says what the scenario says.
func (p *senses) Perceive(_ context.Context, m conversation.Inbound) (conversation.Perceived, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Media == nil || p.files[m.Media.ID].Perceived == nil {
		return conversation.Perceived{}, errNoFile
	}
	said := p.files[m.Media.ID].Perceived
	if said.Ill {
		return conversation.Perceived{}, fmt.Errorf("perceive: %w", errSensesIll)
	}
	content := []byte(m.Media.ID)
	sum := sha256.Sum256(content)
	got := conversation.Perceived{Outcome: said.Outcome, Text: pii.Text(said.Text), SHA256: hex.EncodeToString(sum[:])}
	switch {
	case m.Kind == conversation.KindAudio:
		got.Model, got.Length, got.CostMicroUSD = "scripted", heardFor, 800
	case got.Outcome == conversation.Understood:
		got.File = &conversation.File{MIME: m.Media.MIME, Name: m.Media.Filename, Data: content}
	}
	return got, nil
}
