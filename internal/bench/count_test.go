package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/pyloto/atende/internal/simulator/simulatortest"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the tables of docs/cost.md and docs/scaling.md anew")

// talk is the conversation that docs/cost.md reckons with: a greeting, four
// questions that take a model, and the wish for a person.
var talk = []string{
	"oi",
	"quero automatizar o atendimento da minha loja no WhatsApp",
	"quanto custa para começar?",
	"e vocês integram com o CRM que eu já uso?",
	"meu nome é Iara, sou da Flor de Lis, e preciso disso para o mês que vem",
	"quero falar com uma pessoa",
}

// tally is what somebody is paid for, by what it is called in docs/cost.md.
type tally map[string]float64

// The names in a tally.
const (
	webhooks    = "webhooks"
	tasks       = "tasks"
	commands    = "Redis commands"
	reads       = "documents read"
	writes      = "documents written"
	documents   = "documents that expire"
	stored      = "KiB of documents"
	answers     = "answers sent"
	asked       = "answers of the model"
	prompt      = "prompt tokens"
	cached      = "of them cached"
	completion  = "completion tokens"
	ingressLogs = "KiB of log, ingress"
	workerLogs  = "KiB of log, worker"
)

func (t tally) add(other tally, times float64) {
	for name, n := range other {
		t[name] += n * times
	}
}

// ledger counts what Firestore is paid for by the document.
type ledger struct {
	*firestoretest.Server
	reads, writes atomic.Int64
}

// openLedger starts one that ends with the test.
func openLedger(tb testing.TB) (l *ledger, host string) {
	tb.Helper()
	l = &ledger{Server: firestoretest.New(tb)}
	listener, err := listen(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	server := grpc.NewServer()
	firestorepb.RegisterFirestoreServer(server, l)
	go func() { _ = server.Serve(listener) }() // Ends with Stop.
	tb.Cleanup(server.Stop)
	return l, listener.Addr().String()
}

// BatchGetDocuments counts each document, also one that is not there: it is paid
// for, too.
func (l *ledger) BatchGetDocuments(r *firestorepb.BatchGetDocumentsRequest, stream firestorepb.Firestore_BatchGetDocumentsServer) error {
	l.reads.Add(int64(len(r.GetDocuments())))
	return l.Server.BatchGetDocuments(r, stream)
}

// Commit counts each document.
func (l *ledger) Commit(ctx context.Context, r *firestorepb.CommitRequest) (*firestorepb.CommitResponse, error) {
	l.writes.Add(int64(len(r.GetWrites())))
	return l.Server.Commit(ctx, r)
}

// RunQuery counts one: the least that a query costs.
func (l *ledger) RunQuery(r *firestorepb.RunQueryRequest, stream firestorepb.Firestore_RunQueryServer) error {
	l.reads.Add(1)
	return l.Server.RunQuery(r, stream)
}

// kept is how many documents there are that expire, and their size.
func (l *ledger) kept() (n, size float64) {
	for _, doc := range l.Documents() {
		if _, expires := doc.GetFields()["expires_at"]; expires {
			n++
		}
		size += float64(proto.Size(doc))
	}
	return n, size
}

// openCounter stands between a client and a Redis, and counts the commands that
// are sent. What sets a connection up is not counted.
func openCounter(tb testing.TB, redisURL string) (address string, sent *atomic.Int64) {
	tb.Helper()
	target, err := url.Parse(redisURL)
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := listen(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	host := target.Host
	sent = &atomic.Int64{}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { relay(tb.Context(), client, host, sent) })
		}
	})
	tb.Cleanup(func() { _ = listener.Close() })
	target.Host = listener.Addr().String()
	return target.String(), sent
}

// relay passes on what both sides say until one of them ends.
func relay(ctx context.Context, client net.Conn, host string, sent *atomic.Int64) {
	server, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	_ = count(io.TeeReader(client, server), sent)
	_ = server.Close()
}

// count reads commands of Redis's protocol: arrays of strings with their lengths.
func count(from io.Reader, sent *atomic.Int64) error {
	in := bufio.NewReader(from)
	length := func(mark string) (int, error) {
		line, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), mark)
		if !ok {
			return 0, errors.New("no command")
		}
		return strconv.Atoi(rest)
	}
	for {
		n, err := length("*")
		if err != nil {
			return err
		}
		for i := range n {
			size, err := length("$")
			if err != nil {
				return err
			}
			word := make([]byte, size+2)
			if _, err := io.ReadFull(in, word); err != nil {
				return err
			}
			if name := strings.ToLower(string(word[:size])); i == 0 && name != "hello" && name != "client" && name != "select" && name != "auth" && name != "ping" {
				sent.Add(1)
			}
		}
	}
}

// counted is a street of which everything is counted.
type counted struct {
	tb     testing.TB
	street *simulatortest.Street
	ledger *ledger
	redis  *atomic.Int64
}

func openCounted(tb testing.TB, environ ...string) *counted {
	tb.Helper()
	redisURL, _ := storetest.RedisURL(tb)
	address, sent := openCounter(tb, redisURL)
	l, host := openLedger(tb)
	s := simulatortest.Start(tb, append([]string{"ATENDE_LOG=1", "REDIS_URL=" + address, "FIRESTORE_EMULATOR_HOST=" + host}, environ...)...)
	return &counted{tb: tb, street: s, ledger: l, redis: sent}
}

// waiting is what is on its way in the street.
type waiting struct{ Webhooks, Tasks, Due, Timers int }

