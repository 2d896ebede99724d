package bench_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The arithmetic of docs/scaling.md: what so many messages a second ask of each
// part, by the counts of docs/cost.md and the settings of infra/.

// setting is a number of infra/, found by what stands before it.
func setting(t *testing.T, file, before string) float64 {
	t.Helper()
	text, err := os.ReadFile("../../infra/" + file) //nolint:gosec // The tree is our own.
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(before + `\s*([0-9.]+)`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("infra/%s: nothing follows %s", file, before)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What the platforms say of themselves.
const (
	halfAQueue     = 250.0 // dispatches a second: half of what a queue may, so that it can catch up
	numberRate     = 80.0  // messages a second of a WhatsApp number, both directions together
	upgradedNumber = 1000.0
	coldWrites     = 500.0 // Firestore: a second at first, then half as many again every five minutes
	ingressRate    = 500.0 // messages a second of one ingress: half a processor that is half as fast as the one measured
	markEvery      = 5.0   // seconds between the marks that a worker leaves on a number's document
)

// warming is for how many minutes Firestore wants to be led up to a rate.
func warming(rate float64) float64 {
	return 5 * max(0, math.Ceil(math.Log(rate/coldWrites)/math.Log(1.5)))
}

func scaleTable(t *testing.T) string {
	t.Helper()
	c := readCounts(t)
	per := func(name string) float64 { return c[name] / float64(len(talk)) }
	inWorker := turnSeconds.value + (per(tasks)-1)*shortSeconds.value
	workerRoom := setting(t, "main.tf", `concurrency = \{ ingress = [0-9]+, worker =`)
	share := setting(t, "modules/queues/main.tf", `sixteenth =`)
	inbound := setting(t, "modules/queues/main.tf", `inbound = \{ dispatches_per_second = [0-9]+, sixteenths =`) / 16
	// What the queue for messages may have under way bends before the instances do.
	workers := func(r float64) float64 {
		return math.Ceil(max(r*inWorker/(share*workerRoom), r*turnSeconds.value/(share*workerRoom*inbound)))
	}
	rates := []float64{10, 100, 1000, 10000}
	var b strings.Builder
	b.WriteString("| messages a second |")
	for _, r := range rates {
		fmt.Fprintf(&b, " %s |", grouped(r))
	}
	b.WriteString("\n|---|--:|--:|--:|--:|")
	for _, row := range []struct {
		name string
		of   func(r float64) float64
	}{
		{"conversations a month, if people write " + plain(activeHours.value) + " hours of it", func(r float64) float64 { return r * activeHours.value * 3600 / float64(len(talk)) }},
		{"webhooks a second", func(r float64) float64 { return r * per(webhooks) }},
		{"tasks a second into `atende-inbound`", func(r float64) float64 { return r }},
		{"tasks a second into `atende-status`", func(r float64) float64 { return r * (per(webhooks) - 1) }},
		{"queues inbound, for half of what each may", func(r float64) float64 { return math.Ceil(r / halfAQueue) }},
		{"queues status", func(r float64) float64 { return math.Ceil(r * (per(webhooks) - 1) / halfAQueue) }},
		{"requests under way in the workers", func(r float64) float64 { return math.Ceil(r * inWorker) }},
		{"worker instances, of " + plain(workerRoom) + " requests at a time", workers},
		{"ingress instances", func(r float64) float64 { return math.Ceil(r / ingressRate) }},
		{"Redis commands a second", func(r float64) float64 { return r * per(commands) }},
		{"Firestore documents written a second", func(r float64) float64 { return r * per(writes) }},
		{"minutes to lead Firestore up to that", func(r float64) float64 { return warming(r * per(writes)) }},
		{"writes a second of one number's watermark", func(r float64) float64 { return workers(r) / markEvery }},
		{"model answers a minute", func(r float64) float64 { return r * 60 * per(asked) }},
		{"model tokens a minute, in millions", func(r float64) float64 { return r * 60 * (per(prompt) + per(completion)) / million }},
		{"WhatsApp numbers of " + plain(numberRate) + " messages a second", func(r float64) float64 { return math.Ceil(2 * r / numberRate) }},
		{"WhatsApp numbers of " + grouped(upgradedNumber), func(r float64) float64 { return math.Ceil(2 * r / upgradedNumber) }},
	} {
		fmt.Fprintf(&b, "\n| %s |", row.name)
		for _, r := range rates {
			fmt.Fprintf(&b, " %s |", grouped(row.of(r)))
		}
	}
	return b.String() + "\n"
}

// TestGeneratedScale holds the table of docs/scaling.md.
func TestGeneratedScale(t *testing.T) {
	block(t, "scaling.md", "load", scaleTable(t))
}
