package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// maxTimes bounds how often one fault happens.
const maxTimes = 10_000

// faultRequest is a fault as a person asks for it.
type faultRequest struct {
	Point string `json:"point"`
	Kind  kind   `json:"kind"`
	// Status is the HTTP status of kind "status"; 0 is 500.
	Status int `json:"status"`
	// Code is Meta's error code at the graph and a gRPC code at the tasks.
	Code int `json:"code"`
	// Times is how many exchanges it meets, and how many copies of the next
	// webhook kind "duplicate" delivers. 0 is once, a negative number is until
	// the faults are taken back.
	Times int `json:"times"`
}

// breakable is a point of the street with the ways in which it breaks.
type breakable struct {
	name  string
	kinds map[kind]func(faultRequest)
	clear func()
	// without says why nothing can be broken here.
	without string
}

// points are the points at which faults can be asked for.
type points []breakable

// arm lets a fault happen. The error says what would have been possible.
func (p points) arm(r faultRequest) error {
	i := slices.IndexFunc(p, func(b breakable) bool { return b.name == r.Point })
	if i < 0 {
		return fmt.Errorf("point: is none of %s", strings.Join(p.names(), ", "))
	}
	point := p[i]
	if point.without != "" {
		return fmt.Errorf("point: %s cannot be broken: %s", point.name, point.without)
	}
	arm := point.kinds[r.Kind]
	if arm == nil {
		return fmt.Errorf("kind: %s breaks by %s", point.name, strings.Join(point.ways(), ", "))
	}
	switch {
	case r.Times > maxTimes:
		return fmt.Errorf("times: is more than %d; a negative number is until the faults are taken back", maxTimes)
	case r.Status != 0 && (r.Status < 400 || r.Status > 599):
		return fmt.Errorf("status: is not an HTTP status from 400 to 599")
	case r.Code < 0:
		return fmt.Errorf("code: is negative")
	}
	switch {
	case r.Times == 0:
		r.Times = 1
	case r.Times < 0:
		r.Times = forEver
	}
	if r.Status == 0 {
		r.Status = http.StatusInternalServerError
	}
	arm(r)
	return nil
}

// clear takes every fault back.
func (p points) clear() {
	for _, point := range p {
		if point.clear != nil {
			point.clear()
		}
	}
}

func (p points) names() []string {
	names := make([]string, len(p))
	for i, point := range p {
		names[i] = point.name
	}
	return names
}

func (b breakable) ways() []string {
	ways := make([]string, 0, len(b.kinds))
	for _, k := range slices.Sorted(maps.Keys(b.kinds)) {
		ways = append(ways, string(k))
	}
	return ways
}

func graphPoint(g *whatsapptest.Server) breakable {
	fail := func(k whatsapptest.FaultKind) func(faultRequest) {
		return func(r faultRequest) {
			g.Fail(whatsapptest.Fault{Kind: k, Times: r.Times, HTTPStatus: r.Status, Code: r.Code})
		}
	}
	return breakable{name: "graph", clear: g.ClearFaults, kinds: map[kind]func(faultRequest){
		failBefore: fail(whatsapptest.FailBefore), failAfter: fail(whatsapptest.FailAfter),
		hang: fail(whatsapptest.Hang), status: fail(whatsapptest.Refuse),
	}}
}

// mediaPoint is the download of what leads send.
func mediaPoint(g *whatsapptest.Server) breakable {
	fail := func(k whatsapptest.MediaFaultKind) func(faultRequest) {
		return func(r faultRequest) {
			f := whatsapptest.MediaFault{Kind: k, Times: r.Times}
			if k == whatsapptest.MediaBroken {
				f.HTTPStatus = r.Status
			}
			g.FailMedia(f)
		}
	}
	return breakable{name: "media", clear: g.ClearFaults, kinds: map[kind]func(faultRequest){
		failBefore: fail(whatsapptest.MediaExpired), failAfter: fail(whatsapptest.MediaCut),
		hang: fail(whatsapptest.MediaSlow), status: fail(whatsapptest.MediaBroken),
	}}
}

// transcriptionPoint is the part of the model that listens.
func transcriptionPoint(m *openaitest.Server) breakable {
	return modelBroken("transcription", m, m.FailTranscription)
}

func modelPoint(m *openaitest.Server) breakable { return modelBroken("model", m, m.Fail) }

func modelBroken(name string, m *openaitest.Server, arm func(openaitest.Fault)) breakable {
	fail := func(k openaitest.FaultKind) func(faultRequest) {
		return func(r faultRequest) { arm(openaitest.Fault{Kind: k, Times: r.Times, Status: r.Status}) }
	}
	return breakable{name: name, clear: m.Heal, kinds: map[kind]func(faultRequest){
		failBefore: fail(openaitest.Reset), failAfter: fail(openaitest.CutOff),
		hang: fail(openaitest.Stall), status: fail(openaitest.Status),
	}}
}

func tasksPoint(t *cloudtaskstest.Server) breakable {
	fail := func(k cloudtaskstest.FaultKind, code func(faultRequest) codes.Code) func(faultRequest) {
		return func(r faultRequest) { t.Inject(cloudtaskstest.Fault{Kind: k, Times: r.Times, Code: code(r)}) }
	}
	down := func(faultRequest) codes.Code { return codes.Unavailable }
	return breakable{name: "tasks", clear: t.ClearFaults, kinds: map[kind]func(faultRequest){
		failBefore: fail(cloudtaskstest.Refuse, down), failAfter: fail(cloudtaskstest.LoseReply, down),
		hang: fail(cloudtaskstest.Hang, down), status: fail(cloudtaskstest.Refuse, grpcCode),
		duplicate: fail(cloudtaskstest.DuplicateDispatch, down),
	}}
}

// fusePoint is a point whose faults are kept by a fuse.
func fusePoint(name string, f *fuse, kinds ...kind) breakable {
	b := breakable{name: name, clear: f.clear, kinds: map[kind]func(faultRequest){}}
	for _, k := range kinds {
		b.kinds[k] = func(r faultRequest) { f.arm(armed{kind: k, times: r.Times}) }
	}
	return b
}

// grpcCode is the code that was asked for, or the one that stands for the HTTP
// status (google/rpc/code.proto), of those that the service really answers.
func grpcCode(r faultRequest) codes.Code {
	if r.Code > 0 && r.Code <= int(codes.Unauthenticated) {
		return codes.Code(r.Code)
	}
	switch r.Status {
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	default:
		return codes.Internal
	}
}
