//go:build browser

package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	// crowd is how many messages a long conversation has.
	crowd = 10_000
	// inDocument bounds the rows that may be in the document at once.
	inDocument = 80
	// mostHeap bounds what the page's script may hold, in bytes.
	mostHeap = 100 << 20
)

// TestALongConversation scrolls through ten thousand messages.
func TestALongConversation(t *testing.T) {
	t.Parallel()
	address := openStreet(t)
	p := show(t, address, desk)
	p.writes("oi")
	p.answers(1)
	// A person owns the conversation, so that each message is one webhook and no
	// answer; the team's own messages make the other half.
	p.ask("POST", "/api/person", `{"to":"5511988887777","text":"Aqui é a Ana."}`)
	p.reads("Uma pessoa responde")
	p.fill("5511988887777", crowd)
	p.until("the messages are not all there", fmt.Sprintf(`document.querySelector(".log li")?.getAttribute("aria-setsize") >= %d`, crowd))

	rows := func() int { return eval[int](p, `document.querySelectorAll(".log li").length`) }
	if n := rows(); n == 0 || n > inDocument {
		t.Errorf("%d rows are in the document", n)
	}
	// To the beginning and back, by keyboard.
	p.run(`[...document.querySelectorAll("[data-key]")].at(-1).focus()`)
	p.press(kb.Home)
	p.until("the beginning is not reached", `told().some((m) => m.startsWith("Você: oi,"))`)
	if n := rows(); n > inDocument {
		t.Errorf("%d rows are in the document at the beginning", n)
	}
	slowest := eval[float64](p, `new Promise((done) => {
		const scroller = document.querySelector(".scroll");
		let last = performance.now(), slowest = 0, steps = 0;
		const step = (now) => {
			slowest = Math.max(slowest, now - last);
			last = now;
			scroller.scrollTop += 2000;
			if (++steps < 120) requestAnimationFrame(step); else done(slowest);
		};
		requestAnimationFrame(step);
	})`)
	t.Logf("the slowest of 120 frames while scrolling took %.0f ms", slowest)
	if n := rows(); n > inDocument {
		t.Errorf("%d rows are in the document while scrolling", n)
	}
	if heap := p.heap(); heap > mostHeap {
		t.Errorf("the page holds %.0f MB", heap/1e6)
	}
	p.shot("12-long")
}

// heap is how many bytes the page's script holds, what is garbage taken away.
func (p *page) heap() float64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		p.t.Fatal(err)
	}
	usage, err := chromedp.Call(ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		p.t.Fatal(err)
	}
	return usage.UsedSize
}

// fill writes messages of the team to somebody, from outside the page.
func (p *page) fill(to string, messages int) {
	p.t.Helper()
	const lanes = 8
	var group sync.WaitGroup
	for lane := range lanes {
		group.Go(func() {
			for n := lane; n < messages; n += lanes {
				p.ask("POST", "/api/person", fmt.Sprintf(`{"to":%q,"text":"mensagem %d %s"}`, to, n, strings.Repeat("com mais palavras ", n%7)))
			}
		})
	}
	group.Wait()
}
