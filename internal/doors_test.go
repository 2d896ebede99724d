package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/pyloto/atende"
	// top is the module's folder as this test sees it.
	top = ".."
)

// A layer is what a room is to the others.
type layer string

const (
	public      layer = "public"      // a protocol of somebody else's, worth a stranger's use
	core        layer = "core"        // pure: no network, no disk, no clock
	application layer = "application" // pure too, over ports
	edge        layer = "edge"        // HTTP in
	adapter     layer = "adapter"     // one outside system each
	platform    layer = "platform"    // what every program needs
	assembly    layer = "assembly"    // knows everyone
	service     layer = "service"     // a main function over an assembly
	content     layer = "content"     // embedded files
	standIn     layer = "stand-in"    // takes an outside system's place in tests and on a laptop
	street      layer = "street"      // the developer's side of the house
	proof       layer = "proof"       // tests and benchmarks of whole programs, and nothing else
	tour        layer = "tour"        // documentation
)

// enters says into which layers a layer has doors at all. The table of rooms
// opens the single ones.
var enters = map[layer][]layer{
	public:      {public},
	core:        {core},
	application: {core, application},
	edge:        {core, application, platform, public},
	adapter:     {core, public, content},
	platform:    {core},
	assembly:    {public, core, application, edge, adapter, platform, assembly},
	service:     {assembly},
	content:     {},
	standIn:     {public, core, adapter, standIn, street},
	street:      {public, core, application, edge, adapter, platform, assembly, content, standIn, street},
	proof:       {},
	tour:        {},
}

// A room is a package, what it is for, and what it may import: other rooms of
// this module and, by the beginning of their path, third parties. A row whose
// room is gone fails, and so does a room without a row.
type room struct {
	sentence string
	layer    layer
	rooms    []string // beside pii and fault, which every room under internal may enter
	parties  []string // third parties of the program
	tests    []string // third parties of its tests alone, beside go-cmp
}

const (
	grpc     = "google.golang.org/grpc"
	protobuf = "google.golang.org/protobuf"
	options  = "google.golang.org/api/option"
	logging  = "google.golang.org/api/logging/v2"
	sync     = "golang.org/x/sync"
	text     = "golang.org/x/text"

	otel      = "go.opentelemetry.io"
	otelpb    = "go.opentelemetry.io/proto/otlp"
	zap       = "go.uber.org/zap"
	echo      = "github.com/labstack/echo/v4"
	oidc      = "github.com/coreos/go-oidc/v3"
	openai    = "github.com/openai/openai-go/v3"
	yaml      = "go.yaml.in/yaml/v3"
	redis     = "github.com/redis/go-redis/v9"
	miniredis = "github.com/alicebob/miniredis/v2"
	tasks     = "cloud.google.com/go/cloudtasks"
	taskspb   = "cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	gax       = "github.com/googleapis/gax-go/v2"
	firestore = "cloud.google.com/go/firestore/apiv1"
	ledgerpb  = "cloud.google.com/go/firestore/apiv1/firestorepb"
	admin     = "cloud.google.com/go/firestore/apiv1/admin"
	adminpb   = "cloud.google.com/go/firestore/apiv1/admin/adminpb"
	secrets   = "cloud.google.com/go/secretmanager/apiv1"
	secretspb = "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	idtoken   = "google.golang.org/api/idtoken"
	chromedp  = "github.com/chromedp"
	iterator  = "google.golang.org/api/iterator"
	buildpb   = "cloud.google.com/go/cloudbuild/apiv1/v2/cloudbuildpb"
)

