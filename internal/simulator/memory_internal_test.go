package simulator

import (
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func TestTheTranscriptIsBounded(t *testing.T) {
	script := newTranscript(0)
	for i := range maxMessages + 5 {
		script.wrote("p0", "", line{ID: fmt.Sprint("m", i), Text: fmt.Sprint(i)})
	}
	_, lines, _ := script.of("p0")
	if len(lines) != maxMessages || lines[0].Text != "5" || len(script.places) != maxMessages {
		t.Errorf("%d messages are kept, from %q on, and %d ids", len(lines), lines[0].Text, len(script.places))
	}
	for i := range maxPeople {
		script.wrote(fmt.Sprint("p", i+1), "", line{ID: fmt.Sprint("other", i)})
	}
	if _, _, known := script.of("p0"); known || len(script.list()) != maxPeople || len(script.places) != maxPeople {
		t.Errorf("%d people and %d ids are kept, the first of them: %t", len(script.list()), len(script.places), known)
	}
}

func TestAStatusNeverGoesBack(t *testing.T) {
	script := newTranscript(0)
	script.received(whatsapptest.SentMessage{ID: "m", To: "p"})
	for _, step := range []struct{ status, shown string }{
		{"delivered", "delivered"}, {"sent", "delivered"}, {"read", "read"}, {"delivered", "read"}, {"unheard-of", "read"},
		{"failed", "failed"},
	} {
		script.progress("m", step.status)
		if l, ok := script.line("p", "m"); !ok || l.Status != step.shown {
			t.Errorf("after %s it shows %q", step.status, l.Status)
		}
	}
	_, before, _ := script.since(0)
	script.progress("of somebody else", "read")
	if _, after, _ := script.since(0); after != before {
		t.Error("a stranger's status changed something")
	}
	if _, ok := script.line("another", "m"); ok {
		t.Error("a message is found in another's conversation")
	}
}

func TestTheShelfIsBounded(t *testing.T) {
	s := newShelf()
	var ids []string
	for range maxShelf/maxMedia + 1 {
		id, _ := s.put(file{data: make([]byte, maxMedia)})
		ids = append(ids, id)
	}
	if _, ok := s.get(ids[0]); ok || s.size > maxShelf {
		t.Errorf("%d bytes are kept, the oldest of them: %t", s.size, ok)
	}
	if _, ok := s.get(ids[1]); !ok {
		t.Error("the second file is gone too")
	}
}

func TestTheLogsAreBounded(t *testing.T) {
	l := &logs{also: io.Discard}
	for i := range maxLogLines + 1 {
		_, _ = fmt.Fprintf(l, "{\"n\":%d}\n", i)
	}
	_, _ = l.Write([]byte("not JSON \"at all\"\n\n"))
	_, _ = l.Write(append(make([]byte, maxLogLine+1), '\n'))
	lines := l.newest()
	if len(lines) != maxLogLines || string(lines[0]) != `{"n":2}` || string(lines[len(lines)-1]) != `"not JSON \"at all\""` {
		t.Errorf("%d lines from %s to %s", len(lines), lines[0], lines[len(lines)-1])
	}
}

func TestWebhooksThatNobodyTakesAreBounded(t *testing.T) {
	pen := whatsapptest.Pen{}
	c := newCourier(pen, "http://127.0.0.1:1", newClock(), func(string, bool) { t.Error("something was settled") })
	defer c.close()
	c.fuse.arm(armed{kind: failBefore, times: forEver})
	for i := range maxUndone {
		if _, ok := c.send(fmt.Sprint(i), nil); !ok {
			t.Fatalf("webhook %d was refused", i)
		}
	}
	if _, ok := c.send("one more", nil); ok {
		t.Error("there is no bound")
	}
	if len(c.kept) != maxKept || c.waiting() != maxUndone {
		t.Errorf("%d are kept and %d wait", len(c.kept), c.waiting())
	}
}

func TestAWebhookIsGivenUpAfterAWeek(t *testing.T) {
	clock := newClock()
	settled := make(chan bool, 1)
	c := newCourier(whatsapptest.Pen{}, "http://127.0.0.1:1", clock, func(_ string, accepted bool) { settled <- accepted })
	defer c.close()
	c.fuse.arm(armed{kind: failBefore, times: forEver})
	tried, _ := c.send("m", nil)
	<-tried
	tick, late := time.NewTicker(time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for {
		clock.Advance(giveUpAfter + time.Minute)
		select {
		case accepted := <-settled:
			if accepted || c.waiting() != 0 {
				t.Errorf("it was accepted: %t; %d wait", accepted, c.waiting())
			}
			return
		case <-tick.C:
		case <-late:
			t.Fatal("it is still tried")
		}
	}
}

func TestStatusesOfTheQueueAreCodes(t *testing.T) {
	for _, c := range []struct {
		status, code int
		want         codes.Code
	}{
		{500, 0, codes.Internal},
		{403, 0, codes.PermissionDenied},
		{429, 0, codes.ResourceExhausted},
		{503, 0, codes.Unavailable},
		{418, 0, codes.Internal},
		{503, int(codes.Aborted), codes.Aborted},
		{503, 131047, codes.Unavailable}, // one of Meta's: not of this point
	} {
		if got := grpcCode(faultRequest{Status: c.status, Code: c.code}); got != c.want {
			t.Errorf("status %d and code %d are %s", c.status, c.code, got)
		}
	}
}
