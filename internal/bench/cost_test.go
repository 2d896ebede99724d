package bench_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The arithmetic of docs/cost.md. Everything is of a month, in US dollars.

// countRows are the counts of a conversation in the order of the page.
var countRows = []struct{ name, who string }{
	{webhooks, "a webhook for each message, and three for each answer: sent, delivered, read"},
	{tasks, "one for each of those, and timers; each is created and dispatched"},
	{commands, "as a client sends them: a script counts as one"},
	{reads, "Firestore; one that is not there counts, too"},
	{writes, "Firestore: conversation, message, turn and what comes of it"},
	{documents, "Firestore deletes them in 30 or 90 days, for money"},
	{stored, "all of them"},
	{answers, "to Meta"},
	{asked, "the others are fixed replies"},
	{prompt, "reckoned at four bytes each"},
	{cached, "the same beginning for everybody"},
	{completion, "likewise"},
	{ingressLogs, "our own lines"},
	{workerLogs, "likewise"},
}

func countsTable(t tally) string {
	var b strings.Builder
	b.WriteString("| of a conversation of six messages | | |\n|---|--:|---|\n")
	for _, row := range countRows {
		fmt.Fprintf(&b, "| %s | %.0f | %s |\n", row.name, t[row.name], row.who)
	}
	return b.String()
}

// readCounts reads the counts of the page.
func readCounts(t testing.TB) tally {
	t.Helper()
	counts := tally{}
	for _, m := range regexp.MustCompile(`(?m)^\| (.+?) \| ([0-9.]+) \|`).FindAllStringSubmatch(blockOf(t, "counts"), -1) {
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		counts[m[1]] = n
	}
	return counts
}

// An assumption is a number that was not measured here.
type assumption struct {
	name  string
	value float64
	unit  string
	from  string
}

// What is assumed of the business and of the platform.
var (
	activeHours  = assumption{"people write", 300, "hours a month", "ten hours a day"}
	turnSeconds  = assumption{"an answer occupies the worker", 4, "s", "two or three for the model, one for Graph and Firestore"}
	shortSeconds = assumption{"any other request takes", 0.1, "s", "less; Cloud Run bills tenths of a second"}
	fullness     = assumption{"Cloud Run adds an instance when one is", 0.6, "full", "its own aim, of 80 requests for a worker and 250 for an ingress"}
	voiceShare   = assumption{"of all messages, voice notes are", 0.1, "", ""}
	voiceMinutes = assumption{"a voice note lasts", 0.33, "min", ""}
	requestLog   = assumption{"Cloud Run's own log of a request", 1, "KiB", ""}
	extraStorage = assumption{"recovery and a week of backups, beside the documents", 1, "time their size", ""}
	otherTraffic = assumption{"what leaves Google beside prompts", 60, "KiB a conversation", "to Graph and Redis, with handshakes"}
)

// List prices of Tier 1 regions, such as us-central1.
var (
	cpu          = assumption{"Cloud Run: a processor in requests", 24e-6, "a second", "2026; 180 000 s are free"}
	memory       = assumption{"Cloud Run: memory", 2.5e-6, "a GiB and second", "2026; 360 000 are free"}
	idle         = assumption{"Cloud Run: a processor kept waiting", 2.5e-6, "a second", "2026"}
	request      = assumption{"Cloud Run: requests", 0.40, "a million", "2026; two million are free"}
	taskPrice    = assumption{"Cloud Tasks: operations", 0.40, "a million", "2026; one million is free"}
	readPrice    = assumption{"Firestore: documents read", 0.03, "100 000", "one region, 2025; 50 000 a day are free"}
	writePrice   = assumption{"Firestore: documents written", 0.09, "100 000", "one region, 2025; 20 000 a day are free"}
	deletePrice  = assumption{"Firestore: documents expired", 0.01, "100 000", "one region, 2025; none is free"}
	storagePrice = assumption{"Firestore: storage", 0.15, "a GiB", "one region, 2025; one is free"}
	redisPrice   = assumption{"Upstash: commands", 0.20, "100 000", "pay as you go, 2026; 10 000 a second at most"}
	logPrice     = assumption{"Cloud Logging", 0.50, "a GiB", "2025; 50 are free"}
	egressPrice  = assumption{"network, out of Google", 0.12, "a GiB", "2025; one is free"}
	voicePrice   = assumption{"`gpt-4o-mini-transcribe`", 0.003, "a minute", "OpenAI's own estimate, 2026"}
	messagePrice = assumption{"WhatsApp: an answer delivered in Brazil", 0.0068, "each", "January 2026, the rate of utility templates; see below"}
	fixed        = assumption{"images, secrets, alerts", 4, "a month", "a guess"}
)