var rooms = map[string]room{
	"pkg/whatsapp": {
		sentence: "Speaks Meta's WhatsApp Cloud API: verifies and decodes webhooks, builds and sends messages, names Meta's errors.",
		layer:    public,
	},
	"pkg/whatsapp/whatsapptest": {
		sentence: "A Graph API that lives in a process, and a pen that signs webhooks.",
		layer:    public,
		rooms:    []string{"pkg/whatsapp"},
	},

	"internal": {
		sentence: "The tour of the house, and the test of its doors.",
		layer:    tour,
	},

	"internal/pii": {
		sentence: "Names for what must not be printed: they hash for joins, seal for rest and redact themselves.",
		layer:    core,
	},
	"internal/fault": {
		sentence: "The kinds of failure, how to mark one and how to ask for it.",
		layer:    core,
	},
	"internal/conversation": {
		sentence: "What a conversation is: identity, states, session, contact card, the record of a turn.",
		layer:    core,
	},
	"internal/pledge": {
		sentence: "Reads what a Portuguese text promises, and what it says that will be done.",
		layer:    core,
		parties:  []string{text},
	},
	"internal/flow": {
		sentence: "The appointment form that a lead fills in inside WhatsApp: what each screen offers, what it accepts, and the token that says whose form it is.",
		layer:    core,
		rooms:    []string{"internal/conversation", "internal/when"},
	},
	"internal/otto": {
		sentence: "How Otto thinks: fixed replies, prompt, decision, guards, and asking a model through one small port.",
		layer:    core,
		rooms:    []string{"internal/conversation", "internal/claim", "internal/flow", "internal/pledge", "internal/when"},
		parties:  []string{text},
	},
	"internal/when": {
		sentence: "Reads days and hours in Brazilian Portuguese and says them.",
		layer:    core,
		parties:  []string{text},
	},
	"internal/claim": {
		sentence: "Reads what a Portuguese text claims — prices, quantities, percentages, days, hours, durations, contacts — and whether what is known supports it.",
		layer:    core,
		rooms:    []string{"internal/when"},
		parties:  []string{text},
	},
	"internal/envelope": {
		sentence: "The letter that ingress writes and worker reads: versioned, validated, sealed.",
		layer:    core,
	},

	"internal/turn": {
		sentence: "Inbound messages of one conversation become at most one answer.",
		layer:    application,
		rooms:    []string{"internal/conversation", "internal/otto", "internal/envelope", "internal/flow"},
	},

	"internal/operator": {
		sentence: "What a person may do about what waits for one: list, show, try again, give up, end, explain, decide again.",
		layer:    application,
		rooms:    []string{"internal/conversation", "internal/envelope", "internal/turn"},
	},

	"internal/turn/turntest": {
		sentence: "The promises of the queue and of Graph, as a turn sees them, as tests.",
		layer:    standIn,
		rooms:    []string{"internal/conversation", "internal/envelope"},
	},

	"internal/ingress": {
		sentence: "The front door: proves a webhook is Meta's, hands its parts to the queue, and only then says 200.",
		layer:    edge,
		rooms:    []string{"internal/envelope", "internal/conversation", "internal/flow", "internal/telemetry", "pkg/whatsapp"},
		parties:  []string{echo, sync},
	},
	"internal/worker": {
		sentence: "The back door: proves a task is ours, runs the turn, turns its fate into a status code.",
		layer:    edge,
		rooms:    []string{"internal/turn", "internal/envelope", "internal/conversation", "internal/telemetry"},
		parties:  []string{echo, oidc},
	},

	"internal/channel": {
		sentence: "Turns an answer into a WhatsApp message within Meta's limits, and Meta's refusals into faults.",
		layer:    adapter,
		rooms:    []string{"internal/conversation", "pkg/whatsapp"},
	},
	"internal/media": {
		sentence: "Makes something of the files that leads send: it fetches them, looks whether they are what they say, has speech written down and decides whether to believe it.",
		layer:    adapter,
		rooms:    []string{"internal/conversation", "pkg/whatsapp"},
		parties:  []string{text},
	},
	"internal/handoff": {
		sentence: "Tells the team what is theirs to know: that a lead waits for a person, that a meeting waits to be confirmed, what a lead writes meanwhile.",
		layer:    adapter,
		rooms:    []string{"internal/conversation", "pkg/whatsapp"},
	},
	"internal/cloudtasks": {
		sentence: "Puts work on Cloud Tasks under names that make repeats harmless.",
		layer:    adapter,
		rooms:    []string{"internal/envelope"},
		parties:  []string{tasks, gax, options, grpc, protobuf},
		tests:    []string{idtoken},
	},
	"internal/cloudtasks/cloudtaskstest": {
		sentence: "A Cloud Tasks that lives in a process: real protocol, real pushes, real tokens, faults on command.",
		layer:    standIn,
		parties:  []string{taskspb, grpc, protobuf},
		tests:    []string{tasks, options, idtoken, iterator, sync},
	},
	"internal/openai": {
		sentence: "Answers Otto's port with OpenAI.",
		layer:    adapter,
		rooms:    []string{"internal/conversation", "internal/otto"},
		parties:  []string{openai},
	},
	"internal/openai/openaitest": {
		sentence: "OpenAI's edge living in a process, with a model that needs no network.",
		layer:    standIn,
		parties:  []string{text},
	},
	"internal/pack": {
		sentence: "One business's knowledge, voice, replies and hours, read from YAML and checked whole.",
		layer:    adapter,
		rooms:    []string{"internal/conversation", "internal/otto", "internal/yamltext", "packs"},
		parties:  []string{yaml, text},
	},
	"internal/yamltext": {
		sentence: "Reads YAML that people write, strictly, and says of every fault in which file and line it is.",
		layer:    core,
		parties:  []string{yaml},
	},
	"packs": {
		sentence: "The businesses themselves, embedded.",
		layer:    content,
	},
	"internal/secrets": {
		sentence: "Resolves secret: references from Secret Manager, remembered and refreshed.",
		layer:    adapter,
		parties:  []string{secrets, options, grpc, sync},
	},
	"internal/secrets/secretstest": {
		sentence: "A Secret Manager that lives in a process.",
		layer:    standIn,
		parties:  []string{secretspb, options, grpc},
		tests:    []string{secrets},
	},
	"internal/store/redis": {
		sentence: "The hint: session cache, leases, mailboxes and dedupe marks in Redis.",
		layer:    adapter,
		rooms:    []string{"internal/conversation"},
		parties:  []string{redis},
		tests:    []string{miniredis},
	},
	"internal/store/firestore": {
		sentence: "The ledger: conversations, messages, turns and what follows from them in Firestore.",
		layer:    adapter,
		rooms:    []string{"internal/conversation"},
		parties:  []string{firestore, options, grpc, protobuf, sync},
	},
	"internal/store/firestore/firestoretest": {
		sentence: "A Firestore that lives in a process, as far as the ledger relies on it.",
		layer:    standIn,
		parties:  []string{ledgerpb, adminpb, grpc, protobuf},
	},
	"internal/store/firestoreadmin": {
		sentence: "Asks Firestore's administration which indexes and policies of expiry a database has.",
		layer:    adapter,
		parties:  []string{admin, iterator, options, grpc},
	},
	"internal/store/memory": {
		sentence: "The stores' promises in maps.",
		layer:    adapter,
		rooms:    []string{"internal/conversation"},
	},
	"internal/store/storetest": {
		sentence: "The stores' promises as tests, and the real servers to hold against them.",
		layer:    standIn,
		rooms:    []string{"internal/conversation"},
		parties:  []string{miniredis, "github.com/google/go-cmp"},
	},

	"internal/config": {
		sentence: "What each program must be told: read once, checked whole, printable safely.",
		layer:    platform,
	},
	"internal/telemetry": {
		sentence: "Logs in Cloud Logging's dialect, traces and metrics: one event per request and per turn.",
		layer:    platform,
		parties:  []string{otel, zap},
	},
	"internal/telemetry/collectortest": {
		sentence: "A collector of traces and metrics that lives in a process.",
		layer:    standIn,
		parties:  []string{otelpb, protobuf},
	},
	"internal/httpserver": {
		sentence: "echo with the same coat for both programs.",
		layer:    platform,
		parties:  []string{echo},
	},

	"internal/program": {
		sentence: "The life of a service: listen, make ready, serve, stop; and the parts that both services are made of.",
		layer:    assembly,
		rooms: []string{
			"internal/cloudtasks", "internal/config", "internal/conversation", "internal/httpserver", "internal/secrets",
			"internal/store/memory", "internal/store/redis", "internal/telemetry",
		},
		parties: []string{options},
	},
	"internal/ingressd": {
		sentence: "Assembles the ingress program.",
		layer:    assembly,
		rooms: []string{
			"internal/config", "internal/flow", "internal/httpserver", "internal/ingress", "internal/otto", "internal/pack",
			"internal/program", "internal/secrets", "pkg/whatsapp",
		},
	},
	"internal/workerd": {
		sentence: "Assembles the worker program.",
		layer:    assembly,
		rooms: []string{
			"internal/channel", "internal/config", "internal/conversation", "internal/envelope", "internal/handoff", "internal/httpserver", "internal/media", "internal/openai", "internal/otto",
			"internal/pack", "internal/program", "internal/secrets", "internal/store/firestore",
			"internal/store/memory", "internal/telemetry", "internal/turn", "internal/worker",
			"pkg/whatsapp",
		},
		parties: []string{options},
	},
	"internal/desk": {
		sentence: "Assembles what operators work with from the worker's settings.",
		layer:    assembly,
		rooms: []string{
			"internal/channel", "internal/config", "internal/openai", "internal/operator", "internal/otto", "internal/pack",
			"internal/program", "internal/secrets", "internal/store/firestore", "internal/turn",
		},
		parties: []string{options},
	},
	"internal/registrar": {
		sentence: "Registers the callback with Meta, and says what was registered before and after.",
		layer:    assembly,
		rooms:    []string{"internal/config", "internal/program", "internal/secrets", "pkg/whatsapp"},
		parties:  []string{options},
	},
	"internal/doctor": {
		sentence: "Looks at everything that the two services stand on, and says what is wrong and what to type.",
		layer:    assembly,
		rooms: []string{
			"internal/cloudtasks", "internal/config", "internal/conversation", "internal/openai", "internal/otto", "internal/pack", "internal/registrar",
			"internal/secrets", "internal/store/firestore", "internal/store/firestoreadmin", "internal/store/redis", "pkg/whatsapp",
		},
		parties: []string{options},
		tests:   []string{miniredis, taskspb, adminpb, grpc, protobuf},
	},
	"cmd/ingress": {
		sentence: "The program that takes Meta's webhooks in.",
		layer:    service,
		rooms:    []string{"internal/ingressd", "internal/program"},
	},
	"cmd/worker": {
		sentence: "The program that Cloud Tasks calls.",
		layer:    service,
		rooms:    []string{"internal/workerd", "internal/program"},
	},

	"internal/simulator/simulatortest": {
		sentence: "Starts streets for tests, each until its test ends.",
		layer:    standIn,
		rooms:    []string{"internal/simulator"},
	},
	"internal/simulator": {
		sentence: "The whole street on one machine: fake Meta, fake model, queue, both services, a page to talk to Otto.",
		layer:    street,
		parties:  []string{miniredis, taskspb, grpc, protobuf},
		tests:    []string{redis},
	},
	"internal/scenario": {
		sentence: "Plays written conversations against the real rooms and says what came out otherwise.",
		layer:    street,
		parties:  []string{yaml, text},
	},
	"internal/smoke": {
		sentence: "Tries a running pair of services from outside, as Meta comes to it, and reads in their log what became of that.",
		layer:    street,
		parties:  []string{logging, options},
	},
	"cmd/atende": {
		sentence: "The tool of the people who build and run Atende.",
		layer:    street,
		parties:  []string{options},
	},

	"internal/bench": {
		sentence: "What a message costs: benchmarks beside a floor that does the same work.",
		layer:    proof,
		tests:    []string{tasks, redis, firestore, grpc, protobuf, options},
	},
	"internal/browsertest": {
		sentence: "The page of the street in a real browser, used as a person uses it.",
		layer:    proof,
		tests:    []string{chromedp},
	},
	"internal/crashtest": {
		sentence: "The real programs killed: at every act of a turn, and at random under load.",
		layer:    proof,
	},
	"internal/deploytest": {
		sentence: "The scripts of a deployment and the build that calls them, run against a stand-in of Cloud Run and a real pair of services.",
		layer:    proof,
		tests:    []string{buildpb, yaml, protobuf},
	},
	"internal/imagetest": {
		sentence: "The images of both services, started as the platform starts them.",
		layer:    proof,
	},
	"internal/infratest": {
		sentence: "What infra/ says of the cloud, held against what the programs do.",
		layer:    proof,
		tests:    []string{ledgerpb, grpc, options},
	},
	"internal/simulation": {
		sentence: "The delivery protocol through seeded misfortune, a whole world to a seed.",
		layer:    proof,
		tests:    []string{echo},
	},
}

