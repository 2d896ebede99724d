//go:build browser

package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pyloto/atende/internal/simulator/simulatortest"
)

// patience bounds every wait for something that certainly comes.
const patience = 30 * time.Second

// screen is how large a page is shown.
type screen struct{ width, height int64 }

var (
	desk  = screen{1280, 800}
	phone = screen{390, 844}
)

// page is a tab that shows a street's page.
type page struct {
	t      *testing.T
	ctx    context.Context
	street *simulatortest.Street
	// console is what the page printed; complaints are the lines of it that nobody
	// expected, and whom it asked beside its street.
	console, complaints *lines
}

// lines are gathered while the test goes on.
type lines struct {
	mu     sync.Mutex
	all    []string
	spared string // lines with it are none; empty spares nothing
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.spared == "" || !strings.Contains(line, l.spared) {
		l.all = append(l.all, line)
	}
}

// spare has lines with a text left out from now on.
func (l *lines) spare(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spared = text
}

func (l *lines) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// openStreet starts a street that the browser is let through to.
func openStreet(t *testing.T, environ ...string) *simulatortest.Street {
	t.Helper()
	street := simulatortest.Start(t, environ...)
	if err := chromium.gate.admit(street.URL); err != nil {
		t.Fatal(err)
	}
	return street
}

// open shows a street's page in a tab of its own.
func open(t *testing.T, size screen, environ ...string) *page {
	t.Helper()
	return show(t, openStreet(t, environ...), size)
}

// greeted is a street's page on which somebody has said oi, and was answered.
func greeted(t *testing.T, size screen, environ ...string) *page {
	t.Helper()
	p := open(t, size, environ...)
	p.writes("oi")
	p.answers(1)
	return p
}

// refusals are the statuses by which a street says that it knows nothing of
// somebody yet, or that its ledger is down. The browser prints each as an error.
var refusals = regexp.MustCompile(`status of (404|503) `)

// show shows a street's page in a tab that shares nothing with others.
func show(t *testing.T, street *simulatortest.Street, size screen) *page {
	t.Helper()
	tab, closeTab := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	p := &page{t: t, ctx: tab, street: street, console: &lines{}, complaints: &lines{}}
	console := chromedp.Console(tab)
	requests := chromedp.Events(tab, network.RequestWillBeSent)
	go func() {
		for r, err := range requests {
			if err != nil {
				return
			}
			// The browser draws its own controls from data.
			if !strings.HasPrefix(r.Request.URL, street.URL+"/") && !strings.HasPrefix(r.Request.URL, "data:") {
				p.complaints.add("it asks for " + r.Request.URL)
			}
		}
	}()
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			line := fmt.Sprintf("%s (%s)", m, m.URL)
			p.console.add(line)
			expected := m.Source == "network" && refusals.MatchString(m.Text)
			if m.IsException() || m.Type == chromedp.ConsoleError && !expected {
				p.complaints.add(line)
			}
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			p.shot("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
			t.Logf("the console: %s", strings.Join(p.console.list(), "\n"))
		}
		closeTab()
		for _, line := range p.complaints.list() {
			t.Errorf("the page complains: %s", line)
		}
	})
	prepare := func(ctx context.Context, target *chromedp.Target) error {
		// A tab beside others must not lose the keyboard to them.
		_, err := cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, target, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: finder})
		return err
	}
	p.do(chromedp.Func(prepare), chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(street.URL))
	return p
}

// finder gives the page's tests elements by role and name, as the browser
// computes them; only what is shown counts, and of a page behind an open dialog
// nothing does. The elements of a role are narrowed down first, for computing
// what each element of the page is called takes long.
const finder = `{
	const elements = {
		article: "[role=article]", button: "button, summary", combobox: "select, input", group: "fieldset, details, [role=group]", heading: "h1, h2, h3, h4",
		image: "img, [role=img]", link: "a[href]", list: "ol, ul", radio: "input[type=radio]", tab: "[role=tab]",
		tabpanel: "[role=tabpanel]", textbox: "input, textarea",
	};
	const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
	window.find = (role, name) => {
		const fits = (n) => name instanceof RegExp ? name.test(n) : n === name;
		const within = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
		return [...within.querySelectorAll(elements[role] ?? "*")].find((e) => shown(e) && e.computedRole === role && fits(e.computedName.trim()));
	};
	// Whatever takes a click is a control, whether or not it is an element that is made for it.
	const listen = EventTarget.prototype.addEventListener;
	EventTarget.prototype.addEventListener = function (kind, ...rest) {
		this.takesClicks ||= kind === "click" && this instanceof Element;
		return listen.call(this, kind, ...rest);
	};
	window.controls = () => {
		const within = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
		return [...within.querySelectorAll("*")].filter((e) => shown(e) && !e.disabled &&
			(e.takesClicks || e.matches("a[href], audio[controls], button, input, select, summary, textarea")));
	};
	window.told = () => [...document.querySelectorAll("[data-key]")].map((e) => e.computedName);
}`