var (
	business = []assumption{activeHours, turnSeconds, shortSeconds, fullness, voiceShare, voiceMinutes, requestLog, extraStorage, otherTraffic}
	prices   = []assumption{cpu, memory, idle, request, taskPrice, readPrice, writePrice, deletePrice, storagePrice, redisPrice, logPrice, egressPrice, voicePrice, messagePrice, fixed}
)

func assumptionsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| assumed | | why |\n|---|---|---|\n")
	for _, a := range business {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.name, strings.TrimSpace(plain(a.value)+" "+a.unit), a.from)
	}
	b.WriteString("\n| price | US$ | for | of |\n|---|--:|---|---|\n")
	for _, a := range prices {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", a.name, plain(a.value), a.unit, a.from)
	}
	m := modelPrices(t)
	for _, p := range []struct {
		what  string
		price float64
	}{{"tokens read", m.in}, {"tokens read before", m.cached}, {"tokens written", m.out}} {
		fmt.Fprintf(&b, "| `gpt-4o-mini`: %s | %s | a million | %s, `internal/openai/prices.json` |\n", p.what, plain(p.price), m.asOf)
	}
	return b.String()
}

// plain writes a number without an exponent.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// tokens are the prices of a million.
type tokens struct {
	in, cached, out float64
	asOf            string
}

