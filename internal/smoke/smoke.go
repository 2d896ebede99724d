package smoke

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed" // What is asked is a file.
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// requestPatience bounds one request: a service that is asleep wakes within it.
	requestPatience = 30 * time.Second
	// maxAnswer bounds what is read of an answer: a street's log is the longest.
	maxAnswer = 64 << 20
	// foreign is the phone_number_id of nobody: it has a letter in it.
	foreign = "nobody-0"
	// stranger is whom a status of nobody's message is about. Numbers that begin
	// with a nought are nobody's.
	stranger = "00000000000"

	webhookPath       = "/webhook/whatsapp"
	headerCorrelation = "X-Correlation-Id"
)

//go:embed question.txt
var question string

// Line is what is read of one line of the services' log.
type Line struct {
	Service  string // atende-ingress or atende-worker
	Revision string // of the service; empty where there are none
	Severity string
	Event    string // what happened
	Fate     string // what became of a task
	Turn     string
	Phase    string // how far the turn's answer got
	Reason   string // words
	Unknown  int    // statuses that are of no message of ours
}

// Log is the services' log.
type Log interface {
	// Lines are the lines that carry a correlation id, as far as they have come in.
	Lines(ctx context.Context, correlation string) ([]Line, error)
}

// Options are what a trial needs. All are required but Contact, which Quiet
// does without, WithoutRedis and Revision.
type Options struct {
	// Ingress is the address of the ingress: scheme and host.
	Ingress     *url.URL
	AppSecret   pii.Secret
	VerifyToken pii.Secret
	// Number is our phone_number_id.
	Number string
	// Contact is who writes the message, and gets the answer.
	Contact string
	Log     Log
	// WithoutRedis says that there is none, which the services would hide.
	WithoutRedis bool
	// Revision is the worker's that has to do the work; empty is any.
	Revision string
	// Patience is how long the ingress may take to be ready, and the log to show what
	// happened; Pause is how long is waited before either is asked again.
	Patience, Pause time.Duration
}

// Finding is one check and what was seen.
type Finding struct {
	Check string
	OK    bool
	Saw   string
}

// trial is one run of checks.
type trial struct {
	Options
	client *http.Client
	pen    whatsapptest.Pen
}