// do performs actions.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// run evaluates an expression for its effect.
func (p *page) run(expression string) { _ = eval[any](p, expression) }

// eval is the value of an expression, awaited if it is a promise.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits until an expression holds.
func (p *page) until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 2*patience)
	defer cancel()
	poll := chromedp.Poll[bool](fmt.Sprintf("Boolean(%s)", expression),
		chromedp.WithPollingTimeout(patience), chromedp.WithPollingInterval(50*time.Millisecond))
	_, err := chromedp.Run(ctx, poll)
	// A page that is loaded anew takes what waits in it along.
	for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "Cannot find context") {
		_, err = chromedp.Run(ctx, poll)
	}
	if err != nil {
		p.t.Fatalf("%s: %v\nat %s the page says: %s", what, err, eval[string](p, "location.href"), eval[string](p, "document.body.innerText"))
	}
}

// found is the expression of an element.
func found(role, name string) string {
	quoted, _ := json.Marshal(name)
	if pattern, ok := strings.CutPrefix(name, "/"); ok {
		return fmt.Sprintf("find(%q, new RegExp(%q))", role, strings.TrimSuffix(pattern, "/"))
	}
	return fmt.Sprintf("find(%q, %s)", role, quoted)
}

// sees waits for an element. A name between slashes is a pattern.
func (p *page) sees(role, name string) {
	p.t.Helper()
	p.until(role+" "+name+" is not there", found(role, name))
}

// reads waits until the page holds a text.
func (p *page) reads(text string) {
	p.t.Helper()
	quoted, _ := json.Marshal(text)
	p.until(text+" is not to be read", fmt.Sprintf("document.body.innerText.includes(%s)", quoted))
}

// click clicks an element with the mouse, in its middle, once it stands still and
// nothing lies over it.
func (p *page) click(role, name string) {
	p.t.Helper()
	p.sees(role, name)
	at := eval[[]float64](p, fmt.Sprintf(`(async () => {
		const frame = () => new Promise(requestAnimationFrame);
		let before = "", still = 0;
		for (;;) {
			const e = %s;
			e?.scrollIntoView({ block: "center" });
			const r = e?.getBoundingClientRect();
			const now = r ? [r.x, r.y, r.width, r.height].join() : "";
			const [x, y] = r ? [r.x + r.width / 2, r.y + r.height / 2] : [0, 0];
			const top = r && document.elementFromPoint(x, y);
			still = top && now === before && (e.contains(top) || top.contains(e)) ? still + 1 : 0;
			if (still > 5) return [x, y];
			before = now;
			await frame();
		}
	})()`, found(role, name)))
	p.do(chromedp.MouseClickXY(at[0], at[1]))
}

// eachTab shows one part of the inspector after the other.
func (p *page) eachTab(shown func(tab string)) {
	p.t.Helper()
	for _, tab := range []string{"Turno", "Estado", "Cartão", "Fatos", "Prompt", "Bruto", "Auditoria"} {
		p.click("tab", tab)
		p.until(tab+" is not shown", found("tabpanel", tab))
		shown(tab)
	}
}

// eachDialog opens the dialogs of some buttons, one after the other.
func (p *page) eachDialog(shown func(button string), buttons ...string) {
	p.t.Helper()
	for _, button := range buttons {
		p.click("button", button)
		p.until(button+" opens nothing", `document.querySelector("dialog[open]")`)
		shown(button)
		p.press(kb.Escape)
		p.until(button+" stays open", `document.querySelector("dialog[open]") === null`)
	}
}

// focus puts the keyboard's focus on an element.
func (p *page) focus(role, name string) {
	p.t.Helper()
	p.sees(role, name)
	p.run(found(role, name) + ".focus()")
}

// saves clicks what saves a file and returns what is in the file.
func (p *page) saves(role, name string) []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	folder, events := p.t.TempDir(), true
	progress := chromedp.Events(ctx, cdpbrowser.DownloadProgress)
	_, err := chromedp.Call(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
		DownloadPath: folder, EventsEnabled: &events,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.click(role, name)
	for file, err := range progress {
		if err != nil || file.State == cdpbrowser.DownloadProgressStateCanceled {
			p.t.Fatalf("%s %s saves nothing: %v", role, name, err)
		}
		if file.State != cdpbrowser.DownloadProgressStateCompleted {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, file.GUID))
		if err != nil {
			p.t.Fatal(err)
		}
		return content
	}
	p.t.Fatalf("%s %s saves nothing", role, name)
	return nil
}