// everyone is open to every room under internal.
var everyone = []string{"internal/pii", "internal/fault"}

// pureStandard is what core and application may take from the standard
// library: nothing that reads a disk, a network, an environment or a log.
var pureStandard = []string{
	"bytes", "cmp", "compress/flate", "context", "crypto/aes", "crypto/cipher", "crypto/hmac", "crypto/rand",
	"crypto/sha256", "crypto/subtle", "embed", "encoding/base32", "encoding/base64", "encoding/hex", "encoding/json",
	"errors", "fmt", "hash", "html", "io", "iter", "maps", "math", "reflect", "regexp", "slices", "strconv", "strings",
	"sync", "sync/atomic", "text/template", "time", "unicode", "unicode/utf8",
}

func TestEveryRoomIsInTheTable(t *testing.T) {
	found := packages(t)
	for name, files := range found {
		if _, ok := rooms[name]; !ok {
			t.Errorf("%s is a room without a row: say in one sentence what it is for, and what it may import", name)
		}
		want := "Package "
		if files[0].syntax.Name.Name == "main" {
			want = "Command "
		}
		if !slices.ContainsFunc(files, func(f file) bool {
			return !f.test && strings.HasPrefix(f.syntax.Doc.Text(), want+path.Base(name)+" ")
		}) {
			t.Errorf("%s has no comment that begins with %q", name, want+path.Base(name))
		}
	}
	for name, r := range rooms {
		if _, ok := found[name]; !ok {
			t.Errorf("%s has a row and is no room", name)
		}
		if !strings.HasSuffix(r.sentence, ".") || strings.Count(r.sentence, ". ") > 0 {
			t.Errorf("%s: not one sentence: %q", name, r.sentence)
		}
	}
}

