package simulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func ids(lines []line) []string {
	found := []string{}
	for _, l := range lines {
		found = append(found, l.ID)
	}
	return found
}

func TestNewsAreTheLinesThatChanged(t *testing.T) {
	script := newTranscript(1_000)
	for _, id := range []string{"a", "b", "c"} {
		script.wrote("p", "", line{ID: id})
	}
	script.wrote("another", "", line{ID: "z"})
	all, _ := script.news("p", 0)
	if got := ids(all.Messages); !all.Whole || !slices.Equal(got, []string{"a", "b", "c"}) || all.Total != 3 {
		t.Fatalf("everything is %v, whole: %t", got, all.Whole)
	}
	revision := all.Revision
	script.received(whatsapptest.SentMessage{ID: "d", To: "p"})
	script.progress("b", statusDelivered)
	fresh, _ := script.news("p", revision)
	if got := ids(fresh.Messages); fresh.Whole || !slices.Equal(got, []string{"b", "d"}) || fresh.Total != 4 {
		t.Errorf("the news are %v, whole: %t, total: %d", got, fresh.Whole, fresh.Total)
	}
	if none, _ := script.news("p", fresh.Revision); len(none.Messages) != 0 || none.Whole || none.Revision != fresh.Revision {
		t.Errorf("after the news there are %+v", none)
	}
	// Revisions of a street that ran before this one, and of one to come.
	for _, foreign := range []int{999, fresh.Revision + 1_000} {
		if n, _ := script.news("p", foreign); !n.Whole || len(n.Messages) != 4 {
			t.Errorf("after revision %d there are %v, whole: %t", foreign, ids(n.Messages), n.Whole)
		}
	}
	if _, known := script.news("nobody", 0); known {
		t.Error("a stranger is known")
	}
}

func TestNewsTellWhatWasForgotten(t *testing.T) {
	script := newTranscript(0)
	for i := range maxMessages {
		script.wrote("p", "", line{ID: fmt.Sprint(i)})
	}
	before, _ := script.news("p", 0)
	script.wrote("p", "", line{ID: "one more"})
	script.progress("0", statusRead) // is not there any more
	after, _ := script.news("p", before.Revision)
	if got := ids(after.Messages); before.First != 0 || after.First != 1 || after.Total != maxMessages || !slices.Equal(got, []string{"one more"}) {
		t.Errorf("from %d it went to %d, with %v", before.First, after.First, got)
	}
}

// TestWordsAreBounded has people write more than there is room for: whoever wrote
// most loses the oldest.
func TestWordsAreBounded(t *testing.T) {
	script := newTranscript(0)
	script.wrote("brief", "", line{ID: "brief", Text: "oi"})
	long := strings.Repeat("é", maxText)
	n := maxWritten/len(long) + 10
	for i := range n {
		script.wrote("verbose", "", line{ID: fmt.Sprint(i), Text: long})
	}
	verbose, _ := script.news("verbose", 0)
	if script.weight > maxWritten || verbose.First == 0 || verbose.First+verbose.Total != n {
		t.Errorf("%d bytes are kept; the oldest message is number %d, and there are %d", script.weight, verbose.First, verbose.Total)
	}
	if brief, _ := script.news("brief", 0); brief.Total != 1 {
		t.Error("who wrote little lost it")
	}
	if _, known := script.places["0"]; known {
		t.Error("a message is found that was forgotten")
	}
}

func TestReadingCoversWhatCameBefore(t *testing.T) {
	script := newTranscript(0)
	statusesOf := func() string {
		_, lines, _ := script.of("p")
		var all []string
		for _, l := range lines {
			all = append(all, l.Status)
		}
		return strings.Join(all, " ")
	}
	for _, id := range []string{"a", "held", "lost", "b", "c"} {
		script.wrote("p", "", line{ID: id})
	}
	for _, id := range []string{"a", "b", "c"} {
		script.progress(id, statusDelivered)
	}
	script.fail("lost", nil)
	script.read("b")
	if got := statusesOf(); got != "read sent failed read delivered" {
		t.Errorf("they are %s", got)
	}
	// The one that was held back comes after those that overtook it.
	script.read("c")
	script.progress("held", statusDelivered)
	script.read("held")
	if got := statusesOf(); got != "read read failed read read" {
		t.Errorf("they are %s", got)
	}
	// A delivery may be noted after the reading.
	script.wrote("p", "", line{ID: "d"})
	script.read("d")
	script.progress("d", statusDelivered)
	script.received(whatsapptest.SentMessage{ID: "answer", To: "p"})
	script.read("answer") // nobody reads their own
	if got := statusesOf(); got != "read read failed read read read sent" {
		t.Errorf("they are %s", got)
	}
}

func TestTypingEnds(t *testing.T) {
	script := newTranscript(0)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	typing := func() bool {
		n, _ := script.news("p", 0)
		return n.Typing && script.list()[0].Typing
	}
	script.wrote("p", "", line{ID: "m"})
	script.types("of nobody", now)
	script.types("m", now.Add(typingLasts))
	if next, _ := script.hush(now); !typing() || !next.Equal(now.Add(typingLasts)) {
		t.Errorf("typing is shown: %t, until %s", typing(), next)
	}
	_, before, _ := script.since(0)
	if next, _ := script.hush(now.Add(typingLasts)); typing() || !next.IsZero() {
		t.Errorf("typing is still shown: %t, until %s", typing(), next)
	}
	if people, _, _ := script.since(before); !slices.Equal(people, []string{"p"}) {
		t.Errorf("its end changed %v", people)
	}
	script.types("m", now.Add(typingLasts))
	script.received(whatsapptest.SentMessage{ID: "answer", To: "p"})
	if typing() {
		t.Error("an answer does not end it")
	}
}

func TestFailuresSayWhy(t *testing.T) {
	script := newTranscript(0)
	script.wrote("p", "", line{ID: "m"})
	script.fail("m", nil)
	script.received(whatsapptest.SentMessage{ID: "answer", To: "p"})
	script.fail("answer", &failure{Code: 131047, Title: "Re-engagement message"})
	script.fail("answer", &failure{Code: 1})
	script.progress("m", statusDelivered)
	if l, _ := script.line("p", "answer"); l.Error == nil || l.Error.Code != 131047 {
		t.Errorf("the answer failed for %+v", l.Error)
	}
	if l, _ := script.line("p", "m"); l.Status != statusFailed || l.Error != nil {
		t.Errorf("what the lead wrote is %+v", l)
	}
	one := script.list()[0]
	if people, failed := script.totals(); one.Replies != 1 || one.Failed != 1 || people != 1 || failed != 1 {
		t.Errorf("%d replies of which %d failed; of all, %d", one.Replies, one.Failed, failed)
	}
}

// BenchmarkNews asks for what changed in the longest conversation that is
// remembered, while it goes on.
func BenchmarkNews(b *testing.B) {
	script := newTranscript(0)
	for i := range maxMessages {
		script.wrote("p", "", line{ID: fmt.Sprint(i), Text: "oi"})
	}
	all, _ := script.news("p", 0)
	b.ReportAllocs()
	n := 0
	for revision := all.Revision; b.Loop(); n++ {
		id := fmt.Sprint("new", n)
		script.wrote("p", "", line{ID: id, Text: "oi"})
		script.progress(id, statusDelivered)
		fresh, _ := script.news("p", revision)
		if len(fresh.Messages) != 1 {
			b.Fatalf("%d lines changed", len(fresh.Messages))
		}
		revision = fresh.Revision
	}
}