// press presses keys, one after the other, as a keyboard does: what a key writes
// belongs to its being pressed, so that a page that takes the key for itself
// prevents the writing too.
func (p *page) press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, key := range keys {
			events := kb.Encode(key)
			down, up := *events[0], *events[len(events)-1] // Between them is what is written, if anything.
			for _, m := range modifiers {
				down.Modifiers |= int64(m)
				up.Modifiers |= int64(m)
			}
			// A key that is pressed with Alt or Control is a command and writes nothing.
			if down.Modifiers&^int64(chromedp.ModifierShift) == 0 && len(events) == 3 {
				down.Text = events[1].Text
			}
			for _, event := range []input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, event); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// tabTo presses Tab until the focus is on an element of that role and name.
func (p *page) tabTo(role, name string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	for range 400 {
		if eval[bool](p, found(role, name)+" === document.activeElement && document.activeElement !== document.body") {
			return
		}
		p.press(kb.Tab, modifiers...)
	}
	p.t.Fatalf("the Tab key never reaches %s %q", role, name)
}

// tabsEverywhere walks through what is shown with the Tab key and fails the test for
// every control that it never came to. Of what arrow keys choose among, a row of
// tabs, the messages or a group of radio buttons, it has to come to one.
func (p *page) tabsEverywhere(state string) {
	p.t.Helper()
	p.run("window.reached = new Set()")
	// As often as it takes to come round twice, also when more is shown meanwhile.
	controls := 0
	for presses := 0; presses == 0 || presses < 2*controls; presses++ {
		p.press(kb.Tab)
		controls = eval[int](p, "(reached.add(document.activeElement), controls().length)")
	}
	if controls < 2 {
		p.t.Fatalf("%s: there are only %d controls", state, controls)
	}
	missed := eval[[]string](p, `(() => {
		const group = (e) => e.closest("[role=tablist]") ?? e.closest("[data-key]")?.parentElement ?? (e.type === "radio" ? e.closest("fieldset") : null);
		const entered = new Set([...reached].map(group));
		return controls().filter((e) => !reached.has(e) && (group(e) === null || !entered.has(group(e)))).map((e) => e.outerHTML.slice(0, 200));
	})()`)
	for _, control := range missed {
		p.t.Errorf("%s: the Tab key never comes to %s", state, control)
	}
}

// writes types a text into the message's field and sends it.
func (p *page) writes(text string) {
	p.t.Helper()
	p.focus("textbox", "Mensagem")
	p.press(text)
	p.press(kb.Enter)
}

// answers waits for the n-th message of Otto's and returns it as it is spoken.
func (p *page) answers(n int) string {
	p.t.Helper()
	const otto = `told().filter((m) => m.startsWith("Otto: "))`
	p.until(fmt.Sprintf("Otto's answer %d does not come", n), fmt.Sprintf("%s.length >= %d", otto, n))
	return eval[string](p, fmt.Sprintf("%s[%d]", otto, n-1))
}

// shot takes a screenshot.
func (p *page) shot(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o644)
	}
	if err != nil {
		p.t.Errorf("screenshot: %v", err)
	}
}

// prefers sets what the person prefers, such as a dark colour scheme.
func (p *page) prefers(feature, value string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// violation is one rule that the audit found broken.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Failure string `json:"failureSummary"`
	} `json:"nodes"`
}

// audit fails the test for every serious finding about accessibility, and for a
// page that has to be scrolled sideways.
func (p *page) audit(state string) {
	p.t.Helper()
	if over := eval[int](p, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		p.t.Errorf("%s: the page is %d pixels wider than the screen", state, over)
	}
	if !eval[bool](p, "typeof axe === 'object'") {
		p.run(axe(p.t) + ";true")
	}
	found := eval[[]violation](p, `axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations)`)
	for _, v := range found {
		if v.Impact != "serious" && v.Impact != "critical" {
			continue
		}
		for _, node := range v.Nodes {
			p.t.Errorf("%s: %s (%s): %s\n%s", state, v.ID, v.Help, node.HTML, node.Failure)
		}
	}
}

// ask makes a request of the street's API from outside the page.
func (p *page) ask(method, path, body string) {
	p.t.Helper()
	if status := p.street.Call(method, path, body, nil); status >= http.StatusBadRequest {
		p.t.Fatalf("%s %s was answered %d", method, path, status)
	}
}