// until waits for something to be so.
func (c *counted) until(what string, so func(waiting) bool) {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		var now struct{ Waiting waiting }
		c.street.Call(http.MethodGet, "/api/street", "", &now)
		if so(now.Waiting) {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			c.tb.Fatalf("%s: it never came to that: %+v", what, now.Waiting)
		}
	}
}

// say writes a message and waits until its answer has been read and nothing is
// left to do now.
func (c *counted) say(from, text string, wantOut int) {
	c.tb.Helper()
	message := fmt.Sprintf(`{"from":%q,"name":"Iara","text":%q}`, from, text)
	if status := c.street.Call(http.MethodPost, "/api/messages", message, nil); status != http.StatusAccepted {
		c.tb.Fatalf("a message was answered %d", status)
	}
	c.until("an answer to "+strconv.Quote(text), func(w waiting) bool {
		return w.Webhooks == 0 && w.Tasks == 0 && strings.Count(c.street.Logs(), "\"message\":\"statuses_applied\"") >= 3*wantOut
	})
}

// tally is what has been counted since the street was opened.
func (c *counted) tally() tally {
	c.tb.Helper()
	t := tally{
		commands: float64(c.redis.Load()), reads: float64(c.ledger.reads.Load()), writes: float64(c.ledger.writes.Load()),
	}
	var size float64
	t[documents], size = c.ledger.kept()
	t[stored] = size / 1024
	for line := range bytes.Lines([]byte(c.street.Logs())) {
		var l struct {
			Message, Route string
			ServiceContext struct{ Service string }

			Prompt     float64 `json:"prompt_tokens"`
			Cached     float64 `json:"cached_tokens"`
			Completion float64 `json:"completion_tokens"`
			Fate       string
		}
		if json.Unmarshal(line, &l) != nil || !strings.HasPrefix(l.Route, "/tasks/") && !strings.HasPrefix(l.Route, "/webhook/") {
			continue
		}
		of := workerLogs
		if l.ServiceContext.Service == "atende-ingress" {
			of = ingressLogs
		}
		t[of] += float64(len(line)) / 1024
		t[prompt] += l.Prompt
		t[cached] += l.Cached
		t[completion] += l.Completion
		if l.Prompt > 0 {
			t[asked]++
		}
		switch {
		case l.Message == "webhook_received":
			t[webhooks]++
		case strings.HasPrefix(l.Route, "/tasks/"):
			t[tasks]++
			if l.Fate == "answered" {
				t[answers]++
			}
		}
	}
	return t
}

func (t tally) since(before tally) tally {
	d := tally{}
	d.add(t, 1)
	d.add(before, -1)
	return d
}

// talked plays a conversation and says what it cost, and how many timers it has
// left behind; with a session that ends soon, after they have run. On a busy
// machine Redis is late now and then and ours does without it: that is played
// again.
func talked(tb testing.TB, texts []string, sessionTTL time.Duration) (cost tally, timers int) {
	tb.Helper()
	for range attempts {
		c, cost, timers := talkedOnce(tb, texts, sessionTTL)
		if logs := c.street.Logs(); !strings.Contains(logs, "hint_unavailable") && !strings.Contains(logs, `"error_kind"`) {
			return cost, timers
		}
	}
	tb.Fatal("Redis or the ledger was late every time")
	return nil, 0
}

// talkedOnce does it once. What only the first message of a street costs is spent
// before, by somebody else.
func talkedOnce(tb testing.TB, texts []string, sessionTTL time.Duration) (c *counted, cost tally, timers int) {
	tb.Helper()
	c = openCounted(tb, "COALESCE_WINDOW=0", "SESSION_TTL="+sessionTTL.String())
	left := func() int {
		var now struct{ Waiting waiting }
		c.street.Call(http.MethodGet, "/api/street", "", &now)
		return now.Waiting.Timers
	}
	c.say("5511900000001", "quero automatizar o atendimento da minha empresa", 1)
	settled := func() {
		c.until("the last timer", func(w waiting) bool { return sessionTTL > patience || w == waiting{} })
	}
	settled()
	before, others := c.tally(), left()
	for i, text := range texts {
		c.say("5511900000002", text, i+2)
	}
	settled()
	return c, c.tally().since(before), left() - others
}

// conversationCost is what the conversation costs: as it is played, and what its timers do
// when their time has come, which is told by a session that ends at once.
func conversationCost(tb testing.TB) (total tally, timers int) {
	tb.Helper()
	one := talk[2:3]
	open, n := talked(tb, one, time.Hour)
	ended, left := talked(tb, one, time.Second)
	if n != 1 || left != 0 {
		tb.Fatalf("one message left %d timers behind, and %d when its session had ended", n, left)
	}
	total, timers = talked(tb, talk, time.Hour)
	total.add(ended.since(open), float64(timers))
	return total, timers
}

// BenchmarkCounts plays the conversation of docs/cost.md and prints what it costs.
// It fails when the page says something else, by more than an eighth: a mark that is
// written once in a while and the length of numbers in the log differ from run to
// run. With -update it writes the page.
func BenchmarkCounts(b *testing.B) {
	got, timers := conversationCost(b)
	if timers == 0 {
		b.Error("the conversation has set no timer")
	}
	fmt.Print("\n" + countsTable(got))
	want := readCounts(b)
	for _, row := range countRows {
		if math.Abs(got[row.name]-want[row.name]) <= max(want[row.name]/8, 1) {
			continue
		}
		if *update {
			block(b, costPage, "counts", countsTable(got))
			return
		}
		b.Errorf("%s: docs/cost.md says %g, and it is %g; -update writes it", row.name, want[row.name], got[row.name])
	}
}
