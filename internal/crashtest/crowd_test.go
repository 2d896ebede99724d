package crashtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// webhook is one POST of Meta's that is repeated until it is taken, and what
// it holds.
type webhook struct {
	body     []byte
	messages []conversation.MessageID
	kept     []string // ids under which its unreadable elements are to be kept
	answered atomic.Bool
}

// crowd are the people who write, and the part of Meta that delivers what they
// write.
type crowd struct {
	storm   *storm
	people  int
	url     string
	client  *http.Client
	posting sync.WaitGroup
	posts   atomic.Int64 // requests, those that were not taken included
	copies  atomic.Int64 // deliveries of what had been or was being delivered

	mu   sync.Mutex
	said []*webhook
}

// Of the people: how many they are in a long storm and in a short one, and how
// long each is silent on average. A person's silence ends in more than one
// message.
const (
	manyPeople, fewPeople = 300, 150
	silence               = 8 * time.Second
)

// person is the number of the n-th of the people. No such numbers are given
// out: there is no area of that code.
func person(n int) string { return fmt.Sprintf("5500%09d", n) }

// Names and words of the people. The first words get fixed replies, questions
// go to the model, fragments make one thought together.
var (
	names     = []string{"Iara", "Davi", "Caio", "Rosa", ""}
	greetings = []string{"oi", "bom dia", "tudo bem", "/menu", "Como funciona a Automação?", "/automacao", "olá"}
	questions = []string{
		"preciso que o atendimento fale com o meu ERP, como funciona?",
		"quanto tempo leva para ficar pronto um assistente no WhatsApp?",
		"vocês cuidam dos anúncios de uma loja pequena?",
	}
	fragments = []string{"oi", "queria saber", "do chatbot", "para a loja", "e o preço", "pode ser hoje?"}
)

// aPerson is what has the team told.
const aPerson = "quero falar com uma pessoa"

// write has everybody write until ctx is done, and returns when everything has
// been taken.
func (c *crowd) write(ctx context.Context) {
	var people sync.WaitGroup
	for n := range c.people {
		people.Go(func() { c.live(ctx, n) })
	}
	people.Wait()
}

// live is the life of one person.
func (c *crowd) live(ctx context.Context, n int) {
	r := c.storm.chance("person", uint64(n))
	for pause(ctx, within(r, 2*silence)) && c.storm.allowed(ctx) {
		c.speak(ctx, r, n)
	}
}

// speak is one thing that a person does, and what Meta makes of it.
func (c *crowd) speak(ctx context.Context, r *rand.Rand, n int) {
	pen := c.storm.pen
	from, name := person(n), names[n%len(names)]
	if r.IntN(60) == 0 { // Otto is silent with them from then on.
		c.deliver(ctx, r, pen.Text(from, name, aPerson))
		return
	}
	switch draw := r.IntN(100); {
	case draw < 40:
		c.deliver(ctx, r, pen.Text(from, name, pick(r, greetings)))
	case draw < 52:
		c.deliver(ctx, r, pen.Text(from, name, pick(r, questions)))
	case draw < 72: // a burst, whose webhooks may overtake each other
		bodies := c.thought(r, from, name)
		if r.IntN(3) == 0 {
			slices.Reverse(bodies)
		}
		for _, body := range bodies {
			c.deliver(ctx, r, body)
			if !pause(ctx, within(r, 300*time.Millisecond)) {
				return
			}
		}
	case draw < 84: // several people in one webhook, and perhaps a neighbour that cannot be read
		var bodies [][]byte
		for i := range 2 + r.IntN(5) {
			neighbour := (n + i*i) % c.people
			bodies = append(bodies, pen.Text(person(neighbour), names[neighbour%len(names)], pick(r, greetings)))
		}
		if r.IntN(3) == 0 {
			bodies = append(bodies, pen.Message(from, name, map[string]any{"id": nil, "nonce": r.Uint64()}))
		}
		r.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		c.deliver(ctx, r, whatsapptest.Batch(bodies...))
	case draw < 88: // one thought of one person in one webhook
		c.deliver(ctx, r, whatsapptest.Batch(c.thought(r, from, name)...))
	case draw < 92:
		c.deliver(ctx, r, pen.Media(from, name, whatsapp.TypeSticker, whatsapp.Media{ID: "1", MIMEType: "image/webp", SHA256: "0"}))
	case draw < 95:
		c.deliver(ctx, r, pen.Reaction(from, name, whatsapptest.MessageID(from), "👍"))
	case draw < 97:
		c.deliver(ctx, r, pen.Message(from, name, map[string]any{"type": "hologram"}))
	default:
		c.deliver(ctx, r, fmt.Appendf(nil, "nothing that could be read, number %d", r.Uint64()))
	}
}

// thought is one thought in several messages, in the order in which they were
// written.
func (c *crowd) thought(r *rand.Rand, from, name string) [][]byte {
	pen := c.storm.pen
	var bodies [][]byte
	parts := 2 + r.IntN(3)
	for i := range parts {
		written := time.Now().Add(time.Duration(i-parts) * time.Second)
		pen.Now = func() time.Time { return written }
		bodies = append(bodies, pen.Text(from, name, fragments[i]))
	}
	return bodies
}

func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

// deliver posts a webhook as Meta does: until it is taken; sometimes twice at
// once, sometimes again when it was taken long ago.
func (c *crowd) deliver(ctx context.Context, r *rand.Rand, body []byte) *webhook {
	w := &webhook{body: body}
	delivery, err := whatsapp.Decode(body)
	if err != nil {
		w.keep(c.storm.scene, body)
	}
	for _, e := range delivery.Elements {
		if e.Message != nil {
			w.messages = append(w.messages, c.storm.messageID(e.Message.ID))
		} else {
			w.keep(c.storm.scene, e.Raw)
		}
	}
	c.mu.Lock()
	c.said = append(c.said, w)
	c.mu.Unlock()
	c.posting.Go(func() { c.post(w) })
	if r.IntN(8) == 0 {
		c.copies.Add(1)
		c.posting.Go(func() { c.post(w) })
	}
	if r.IntN(8) == 0 {
		c.copies.Add(1)
		later := within(r, 12*time.Second)
		c.posting.Go(func() {
			_ = pause(ctx, later) // When the storm is over it comes at once.
			c.post(w)
		})
	}
	return w
}

// keep notes the id under which an element that cannot be read is kept.
func (w *webhook) keep(s *scene, raw []byte) {
	sum := sha256.Sum256(raw)
	w.kept = append(w.kept, s.key.Event("quarantine", hex.EncodeToString(sum[:])))
}

// post repeats a webhook with growing pauses until it is answered with 200.
func (c *crowd) post(w *webhook) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		c.posts.Add(1)
		status, _, err := c.storm.pen.Post(c.storm.life, c.client, c.url, w.body)
		if err == nil && status == http.StatusOK {
			w.answered.Store(true)
			return
		}
		if !pause(c.storm.life, wait) {
			return
		}
	}
}

// pause waits, unless ctx is done first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