// modelPrices are those that the worker reckons with.
func modelPrices(t *testing.T) tokens {
	t.Helper()
	text, err := os.ReadFile("../openai/prices.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		AsOf   string                                       `json:"as_of"`
		Prices map[string]struct{ In, Cached, Out float64 } `json:"usd_per_million_tokens"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	p := list.Prices["gpt-4o-mini"]
	if p.In == 0 {
		t.Fatal("gpt-4o-mini has no price")
	}
	return tokens{p.In, p.Cached, p.Out, list.AsOf}
}

const (
	month       = 30 * 24 * 3600.0 // seconds
	concurrency = 80.0             // of a worker, in infra/
	million     = 1e6
	gib         = 1 << 20 // KiB
)

// beyond is what is paid for of n, when some of it is free.
func beyond(n, free float64) float64 { return max(0, n-free) }

// busy is for how many seconds of the month instances are paid for: while at
// least one request is under way, at low load; as many instances as the requests
// need, at high load. load is how many are under way on average while people
// write. Requests that come by chance are none for e^-load of the time.
func busy(load, most float64) float64 {
	return activeHours.value * 3600 * max(1-math.Exp(-load), load/(fullness.value*most))
}

// bill is what n conversations cost, line by line.
func bill(c tally, m tokens, n float64) (lines []string, cost map[string]float64) {
	seconds := activeHours.value * 3600
	turns := float64(len(talk))
	ingress := busy(n*c[webhooks]*shortSeconds.value/seconds, 250)
	worker := busy(n*(turns*turnSeconds.value+(c[tasks]-turns)*shortSeconds.value)/seconds, concurrency)
	active := ingress + worker
	waiting := beyond(2*month, active) // one of each is always up
	notes := n * turns * voiceShare.value
	lines = []string{"Cloud Run", "Cloud Tasks", "Firestore", "Redis", "log", "network", "model", "voice notes", "other"}
	cost = map[string]float64{
		"Cloud Run": cpu.value*beyond(active, 180e3) + memory.value*beyond(0.5*active, 360e3) + (idle.value+0.5*memory.value)*waiting +
			request.value*beyond(n*(c[webhooks]+c[tasks]), 2*million)/million,
		"Cloud Tasks": taskPrice.value * beyond(2*n*c[tasks], million) / million,
		"Firestore": readPrice.value*beyond(n*c[reads], 30*50e3)/100e3 + writePrice.value*beyond(n*c[writes], 30*20e3)/100e3 +
			deletePrice.value*n*c[documents]/100e3 + storagePrice.value*beyond(n*c[stored]/gib, 1)*(1+extraStorage.value),
		"Redis":       redisPrice.value * n * c[commands] / 100e3,
		"log":         logPrice.value * beyond(n*(c[ingressLogs]+c[workerLogs]+requestLog.value*(c[webhooks]+c[tasks]))/gib, 50),
		"network":     egressPrice.value * beyond(n*(c[prompt]*4/1024+otherTraffic.value)/gib, 1),
		"model":       n * ((c[prompt]-c[cached])*m.in + c[cached]*m.cached + c[completion]*m.out) / million,
		"voice notes": voicePrice.value * notes * voiceMinutes.value,
		"other":       fixed.value,
	}
	return lines, cost
}

func billTable(t *testing.T) string {
	t.Helper()
	c, m := readCounts(t), modelPrices(t)
	sizes := []float64{1e3, 100e3, 10e6}
	var b strings.Builder
	b.WriteString("| conversations a month |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %s |", grouped(n))
	}
	b.WriteString("\n|---|--:|--:|--:|\n| messages a second, on average while people write |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %.2g |", n*float64(len(talk))/(activeHours.value*3600))
	}
	b.WriteString("\n| model tokens a day, in millions |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %s |", grouped(n*(c[prompt]+c[completion])/30/million))
	}
	lines, _ := bill(c, m, 1)
	for _, line := range lines {
		fmt.Fprintf(&b, "\n| %s |", line)
		for _, n := range sizes {
			_, cost := bill(c, m, n)
			fmt.Fprintf(&b, " %s |", grouped(cost[line]))
		}
	}
	total := func(n float64) (sum float64) {
		_, cost := bill(c, m, n)
		for _, line := range cost {
			sum += line
		}
		return sum
	}
	meta := func(n float64) float64 { return messagePrice.value * beyond(n*c[answers], 1000) }
	for _, row := range []struct {
		name string
		of   func(n float64) string
	}{
		{"**all of this**", func(n float64) string { return "**" + grouped(total(n)) + "**" }},
		{"a conversation", func(n float64) string { return fmt.Sprintf("%.4f", total(n)/n) }},
		{"Meta, if answers are billed", func(n float64) string { return grouped(meta(n)) }},
	} {
		fmt.Fprintf(&b, "\n| %s |", row.name)
		for _, n := range sizes {
			fmt.Fprintf(&b, " %s |", row.of(n))
		}
	}
	return b.String() + "\n"
}

// grouped writes a number with its thousands apart, and cents where they matter.
func grouped(x float64) string {
	if x < 10 {
		return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64)
	}
	digits := strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + " " + digits[at:]
	}
	return digits
}

// TestGeneratedCost holds the arithmetic of docs/cost.md. It is reckoned from the
// page's own counts, which BenchmarkCounts makes, so that it is the same on every
// machine.
func TestGeneratedCost(t *testing.T) {
	if n := len(readCounts(t)); n != len(countRows) {
		t.Fatalf("docs/cost.md has %d counts of %d", n, len(countRows))
	}
	block(t, costPage, "assumptions", assumptionsTable(t))
	block(t, costPage, "bill", billTable(t))
}

const costPage = "cost.md"

// blockOf is a block of docs/cost.md.
func blockOf(t testing.TB, name string) string {
	t.Helper()
	_, text, _ := cutPage(t, costPage, name)
	return text
}

func cutPage(t testing.TB, page, name string) (before, block, after string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page) //nolint:gosec // The tree is our own.
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- "+name+": written by the tests -->\n", "<!-- end of "+name+" -->"
	before, rest, opened := strings.Cut(string(text), from)
	block, after, closed := strings.Cut(rest, to)
	if !opened || !closed {
		t.Fatalf("docs/%s has no block %q", page, name)
	}
	return before + from, block, to + after
}

// block compares a block of a page with what it should say, or writes it.
func block(t testing.TB, page, name, want string) {
	t.Helper()
	before, got, after := cutPage(t, page, name)
	want = "\n" + want + "\n"
	if *update {
		//nolint:gosec // A page is for everybody to read.
		if err := os.WriteFile("../../docs/"+page, []byte(before+want+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s in docs/%s is not what the tests reckon; make docs rewrites it (-want +got):\n%s", name, page, diff)
	}
}
