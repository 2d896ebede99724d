package cloudtaskstest

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// FaultKind is a way to misbehave.
type FaultKind uint8

const (
	// Refuse answers a call with Code (Unavailable if zero) and does nothing.
	Refuse FaultKind = iota + 1
	// Hang does nothing and does not answer until the caller gives up.
	Hang
	// LoseReply does what the call asks for and then answers with Code, or, if
	// Code is zero, does not answer until the caller gives up.
	LoseReply
	// DuplicateDispatch pushes a task a second time, Delay after the first push
	// was sent and whatever came of it.
	DuplicateDispatch
	// ReorderDispatch pushes, instead of the task whose turn it is, the one
	// created last among those that are due. It waits for a moment when at least
	// two are due.
	ReorderDispatch
	// DelayDispatch holds a push back for Delay after its time has come.
	DelayDispatch
)

// Fault is misbehaviour to come.
type Fault struct {
	Kind FaultKind

	// Method is the RPC that Refuse, Hang and LoseReply apply to; empty means
	// "CreateTask".
	Method string

	// Queue is the id of the queue it applies to; empty means any.
	Queue string

	Code  codes.Code
	Delay time.Duration

	// Times is how often it happens; zero means once, negative until
	// [Server.ClearFaults].
	Times int
}

// Inject adds a fault. Of several that apply, the one injected first happens.
func (s *Server) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Method == "" {
		f.Method = "CreateTask"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Faults are the faults that have not happened yet, in the order in which they
// were injected. Times is how often; it is negative for those that last until
// ClearFaults.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// ClearFaults takes back all faults that have not happened yet. Calls that hang
// keep hanging.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault uses up one occurrence of the first fault of these kinds that
// applies. The caller holds the lock.
func (s *Server) takeFault(queue, method string, kinds ...FaultKind) (Fault, bool) {
	for i, f := range s.faults {
		if !slices.Contains(kinds, f.Kind) || f.Queue != "" && f.Queue != queue || method != "" && f.Method != method {
			continue
		}
		switch f.Times {
		case 1:
			s.faults = slices.Delete(s.faults, i, i+1)
		default:
			s.faults[i].Times = max(-1, f.Times-1)
		}
		return f, true
	}
	return Fault{}, false
}

// intercept lets faults happen to calls.
func (s *Server) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	s.mu.Lock()
	f, _ := s.takeFault(queueOf(req), lastSegment(info.FullMethod), Refuse, Hang, LoseReply)
	s.mu.Unlock()
	switch f.Kind {
	case Refuse:
		if f.Code == codes.OK {
			f.Code = codes.Unavailable
		}
		return nil, status.Error(f.Code, "refused by an injected fault")
	case Hang:
		return nil, s.silence(ctx)
	case LoseReply:
		if _, err := handle(ctx, req); err != nil {
			return nil, err
		}
		if f.Code == codes.OK {
			return nil, s.silence(ctx)
		}
		return nil, status.Error(f.Code, "reply lost by an injected fault")
	default:
		return handle(ctx, req)
	}
}

// silence lasts until the caller gives up or the server closes.
func (s *Server) silence(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	case <-s.life.Done():
		return status.Error(codes.Unavailable, "server is closing")
	}
}

// queueOf is the id of the queue a request is about, or empty.
func queueOf(req any) string {
	var name string
	switch r := req.(type) {
	case interface{ GetParent() string }:
		name = r.GetParent()
	case interface{ GetName() string }:
		name = r.GetName()
	}
	_, rest, _ := strings.Cut(name, "/queues/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}
