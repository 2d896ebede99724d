package openaitest

import (
	"net/http"
	"strconv"
	"time"
)

// FaultKind is a way for the model's edge to go wrong.
type FaultKind string

// The kinds of faults. The first group are outages, the second are answers
// that no caller can use.
const (
	Status  FaultKind = "status"  // an HTTP error
	Stall   FaultKind = "stall"   // no answer until the caller leaves, Heal or Close
	Reset   FaultKind = "reset"   // the connection is cut before an answer
	CutOff  FaultKind = "cutoff"  // the connection is cut within the answer
	Foreign FaultKind = "foreign" // 200 with a page that is no completion
	Late    FaultKind = "late"    // the ordinary answer, after Delay

	Refusal     FaultKind = "refusal"
	Length      FaultKind = "length"
	Filter      FaultKind = "filter"
	Empty       FaultKind = "empty"
	WrongEnum   FaultKind = "wrong_enum"   // one enum value outside of its list
	InvalidJSON FaultKind = "invalid_json" // the first half of an answer
)

// Fault is one thing that goes wrong.
type Fault struct {
	Kind FaultKind
	// Status is the HTTP status of a [Status] fault; 0 means 500.
	Status int
	// Code is OpenAI's error code of a [Status] fault, such as
	// insufficient_quota.
	Code string
	// RetryAfter is sent with a [Status] fault when it is positive.
	RetryAfter time.Duration
	// Delay is how long a [Late] answer takes, on the server's clock; Heal ends
	// it at once.
	Delay time.Duration
	// Times is how many requests it meets; 0 means one, a negative number
	// every request until [Server.Heal].
	Times int
}

// answer writes what the fault looks like from outside. It reports false when
// the ordinary reply, spoilt, is what the caller must read.
func (f Fault) answer(w http.ResponseWriter, r *http.Request, healed, closed <-chan struct{}) bool {
	switch f.Kind {
	case Status:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		if f.RetryAfter > 0 {
			seconds := (f.RetryAfter + time.Second - 1) / time.Second
			w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
			w.Header().Set("Retry-After-Ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
		}
		refuse(w, status, f.Code, "The server had an error while processing your request.")
	case Stall:
		select {
		case <-r.Context().Done():
		case <-healed:
		case <-closed:
		}
		panic(http.ErrAbortHandler)
	case Reset:
		panic(http.ErrAbortHandler)
	case Foreign:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>gateway</body></html>"))
	default:
		return false
	}
	return true
}

// spoil turns an ordinary reply into what the fault makes of it.
func (f Fault) spoil(reply Reply, schema map[string]any) Reply {
	switch f.Kind {
	case Refusal:
		return Reply{Refusal: "I'm sorry, I can't assist with that request."}
	case Length:
		return Reply{Content: firstHalf(reply.Content), Finish: "length"}
	case Filter:
		return Reply{Content: firstHalf(reply.Content), Finish: "content_filter"}
	case Empty:
		return Reply{}
	case InvalidJSON:
		return Reply{Content: firstHalf(reply.Content)}
	case WrongEnum:
		return Reply{Content: outsideEnum(reply.Content, schema)}
	default:
		return reply
	}
}
