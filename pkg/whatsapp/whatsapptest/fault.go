package whatsapptest

import (
	"net/http"
	"slices"
	"time"
)

// FaultKind is a way to break.
type FaultKind string

// The ways to break.
const (
	// FailBefore drops the connection; nothing is accepted.
	FailBefore FaultKind = "fail_before"
	// FailAfter accepts the request and drops the connection without an answer.
	FailAfter FaultKind = "fail_after"
	// Hang accepts nothing and answers nothing until the client gives up. With a
	// Duration it then goes on as if nothing had been: a slow answer.
	Hang FaultKind = "hang"
	// HangAfter accepts the request and then does as Hang.
	HangAfter FaultKind = "hang_after"
	// Refuse answers with HTTPStatus and Code.
	Refuse FaultKind = "status"
	// FailLater accepts the message and reports later that it failed, with Code.
	FailLater FaultKind = "fail_later"
)

// Fault is a failure on command.
type Fault struct {
	Kind FaultKind
	// Times is how many requests it meets: zero means one, a negative number all
	// until ClearFaults.
	Times int
	// Match chooses the messages it meets; nil means all.
	Match func(SentMessage) bool
	// Reads makes it meet requests that mark as read, and no messages.
	Reads bool
	// HTTPStatus, Code, Transient and RetryAfter are the answer of Refuse. An
	// HTTPStatus of zero means 500. With a Code of zero the answer has no JSON,
	// as from a proxy.
	HTTPStatus int
	Code       int
	Transient  bool
	RetryAfter time.Duration
	// Duration bounds Hang and HangAfter; zero means for ever.
	Duration time.Duration
}

// Fail arranges a fault. Faults are met in the order they were arranged.
func (s *Server) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	if f.HTTPStatus == 0 {
		f.HTTPStatus = http.StatusInternalServerError
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Faults are the faults of messages and reads that are still to come, in the order
// in which they are met. Times is how often; it is negative for those that last
// until ClearFaults.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := make([]Fault, len(s.faults))
	for i, f := range s.faults {
		faults[i] = *f
	}
	return faults
}

// ClearFaults forgets the faults that are still to come. Requests that hang
// already go on hanging.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.media.faults = nil, nil
}

// fault takes the first fault that m meets, or returns the zero Fault.
func (s *Server) fault(m SentMessage, read bool) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Reads != read || f.Match != nil && !f.Match(m) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return *f
	}
	return Fault{}
}
