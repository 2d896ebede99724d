package whatsapptest

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// posters is how many webhooks are on their way at once.
const posters = 8

// maxRetryDelay bounds the doubling.
const maxRetryDelay = time.Minute

// Never is the delay of a status that does not come.
const Never time.Duration = -1

// StatusPlan says which statuses each message gets from now on, and how long
// after its acceptance. The zero value reports all three at once, without
// delay.
type StatusPlan struct {
	// Off reports nothing.
	Off bool
	// Sent, Delivered and Read are delays since acceptance, or Never.
	Sent, Delivered, Read time.Duration
	// Copies is how often each webhook is posted; zero means once.
	Copies int
	// Batch is how many statuses may share a webhook; zero means one.
	Batch int
}

// SetStatuses changes the plan for messages to come.
func (s *Server) SetStatuses(p StatusPlan) { s.update(func() { s.plan = p }) }

// SetWebhook changes where statuses go, those on their way included. Empty means
// nowhere.
func (s *Server) SetWebhook(url string) { s.update(func() { s.webhook = url }) }

// outgoing is one status on its way.
type outgoing struct {
	message SentMessage
	at      time.Time
	state   whatsapp.State
	code    int
	plan    StatusPlan
}

type step struct {
	delay time.Duration
	state whatsapp.State
}

// promise starts the statuses of a message. It is called under the lock.
func (s *Server) promise(m SentMessage, f Fault) {
	plan := s.plan
	if plan.Off || s.webhook == "" || s.ctx.Err() != nil {
		return
	}
	steps := []step{
		{plan.Sent, whatsapp.StateSent}, {plan.Delivered, whatsapp.StateDelivered}, {plan.Read, whatsapp.StateRead},
	}
	if f.Kind == FailLater {
		steps = []step{{max(plan.Sent, 0), whatsapp.StateFailed}}
	}
	if m.Type == "reaction" { // nobody is told that a reaction was read
		steps = slices.DeleteFunc(steps, func(s step) bool {
			return s.state == whatsapp.StateDelivered || s.state == whatsapp.StateRead
		})
	}
	steps = slices.DeleteFunc(steps, func(s step) bool { return s.delay < 0 })
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.delay, b.delay) })
	if s.pending+len(steps) > 3*s.options.Keep {
		s.counts.StatusesLost += len(steps)
		return
	}
	s.pending += len(steps)
	s.work.Go(func() {
		var passed time.Duration
		for _, step := range steps {
			if wait := step.delay - passed; wait > 0 && !s.pause(s.ctx, wait) {
				return
			}
			passed = step.delay
			due := outgoing{message: m, at: s.options.Now(), state: step.state, code: f.Code, plan: plan}
			select {
			case s.outbox <- due:
			case <-s.ctx.Done():
				return
			}
		}
	})
}

// post takes statuses from the outbox, together with those that wait behind
// them as far as the plan allows, and posts them.
func (s *Server) post() {
	for {
		var batch []outgoing
		select {
		case first := <-s.outbox:
			batch = append(batch, first)
		case <-s.ctx.Done():
			return
		}
	more:
		for len(batch) < batch[0].plan.Batch {
			select {
			case next := <-s.outbox:
				batch = append(batch, next)
			default:
				break more
			}
		}
		bodies := make([][]byte, len(batch))
		for i, o := range batch {
			pen := Pen{
				PhoneNumberID: o.message.PhoneNumberID, DisplayPhoneNumber: s.options.DisplayPhoneNumber,
				AccountID: s.options.AccountID, Now: func() time.Time { return o.at },
			}
			bodies[i] = pen.Status(o.message.Person(), o.message.ID, o.state, o.message.Opaque, o.code)
		}
		body := bodies[0]
		if len(bodies) > 1 {
			body = Batch(bodies...)
		}
		for range max(batch[0].plan.Copies, 1) - 1 {
			s.postOnce(body) // a copy too many is not missed when it fails
		}
		if s.postOnce(body) {
			s.settle(len(batch), true)
			continue
		}
		s.work.Go(func() { s.retry(body, len(batch)) })
	}
}

// retry posts a webhook until it is taken, as Meta does, though not for days.
func (s *Server) retry(body []byte, statuses int) {
	delay := s.options.RetryDelay
	for range s.options.Attempts - 1 {
		if !s.pause(s.ctx, delay) {
			return
		}
		if s.postOnce(body) {
			s.settle(statuses, true)
			return
		}
		delay = min(2*delay, maxRetryDelay)
	}
	s.settle(statuses, false)
}

func (s *Server) postOnce(body []byte) bool {
	s.mu.Lock()
	url := s.webhook
	s.mu.Unlock()
	if url == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	pen := Pen{AppSecret: s.options.AppSecret}
	status, _, err := pen.Post(ctx, s.options.WebhookClient, url, body)
	return err == nil && status == http.StatusOK
}

func (s *Server) settle(statuses int, taken bool) {
	s.update(func() {
		s.pending -= statuses
		if taken {
			s.counts.Statuses += statuses
		} else {
			s.counts.StatusesLost += statuses
		}
	})
}