func begin(o Options) *trial {
	return &trial{
		Options: o,
		client: &http.Client{
			Timeout: requestPatience,
			// A service sends nobody elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		pen: whatsapptest.Pen{AppSecret: firstSecret(o.AppSecret), PhoneNumberID: o.Number},
	}
}

// firstSecret is the newest of a list of secrets.
func firstSecret(list pii.Secret) []byte {
	first, _, _ := strings.Cut(list.Reveal(), ",")
	return []byte(strings.TrimSpace(first))
}

// Checklist is the whole trial: one message is written, and answered.
func Checklist(ctx context.Context, o Options) []Finding {
	t := begin(o)
	defer t.client.CloseIdleConnections()
	findings := []Finding{t.health(ctx), t.challenge(ctx)}

	body := t.pen.Text(o.Contact, "", strings.TrimSpace(question))
	first, again := newCorrelation(), newCorrelation()
	posted := t.post(ctx, "webhook", body, first, tally{Events: 1, Enqueued: 1})
	if posted.OK {
		posted = t.refusesStrangers(ctx, posted, body)
	}
	findings = append(findings, posted)
	if !posted.OK {
		for _, check := range []string{"answer", "logs", "sessions", "duplicates"} {
			findings = append(findings, failed(check, "not tried: no message was taken in"))
		}
		return findings
	}
	// At once, so that there is no answer yet which the second could be held against.
	repeated := t.post(ctx, "duplicates", body, again, tally{Events: 1, Duplicates: 1})

	lines, err := t.await(ctx, first, func(lines []Line) bool {
		return find(lines, answered) != nil && find(lines, received) != nil
	})
	if err == nil && repeated.OK {
		var more []Line
		more, err = t.await(ctx, again, func(lines []Line) bool { return find(lines, received) != nil })
		lines = append(lines, more...)
	}
	findings = append(findings, t.answer(lines, err), structured(lines), t.sessions(ctx, lines))
	return append(findings, once(repeated, lines))
}

// Quiet is the trial that answers nobody: a message to a number that is not ours,
// which the ingress counts and leaves alone, and a status of a message that nobody
// sent, which travels the whole way and changes nothing.
func Quiet(ctx context.Context, o Options) []Finding {
	t := begin(o)
	defer t.client.CloseIdleConnections()
	findings := []Finding{t.health(ctx), t.challenge(ctx)}

	elsewhere := whatsapptest.Pen{AppSecret: t.pen.AppSecret, PhoneNumberID: foreign}
	ignored := t.post(ctx, "webhook", elsewhere.Text(stranger, "", strings.TrimSpace(question)), newCorrelation(),
		tally{Events: 1, Ignored: 1})
	status := t.pen.Status(stranger, whatsapptest.MessageID(stranger), whatsapp.StateDelivered, "", 0)
	if ignored.OK {
		ignored = t.refusesStrangers(ctx, ignored, status)
	}
	findings = append(findings, ignored)

	id := newCorrelation()
	crossed := t.post(ctx, "queue", status, id, tally{Events: 1, Enqueued: 1})
	if !crossed.OK {
		return append(findings, crossed, failed("logs", "not tried: no status was taken in"))
	}
	lines, err := t.await(ctx, id, func(lines []Line) bool {
		return find(lines, applied) != nil && find(lines, received) != nil
	})
	return append(findings, t.crossed(lines, err), structured(lines))
}

// Passed says whether all is well.
func Passed(findings []Finding) bool {
	for _, f := range findings {
		if !f.OK {
			return false
		}
	}
	return len(findings) > 0
}

// health waits for an ingress that is healthy and ready: an address that was made just
// now may take some seconds to lead anywhere.
func (t *trial) health(ctx context.Context) Finding {
	const check = "health"
	var saw string
	var err error
	ok := t.again(ctx, func(ctx context.Context) bool {
		saw, err = t.healthy(ctx)
		return err == nil
	})
	if !ok {
		return failed(check, err.Error())
	}
	return Finding{check, true, saw}
}

func (t *trial) healthy(ctx context.Context) (saw string, err error) {
	var health struct{ Status, Service, Version string }
	status, body, err := t.get(ctx, "/health", nil)
	switch {
	case err != nil:
		return "", err
	case status != http.StatusOK || json.Unmarshal(body, &health) != nil || health.Status != "healthy" || health.Service != ingress:
		return "", fmt.Errorf("/health answers %d, and not that an ingress is healthy", status)
	}
	ready, err := t.ready(ctx)
	switch {
	case err != nil:
		return "", err
	case ready.Status != "ready":
		return "", errors.New("/ready answers that it is not: " + ready.String())
	}
	return fmt.Sprintf("200 from %s %s; ready: %s", health.Service, health.Version, ready), nil
}

// readiness is what /ready says.
type readiness struct {
	Status string
	Checks map[string]struct{ Status string }
}

func (r readiness) String() string {
	if len(r.Checks) == 0 {
		return "no dependency was asked"
	}
	var words []string
	for _, name := range []string{"redis", "tasks"} {
		if check, ok := r.Checks[name]; ok {
			words = append(words, name+" "+check.Status)
		}
	}
	return strings.Join(words, ", ")
}

func (t *trial) ready(ctx context.Context) (r readiness, err error) {
	status, body, err := t.get(ctx, "/ready", nil)
	if err != nil {
		return r, err
	}
	if json.Unmarshal(body, &r) != nil || r.Status == "" {
		return r, fmt.Errorf("/ready answers %d, and not how it is", status)
	}
	return r, nil
}

// challenge asks as Meta does when a webhook is registered, and once with a token
// that is wrong.
func (t *trial) challenge(ctx context.Context) Finding {
	const check = "challenge"
	echo := rand.Text()
	ask := func(token string) (int, []byte, error) {
		return t.get(ctx, webhookPath, url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {token}, "hub.challenge": {echo}})
	}
	status, body, err := ask(t.VerifyToken.Reveal())
	switch {
	case err != nil:
		return failed(check, err.Error())
	case status != http.StatusOK || string(body) != echo:
		return failed(check, fmt.Sprintf("answered %d, and not with the challenge: another verify token, perhaps", status))
	}
	switch status, _, err = ask(rand.Text()); {
	case err != nil:
		return failed(check, err.Error())
	case status != http.StatusForbidden:
		return failed(check, fmt.Sprintf("a wrong verify token is answered %d instead of 403", status))
	}
	return Finding{check, true, "returned; 403 for a wrong token"}
}

