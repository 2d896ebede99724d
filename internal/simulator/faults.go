package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// maxTimes bounds how often one fault happens.
	maxTimes = 10_000
	// usualDelay is by how much something is late when nobody says.
	usualDelay = 10 * time.Second
	// undeliverable is Meta's code of a message that does not reach the phone.
	undeliverable = 131026
)

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
	// Delay is by how much kind "late" is late, on the street's clock; empty is
	// usualDelay.
	Delay string `json:"delay"`

	delay time.Duration // as it was read
}

// breakable is a point of the street with the ways in which it breaks.
type breakable struct {
	name  string
	kinds map[kind]func(faultRequest)
	// armed are the faults that are still to happen, in their order.
	armed func() []armedFault
	clear func()
	// without says why nothing can be broken here.
	without string
}

// armedFault is a fault that is still to happen, as a person is told of it.
type armedFault struct {
	Point string `json:"point"`
	Kind  kind   `json:"kind"`
	// Left is how often it still happens; forEver is until it is taken back.
	Left   int    `json:"left"`
	Status int    `json:"status,omitempty"`
	Code   int    `json:"code,omitempty"`
	Delay  string `json:"delay,omitempty"`
}

// breaking is what can be broken at a point.
type breaking struct {
	Point   string `json:"point"`
	Kinds   []kind `json:"kinds"`
	Without string `json:"without,omitempty"`
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
	if err := r.readDelay(); err != nil {
		return err
	}
	arm(r)
	return nil
}

func (r *faultRequest) readDelay() error {
	if r.Kind != late {
		if r.Delay != "" {
			return fmt.Errorf("delay: is for kind %s alone", late)
		}
		return nil
	}
	if r.Delay == "" {
		r.delay = usualDelay
		return nil
	}
	var err error
	if r.delay, err = time.ParseDuration(r.Delay); err != nil || r.delay <= 0 || r.delay > maxAdvance {
		return fmt.Errorf("delay: is not a duration such as 30s, of %s at most", maxAdvance)
	}
	return nil
}

// armed are the faults that are still to happen, point after point.
func (p points) armed() []armedFault {
	faults := []armedFault{}
	for _, point := range p {
		if point.armed == nil {
			continue
		}
		for _, f := range point.armed() {
			f.Point = point.name
			f.Left = max(f.Left, forEver)
			faults = append(faults, f)
		}
	}
	return faults
}