// The table itself obeys the layers, so that no row opens a door that the plan
// of the house has walled up.
func TestRowsObeyLayers(t *testing.T) {
	for name, r := range rooms {
		for _, other := range r.rooms {
			into, ok := rooms[other]
			if !ok {
				t.Errorf("%s may import %s, which is no room", name, other)
			} else if !slices.Contains(enters[r.layer], into.layer) {
				t.Errorf("%s (%s) may not have a door into %s (%s)", name, r.layer, other, into.layer)
			}
		}
		if pure(r.layer) && slices.ContainsFunc(r.parties, func(p string) bool { return p != text && p != yaml }) {
			t.Errorf("%s is pure and may import no third party but %s and %s", name, text, yaml)
		}
		if r.layer == public && len(r.parties) > 0 {
			t.Errorf("%s is public and may import the standard library only", name)
		}
	}
}

func TestDoors(t *testing.T) {
	for name, files := range packages(t) {
		r := rooms[name]
		for _, f := range files {
			for _, imported := range f.imports {
				if why := refusal(name, r, f, imported); why != "" {
					t.Errorf("%s imports %s: %s", f.path, imported, why)
				}
			}
		}
	}
}

// refusal says why a file of a room may not import a path, or nothing.
func refusal(name string, r room, f file, imported string) string {
	if inside, ok := strings.CutPrefix(imported, module+"/"); ok {
		switch {
		case inside == name:
			return ""
		case strings.HasPrefix(name, "pkg/") && !strings.HasPrefix(inside, "pkg/"):
			return "a public room stands without the house"
		case f.test && rooms[inside].layer != service:
			return ""
		case r.layer == street && rooms[inside].layer != service, slices.Contains(r.rooms, inside):
			return ""
		case strings.HasPrefix(name, "internal/") && slices.Contains(everyone, inside):
			return ""
		case rooms[inside].layer == standIn || strings.HasSuffix(inside, "test"):
			return "a stand-in is for tests, other stand-ins and the local street"
		}
		return "no door in the table"
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		switch {
		case f.test:
			return ""
		case imported == "testing" && r.layer != standIn:
			return "only stand-ins know that they are being tested"
		case pure(r.layer) && !slices.Contains(pureStandard, imported):
			return "this room is pure"
		case name == "pkg/whatsapp" && slices.Contains([]string{"os", "log", "log/slog"}, imported):
			return "a public room reads no environment and logs nothing"
		}
		return ""
	}
	allowed := r.parties
	if f.test {
		allowed = slices.Concat(allowed, r.tests, []string{"github.com/google/go-cmp"})
	}
	if slices.ContainsFunc(allowed, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") }) {
		return ""
	}
	return "this third party has another room, or none"
}