// tally is what the ingress says it did.
type tally struct{ Events, Enqueued, Duplicates, Ignored, Quarantined int }

// post sends a webhook and expects the ingress to do this with it.
func (t *trial) post(ctx context.Context, check string, body []byte, correlation string, want tally) Finding {
	request := t.pen.Request(ctx, t.address(webhookPath), body)
	request.Header.Set(headerCorrelation, correlation)
	status, answer, err := t.do(request)
	var got tally
	switch {
	case err != nil:
		return failed(check, err.Error())
	case status == http.StatusUnauthorized:
		return failed(check, "answered 401: what signs here is not the app secret there")
	case status != http.StatusOK:
		return failed(check, fmt.Sprintf("answered %d", status))
	case json.Unmarshal(answer, &got) != nil || got != want:
		return failed(check, fmt.Sprintf("answered 200 with %+v instead of %+v", got, want))
	}
	return Finding{check, true, fmt.Sprintf("200: %d enqueued, %d duplicates, %d ignored", got.Enqueued, got.Duplicates, got.Ignored)}
}

// refusesStrangers posts what nobody signed, and adds to what was found.
func (t *trial) refusesStrangers(ctx context.Context, so Finding, body []byte) Finding {
	request := t.pen.Request(ctx, t.address(webhookPath), body)
	request.Header.Del(whatsapp.SignatureHeader)
	switch status, _, err := t.do(request); {
	case err != nil:
		return failed(so.Check, err.Error())
	case status != http.StatusUnauthorized:
		return failed(so.Check, fmt.Sprintf("what nobody signed is answered %d instead of 401", status))
	}
	so.Saw += "; 401 for what nobody signed"
	return so
}

func (t *trial) answer(lines []Line, err error) Finding {
	const check = "answer"
	line := find(lines, answered)
	switch {
	case line == nil && err != nil:
		return failed(check, err.Error())
	case line == nil:
		return failed(check, "the log shows no answer")
	case line.Phase != "SENT":
		return failed(check, fmt.Sprintf("the turn ended %s by %s, and its answer is %s", line.Fate, words(line.Reason), words(line.Phase)))
	}
	if wrong := t.elsewhere(line); wrong != "" {
		return failed(check, wrong)
	}
	return Finding{check, true, fmt.Sprintf("%s: sent, found by %s%s", line.Event, words(line.Reason), by(line))}
}

func (t *trial) crossed(lines []Line, err error) Finding {
	const check = "queue"
	line := find(lines, applied)
	switch {
	case line == nil && err != nil:
		return failed(check, err.Error())
	case line == nil:
		return failed(check, "the log shows nothing of the worker")
	case line.Unknown != 1:
		return failed(check, "the worker did not say that it knows no such message")
	}
	if wrong := t.elsewhere(line); wrong != "" {
		return failed(check, wrong)
	}
	return Finding{check, true, fmt.Sprintf("%s: crossed the queue, of no message of ours%s", line.Event, by(line))}
}

// elsewhere says that another revision did the work.
func (t *trial) elsewhere(line *Line) string {
	if t.Revision == "" || line.Revision == t.Revision {
		return ""
	}
	return fmt.Sprintf("the work was done by %s instead of %s", words(line.Revision), t.Revision)
}