// breakings are what can be broken at each point.
func (p points) breakings() []breaking {
	all := make([]breaking, len(p))
	for i, b := range p {
		all[i] = breaking{Point: b.name, Kinds: append([]kind{}, slices.Sorted(maps.Keys(b.kinds))...), Without: b.without}
	}
	return all
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

// words are a stand-in's own names of the ways to break.
type words[K comparable] map[kind]K

// kind is the way that a stand-in calls k.
func (w words[K]) kind(k K) kind {
	for kind, word := range w {
		if word == k {
			return kind
		}
	}
	return ""
}

// kinds are the ways to break, each armed with the stand-in's word for it.
func (w words[K]) kinds(arm func(K, faultRequest)) map[kind]func(faultRequest) {
	kinds := make(map[kind]func(faultRequest), len(w))
	for k, word := range w {
		kinds[k] = func(r faultRequest) { arm(word, r) }
	}
	return kinds
}

func graphPoint(g *whatsapptest.Server) breakable {
	words := words[whatsapptest.FaultKind]{
		failBefore: whatsapptest.FailBefore, failAfter: whatsapptest.FailAfter, hang: whatsapptest.Hang, status: whatsapptest.Refuse,
		failLater: whatsapptest.FailLater,
	}
	return breakable{
		name: "graph", clear: g.ClearFaults,
		kinds: words.kinds(func(k whatsapptest.FaultKind, r faultRequest) {
			if k == whatsapptest.FailLater && r.Code == 0 {
				r.Code = undeliverable
			}
			g.Fail(whatsapptest.Fault{Kind: k, Times: r.Times, HTTPStatus: r.Status, Code: r.Code})
		}),
		armed: func() (faults []armedFault) {
			for _, f := range g.Faults() {
				a := armedFault{Kind: words.kind(f.Kind), Left: f.Times}
				switch a.Kind {
				case status:
					a.Status, a.Code = f.HTTPStatus, f.Code
				case failLater:
					a.Code = f.Code
				}
				faults = append(faults, a)
			}
			return faults
		},
	}
}

// mediaPoint is the download of what leads send.
func mediaPoint(g *whatsapptest.Server) breakable {
	words := words[whatsapptest.MediaFaultKind]{
		failBefore: whatsapptest.MediaExpired, failAfter: whatsapptest.MediaCut,
		hang: whatsapptest.MediaSlow, status: whatsapptest.MediaBroken,
	}
	return breakable{
		name: "media", clear: g.ClearFaults,
		kinds: words.kinds(func(k whatsapptest.MediaFaultKind, r faultRequest) {
			f := whatsapptest.MediaFault{Kind: k, Times: r.Times}
			if k == whatsapptest.MediaBroken {
				f.HTTPStatus = r.Status
			}
			g.FailMedia(f)
		}),
		armed: func() (faults []armedFault) {
			for _, f := range g.MediaFaults() {
				faults = append(faults, armedFault{Kind: words.kind(f.Kind), Left: f.Times, Status: f.HTTPStatus})
			}
			return faults
		},
	}
}

// transcriptionPoint is the part of the model that listens.
func transcriptionPoint(m *openaitest.Server) breakable {
	return modelBroken("transcription", m, outages(), m.FailTranscription, m.TranscriptionFaults)
}

func modelPoint(m *openaitest.Server) breakable {
	words := outages()
	words[late], words[refusal] = openaitest.Late, openaitest.Refusal
	return modelBroken("model", m, words, m.Fail, m.Faults)
}

// outages are what everything of the model's edge can have.
func outages() words[openaitest.FaultKind] {
	return words[openaitest.FaultKind]{
		failBefore: openaitest.Reset, failAfter: openaitest.CutOff, hang: openaitest.Stall, status: openaitest.Status,
	}
}

func modelBroken(
	name string, m *openaitest.Server, words words[openaitest.FaultKind], arm func(openaitest.Fault), left func() []openaitest.Fault,
) breakable {
	return breakable{
		name: name, clear: m.Heal,
		kinds: words.kinds(func(k openaitest.FaultKind, r faultRequest) {
			arm(openaitest.Fault{Kind: k, Times: r.Times, Status: r.Status, Delay: r.delay})
		}),
		armed: func() (faults []armedFault) {
			for _, f := range left() {
				a := armedFault{Kind: words.kind(f.Kind), Left: f.Times, Delay: spoken(f.Delay)}
				if a.Kind == status {
					a.Status = f.Status
				}
				faults = append(faults, a)
			}
			return faults
		},
	}
}

func tasksPoint(t *cloudtaskstest.Server) breakable {
	fail := func(k cloudtaskstest.FaultKind, code func(faultRequest) codes.Code) func(faultRequest) {
		return func(r faultRequest) { t.Inject(cloudtaskstest.Fault{Kind: k, Times: r.Times, Code: code(r)}) }
	}
	down := func(faultRequest) codes.Code { return codes.Unavailable }
	// The same to the caller; that none was asked for tells the two apart.
	unsaid := func(faultRequest) codes.Code { return codes.OK }
	return breakable{
		name: "tasks", clear: t.ClearFaults,
		kinds: map[kind]func(faultRequest){
			failBefore: fail(cloudtaskstest.Refuse, unsaid), failAfter: fail(cloudtaskstest.LoseReply, down),
			hang: fail(cloudtaskstest.Hang, down), status: fail(cloudtaskstest.Refuse, grpcCode),
			duplicate: fail(cloudtaskstest.DuplicateDispatch, down),
		},
		armed: func() (faults []armedFault) {
			words := words[cloudtaskstest.FaultKind]{
				failBefore: cloudtaskstest.Refuse, failAfter: cloudtaskstest.LoseReply,
				hang: cloudtaskstest.Hang, duplicate: cloudtaskstest.DuplicateDispatch,
			}
			for _, f := range t.Faults() {
				a := armedFault{Kind: words.kind(f.Kind), Left: f.Times}
				if f.Kind == cloudtaskstest.Refuse && f.Code != codes.OK {
					a.Kind, a.Code = status, int(f.Code)
				}
				faults = append(faults, a)
			}
			return faults
		},
	}
}

// fusePoint is a point whose faults are kept by a fuse.
func fusePoint(name string, f *fuse, kinds ...kind) breakable {
	b := breakable{name: name, clear: f.clear, kinds: map[kind]func(faultRequest){}}
	for _, k := range kinds {
		b.kinds[k] = func(r faultRequest) { f.arm(armed{kind: k, times: r.Times, delay: r.delay}) }
	}
	b.armed = func() (faults []armedFault) {
		for _, a := range f.left() {
			faults = append(faults, armedFault{Kind: a.kind, Left: a.times, Delay: spoken(a.delay)})
		}
		return faults
	}
	return b
}

// spoken is a delay as it is asked for; empty is none.
func spoken(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
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