// Time is an argument of the pure rooms, and a public room starts nothing on
// its own.
func TestPureRoomsAskNoClock(t *testing.T) {
	for name, files := range packages(t) {
		for _, f := range files {
			if f.test {
				continue
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if pure(rooms[name].layer) && selects(n, "time", "Now", "Since", "Until") {
						t.Errorf("%s: time.%s in a room that is told the time", f.at(n), n.Sel.Name)
					}
				case *ast.GoStmt:
					if name == "pkg/whatsapp" {
						t.Errorf("%s: a goroutine in a room that starts none", f.at(n))
					}
				}
				return true
			})
		}
	}
}

// What a service links is what it can do. The ingress cannot ask a model or read
// the ledger, the worker takes no webhooks, and no stand-in is in either. The pack,
// and with it the rules that check one, is in the ingress for the hours that a Flow
// offers; nothing of it is read where Flows are off.
func TestServicesLinkOnlyWhatTheyNeed(t *testing.T) {
	standIns := []string{"testing", "net/http/httptest", miniredis, chromedp}
	for name, r := range rooms {
		if r.layer == standIn || r.layer == street || strings.HasSuffix(name, "test") {
			standIns = append(standIns, module+"/"+name)
		}
	}
	for program, strangers := range map[string][]string{
		"cmd/ingress": {
			"cloud.google.com/go/firestore", openai, oidc,
			module + "/internal/turn", module + "/internal/worker", module + "/internal/workerd",
			module + "/internal/openai", module + "/internal/channel", module + "/internal/store/firestore",
		},
		"cmd/worker": {module + "/internal/ingress", module + "/internal/ingressd"},
	} {
		command := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+program)
		command.Dir = top
		out, err := command.Output()
		if err != nil {
			t.Fatalf("go list -deps ./%s: %v", program, err)
		}
		linked := strings.Fields(string(out))
		if !slices.Contains(linked, module+"/"+program) {
			t.Fatalf("go list -deps ./%s does not list the program itself", program)
		}
		for _, dependency := range linked {
			for _, stranger := range slices.Concat(strangers, standIns) {
				if dependency == stranger || strings.HasPrefix(dependency, stranger+"/") {
					t.Errorf("%s links %s", program, dependency)
				}
			}
		}
	}
}