// structured says whether both services told of it, in a form that can be searched.
func structured(lines []Line) Finding {
	const check = "logs"
	told := map[string]bool{}
	for _, line := range lines {
		if line.Event == "" || line.Severity == "" {
			return failed(check, "a line has no event or no severity")
		}
		told[line.Service] = true
	}
	for _, service := range []string{ingress, worker} {
		if !told[service] {
			return failed(check, "no line of "+service+" carries the correlation id")
		}
	}
	return Finding{check, true, fmt.Sprintf("%d structured lines of both services, found by correlation id", len(lines))}
}

// sessions says whether Redis has the conversation. The turn says so itself: it
// keeps the session there before it ends, and tells when that failed.
func (t *trial) sessions(ctx context.Context, lines []Line) Finding {
	const check = "sessions"
	line := find(lines, answered)
	switch {
	case t.WithoutRedis:
		return failed(check, "there is no Redis: the services keep sessions in their own memory")
	case line == nil:
		return failed(check, "not seen: no turn ended")
	case strings.Contains(" "+line.Reason+" ", " hint_unavailable "):
		return failed(check, "the turn could not keep its session in Redis")
	}
	ready, err := t.ready(ctx)
	switch {
	case err != nil:
		return failed(check, err.Error())
	case ready.Checks["redis"].Status != "ok":
		return failed(check, "/ready does not say that Redis is ok: "+ready.String())
	}
	return Finding{check, true, "Redis is ok, and the turn kept its session there"}
}

// once says whether a repeated webhook was recognised, and answered no second time.
func once(repeated Finding, lines []Line) Finding {
	if !repeated.OK {
		return repeated
	}
	answers := 0
	for _, line := range lines {
		if answered(line) {
			answers++
		}
	}
	if answers != 1 {
		return failed(repeated.Check, fmt.Sprintf("%s, and the log shows %d answers", repeated.Saw, answers))
	}
	repeated.Saw += "; one answer"
	return repeated
}

// await reads the log until it shows enough.
func (t *trial) await(ctx context.Context, correlation string, enough func([]Line) bool) (lines []Line, err error) {
	shown := t.again(ctx, func(ctx context.Context) bool {
		var seen []Line
		if seen, err = t.Log.Lines(ctx, correlation); err != nil {
			return ctx.Err() == nil
		}
		lines = seen
		return enough(lines)
	})
	if !shown {
		err = fmt.Errorf("not in the log after %s", t.Patience)
	}
	return lines, err
}

// again asks until the answer is yes or patience ends.
func (t *trial) again(ctx context.Context, ask func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, t.Patience)
	defer cancel()
	pause := time.NewTicker(t.Pause)
	defer pause.Stop()
	for !ask(ctx) {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (t *trial) address(path string) string { return t.Ingress.Scheme + "://" + t.Ingress.Host + path }

func (t *trial) get(ctx context.Context, path string, query url.Values) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.address(path)+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return 0, nil, errors.New("what was given makes no address")
	}
	return t.do(request)
}

func (t *trial) do(request *http.Request) (int, []byte, error) { return do(t.client, request) }

// do makes a request. Its error does not repeat the address, which holds a token.
func do(client *http.Client, request *http.Request) (int, []byte, error) {
	response, err := client.Do(request)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err
		}
		return 0, nil, fmt.Errorf("nothing answers: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("read an answer: %w", err)
	}
	return response.StatusCode, bytes.TrimSpace(body), nil
}

func newCorrelation() string { return "smoke-" + strings.ToLower(rand.Text()) }

func failed(check, saw string) Finding { return Finding{Check: check, Saw: saw} }

// words are some for people, also where there are none.
func words(text string) string {
	if text == "" {
		return "nothing said"
	}
	return text
}

func by(line *Line) string {
	if line.Revision == "" {
		return ""
	}
	return ", by " + line.Revision
}
