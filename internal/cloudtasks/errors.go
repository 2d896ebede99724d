package cloudtasks

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/fault"
)

// callError names the operation and the queue; what else may be said of the
// failure is decided by its cause.
type callError struct {
	op, queue string
	cause     error
}

func (e *callError) Error() string {
	return "cloudtasks: " + e.op + " in " + quoteID(e.queue) + ": " + e.cause.Error()
}

func (e *callError) Unwrap() error { return e.cause }

// quoteID keeps a queue id that is not one, and so could be anything, out of
// the error's text.
func quoteID(queue string) string {
	if !isID(queue, 100, false) {
		return "an invalid queue"
	}
	return `"` + queue + `"`
}

// refusal is an answer of the service. Its text is the code, and the service's
// own words only where they are about a resource or a permission: those checks
// come before the task is looked at, so they cannot quote what is in it.
type refusal struct {
	code codes.Code
	text string
}

func (r *refusal) Error() string {
	if r.text == "" {
		return r.code.String()
	}
	return r.code.String() + ": " + r.text
}

// marked turns an error of the generated client into one of ours. The original
// is not wrapped: its text may quote the request.
func marked(err error) error {
	if err == nil {
		return nil
	}
	code := codeOf(err)
	r := &refusal{code: code}
	switch code {
	case codes.NotFound, codes.PermissionDenied, codes.Unauthenticated, codes.FailedPrecondition:
		r.text = status.Convert(err).Message()
	}
	return fault.Mark(r, kindOf(code))
}

// codeOf is the gRPC code of an error of the generated client, which may have
// wrapped it.
func codeOf(err error) codes.Code {
	var s interface{ GRPCStatus() *status.Status }
	if errors.As(err, &s) {
		return s.GRPCStatus().Code()
	}
	return status.FromContextError(err).Code()
}

func kindOf(code codes.Code) fault.Kind {
	switch code {
	case codes.ResourceExhausted:
		return fault.Throttled
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return fault.Broken
	default:
		// Unauthenticated is here too: on the platform it means that the metadata
		// server did not hand out a token in time.
		return fault.Dependency
	}
}