// A test that sleeps is slow or flaky, and one that skips is green for nothing.
func TestTestsNeitherSleepNorSkip(t *testing.T) {
	for _, files := range packages(t) {
		for _, f := range files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if f.test && selects(s, "time", "Sleep") {
					t.Errorf("%s: time.Sleep in a test: wait for a signal or use testing/synctest", f.at(s))
				}
				for _, handle := range []string{"t", "b", "f", "tb"} {
					if selects(s, handle, "Skip", "Skipf", "SkipNow") {
						t.Errorf("%s: a test that skips", f.at(s))
					}
				}
				return true
			})
		}
	}
}

// A business is a folder of packs. Code that knows one by name would have to
// change for the next.
func TestCodeKnowsNoBusiness(t *testing.T) {
	_, owner, _ := strings.Cut(path.Dir(module), "/")
	for name, files := range packages(t) {
		if rooms[name].layer == content {
			continue
		}
		for _, f := range files {
			if f.test {
				continue
			}
			source, err := os.ReadFile(filepath.Join(top, f.path))
			if err != nil {
				t.Fatal(err)
			}
			number := 0
			for line := range strings.Lines(string(source)) {
				number++
				if strings.Contains(strings.ToLower(strings.ReplaceAll(line, module, "")), owner) {
					t.Errorf("%s:%d names a business", f.path, number)
				}
			}
		}
	}
}

func pure(l layer) bool { return l == core || l == application }

// selects reports whether an expression is one of the names of a package or
// variable.
func selects(s *ast.SelectorExpr, of string, names ...string) bool {
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == of && slices.Contains(names, s.Sel.Name)
}

// A file is a Go file as these tests see it. Files for another system count
// too: they are only parsed.
type file struct {
	path    string // from the top of the module
	test    bool
	imports []string
	syntax  *ast.File
	set     *token.FileSet
}

func (f file) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(n.Pos()).Line)
}

// packages are all Go files of the module by folder.
func packages(t *testing.T) map[string][]file {
	t.Helper()
	found := make(map[string][]file)
	set := token.NewFileSet()
	err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if name != top && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			// A module inside this one is another house.
			if _, err := os.Stat(filepath.Join(name, "go.mod")); name != top && err == nil {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(relative), test: strings.HasSuffix(name, "_test.go"), syntax: syntax, set: set}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		found[path.Dir(f.path)] = append(found[path.Dir(f.path)], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no package among %v", slices.Collect(maps.Keys(rooms)))
	}
	return found
}
