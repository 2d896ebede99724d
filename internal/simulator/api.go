package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/pii"
)

const (
	// maxRequest holds the largest file in base64 and what is around it.
	maxRequest = maxMedia/3*4 + 256<<10
	// firstTry is how long a message waits for its first delivery, so that who
	// writes two in a row sees them arrive in order.
	firstTry = 2 * time.Second
	// maxAdvance bounds one step of the time machine.
	maxAdvance = 31 * 24 * time.Hour
	// untilOpening is the time to skip to that the time machine knows by name.
	untilOpening = "opening"
	// ledgerPatience bounds reading the ledger for the page.
	ledgerPatience = 3 * time.Second
	// maxTurns bounds the turns shown of one person.
	maxTurns = 200
)

// api is what the page, and checks from outside, ask of the street.
type api struct {
	transcript *transcript
	shelf      *shelf
	writer     writer
	courier    *courier
	points     points
	archive    archive
	operator   *operator.Operator
	logs       *logs
	overview   *overview
	standings  *standings
	clock      *clock
	// noClock says why the time machine is off; empty when it is on.
	noClock string
	key     *pii.HashKey
	number  string
	parts   []part
	team    *team
	waiting func() waiting
	witness *witness
	prompts *prompts // nil where there is no model
	// sessionTTL is how long after its last turn a session ends; zero is never.
	sessionTTL time.Duration
	// opening is when the business opens next after a moment, if ever.
	opening func(after time.Time) (at time.Time, ok bool)
	// examine has the doctor look at the street, and where write is true have tasks
	// delivered.
	examine func(ctx context.Context, write bool) doctor.Report
	// done is closed when the street ends.
	done <-chan struct{}
}

// waiting is how much is on its way.
type waiting struct {
	// Webhooks were not accepted yet; Tasks did not end yet.
	Webhooks int `json:"webhooks"`
	Tasks    int `json:"tasks"`
	// Due are those of the tasks that run or whose time has come.
	Due int `json:"due"`
	// Timers are set for later; they are no tasks before their time has come.
	Timers int `json:"timers"`
}

func (a *api) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/messages", a.postMessage)
	mux.HandleFunc("POST /api/person", a.postPerson)
	mux.HandleFunc("POST /api/webhooks", a.postWebhook)
	mux.HandleFunc("GET /api/conversations", a.getConversations)
	mux.HandleFunc("GET /api/conversations/{from}", a.getConversation)
	mux.HandleFunc("GET /api/conversations/{from}/turns", a.getTurns)
	mux.HandleFunc("GET /api/conversations/{from}/scenario", a.getScenario)
	mux.HandleFunc("GET /api/conversations/{from}/inspector", a.getInspector)
	mux.HandleFunc("GET /api/turns/{id}", a.getTurn)
	mux.HandleFunc("POST /api/turns/{id}/repeat", a.postRepeat)
	mux.HandleFunc("GET /api/media/{id}", a.getMedia)
	mux.HandleFunc("GET /api/events", a.getEvents)
	mux.HandleFunc("GET /api/faults", a.getFaults)
	mux.HandleFunc("POST /api/faults", a.postFault)
	mux.HandleFunc("DELETE /api/faults", a.deleteFaults)
	mux.HandleFunc("POST /api/clock", a.postClock)
	mux.HandleFunc("GET /api/street", a.getStreet)
	mux.HandleFunc("GET /api/logs", a.getLogs)
	mux.HandleFunc("GET /api/overview", a.getOverview)
	mux.HandleFunc("GET /api/handoffs", a.getHandoffs)
	mux.HandleFunc("POST /api/doctor", a.postDoctor)
	a.registerOperator(mux)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		refuseRequest(w, http.StatusNotFound, "there is no such route, or it takes another method")
	})
}

// postMessage takes what a lead writes. It answers once the first delivery was
// tried; the message is delivered until it is accepted.
func (a *api) postMessage(w http.ResponseWriter, r *http.Request) {
	var request messageRequest
	if !decode(w, r, &request) {
		return
	}
	message, err := a.writer.write(request)
	if err != nil {
		refuseRequest(w, http.StatusBadRequest, err.Error())
		return
	}
	// Before it is sent, so that no answer overtakes it on the screen.
	a.transcript.wrote(request.From, request.Name, message.line)
	a.dispatch(w, r, message)
}

// dispatch has a webhook delivered, and answers once that was tried.
func (a *api) dispatch(w http.ResponseWriter, r *http.Request, message written) {
	tried, ok := a.courier.send(message.line.ID, message.body)
	if !ok {
		a.transcript.fail(message.line.ID, nil)
		refuseRequest(w, http.StatusServiceUnavailable, "too many webhooks wait to be accepted")
		return
	}
	patience, cancel := context.WithTimeout(r.Context(), firstTry)
	defer cancel()
	wait(patience, tried)
	answer(w, http.StatusAccepted, map[string]string{"id": message.line.ID})
}

// postWebhook delivers the webhook of a message again.
func (a *api) postWebhook(w http.ResponseWriter, r *http.Request) {
	var request struct {
		ID       string `json:"id"`
		Times    int    `json:"times"`
		Parallel bool   `json:"parallel"`
	}
	if !decode(w, r, &request) {
		return
	}
	if request.Times == 0 {
		request.Times = 1
	}
	if request.Times < 0 || request.Times > maxCopies {
		refuseRequest(w, http.StatusBadRequest, fmt.Sprintf("times: is not from 1 to %d", maxCopies))
		return
	}
	answers, known := a.courier.again(r.Context(), request.ID, request.Times, request.Parallel)
	if !known {
		refuseRequest(w, http.StatusNotFound, "id: is not that of a message written here, or it is too old")
		return
	}
	byStatus := map[string]int{}
	for status, n := range answers {
		byStatus[strconv.Itoa(status)] = n
	}
	answer(w, http.StatusOK, map[string]any{"id": request.ID, "answers": byStatus})
}

func (a *api) getConversations(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, map[string]any{"conversations": a.list(r.Context())})
}

// talk is one conversation: what changed in it, and how it stands.
type talk struct {
	news
	standing
	Conversation conversation.ID `json:"conversation,omitempty"`
	WindowUntil  time.Time       `json:"window_until,omitzero"`
}

// getConversation is one transcript, or what changed in it after a revision.
func (a *api) getConversation(w http.ResponseWriter, r *http.Request) {
	after := 0
	if given := r.URL.Query().Get("since"); given != "" {
		var err error
		if after, err = strconv.Atoi(given); err != nil || after < 0 {
			refuseRequest(w, http.StatusBadRequest, "since: is no revision")
			return
		}
	}
	from := r.PathValue("from")
	news, known := a.transcript.news(from, after)
	if !known {
		refuseRequest(w, http.StatusNotFound, "nobody wrote from there")
		return
	}
	stored, err := a.conversation(r.Context(), from)
	if err != nil {
		refuseRequest(w, http.StatusServiceUnavailable, "the ledger does not answer")
		return
	}
	now := standingOf(stored)
	answer(w, http.StatusOK, talk{news, now, now.id, now.windowUntil})
}

// getTurns is the audit record of a person's turns, newest first.
func (a *api) getTurns(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), ledgerPatience)
	defer cancel()
	stored, err := a.conversation(ctx, r.PathValue("from"))
	if err == nil && stored == nil {
		refuseRequest(w, http.StatusNotFound, "the ledger knows no such conversation")
		return
	}
	var turns []conversation.StoredTurn
	if err == nil {
		turns, err = a.archive.Turns(ctx, stored.ID, maxTurns)
	}
	if err != nil {
		refuseRequest(w, http.StatusServiceUnavailable, "the ledger does not answer")
		return
	}
	if turns == nil {
		turns = []conversation.StoredTurn{}
	}
	answer(w, http.StatusOK, map[string]any{"turns": turns})
}

func (a *api) conversation(ctx context.Context, from string) (*conversation.StoredConversation, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	return a.archive.Conversation(ctx, a.conversations(from))
}

// conversations are the ids under which a person's conversation may be known.
func (a *api) conversations(from string) []conversation.ID {
	identity := conversation.Identity{UserID: pii.Contact(from)}
	if strings.Trim(from, "0123456789") == "" {
		identity = conversation.Identity{Phone: pii.Contact(from)}
	}
	return identity.Conversations(a.key, a.number)
}

// getMedia is a file that somebody sent. It is shown in the page's own origin,
// so only what cannot run there is shown; the rest is a download.
func (a *api) getMedia(w http.ResponseWriter, r *http.Request) {
	f, ok := a.shelf.get(r.PathValue("id"))
	if !ok {
		refuseRequest(w, http.StatusNotFound, "there is no such file, or it is too old")
		return
	}
	kind, _, _ := strings.Cut(f.mime, "/")
	if shown := kind == "image" || kind == "audio" || kind == "video"; !shown || strings.Contains(f.mime, "svg") {
		w.Header().Set("Content-Disposition", "attachment")
		f.mime = "application/octet-stream"
	}
	w.Header().Set("Content-Type", f.mime)
	w.Header().Set("Content-Security-Policy", "sandbox")
	_, _ = w.Write(f.data)
}

func (a *api) getFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"points": a.points.breakings(), "armed": a.points.armed()})
}

func (a *api) postFault(w http.ResponseWriter, r *http.Request) {
	var request faultRequest
	if !decode(w, r, &request) {
		return
	}
	if err := a.points.arm(request); err != nil {
		refuseRequest(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]any{"point": request.Point, "kind": request.Kind, "times": request.Times})
}

func (a *api) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	a.points.clear()
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) postClock(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Advance string `json:"advance"`
		Until   string `json:"until"`
	}
	if !decode(w, r, &request) {
		return
	}
	if a.noClock != "" {
		refuseRequest(w, http.StatusConflict, "the time machine is off: "+a.noClock)
		return
	}
	if request.Until != "" {
		a.advanceUntil(w, request.Until, request.Advance)
		return
	}
	d, err := time.ParseDuration(request.Advance)
	switch {
	case err != nil:
		refuseRequest(w, http.StatusBadRequest, "advance: is not a duration such as 90s or 24h")
	case d < 0:
		refuseRequest(w, http.StatusBadRequest, "advance: is negative, and time only passes")
	case d > maxAdvance:
		refuseRequest(w, http.StatusBadRequest, "advance: is more than 744h, 31 days; take several steps")
	default:
		a.advance(w, d)
	}
}

// advanceUntil skips to the next time of what is named.
func (a *api) advanceUntil(w http.ResponseWriter, until, advance string) {
	now := a.clock.Now()
	at, ok := a.opening(now)
	switch {
	case until != untilOpening:
		refuseRequest(w, http.StatusBadRequest, "until: is not "+untilOpening)
	case advance != "":
		refuseRequest(w, http.StatusBadRequest, "until: is given together with advance; give one of them")
	case !ok:
		refuseRequest(w, http.StatusConflict, "until: the business does not open within a month, or never closes")
	default:
		a.advance(w, at.Sub(now))
	}
}

func (a *api) advance(w http.ResponseWriter, d time.Duration) {
	now := a.clock.Advance(d)
	a.transcript.stir()
	answer(w, http.StatusOK, map[string]any{"now": now.UTC(), "advanced": d.String()})
}

func (a *api) getStreet(w http.ResponseWriter, _ *http.Request) {
	now := a.clock.Now()
	street := map[string]any{
		"parts": a.parts, "now": now.UTC(), "clock_off": a.noClock, "waiting": a.waiting(),
		"packs": a.operator.Minds.Packs, "pack": a.operator.Minds.Pack, "models": models(a.operator.Minds),
	}
	if at, ok := a.opening(now); ok {
		street["next_opening"] = at
	}
	answer(w, http.StatusOK, street)
}

// getHandoffs is what the team was told, oldest first.
func (a *api) getHandoffs(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"handoffs": a.team.told()})
}

// postDoctor examines the street. It is no GET, which any page could make: a real
// model is paid for its answer.
func (a *api) postDoctor(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Write bool `json:"write"`
	}
	if decode(w, r, &request) {
		answer(w, http.StatusOK, a.examine(r.Context(), request.Write))
	}
}

func (a *api) getLogs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	for _, event := range a.logs.newest() {
		_, _ = w.Write(append(event, '\n'))
	}
}

// decode reads the request's body. It answers the request itself when that
// cannot be read.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	// A misspelt name must not pass for something that was left out.
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		_, err = decoder.Token()
	}
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF) && decoder.InputOffset() > 0:
		return true
	case errors.As(err, &tooLarge):
		refuseRequest(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("body: is more than %d MiB", maxRequest>>20))
	case errors.As(err, &wrongType) && wrongType.Field != "":
		refuseRequest(w, http.StatusBadRequest, wrongType.Field+": is a "+wrongType.Value)
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field"):
		refuseRequest(w, http.StatusBadRequest, "body: has a field that is not known: "+strings.TrimPrefix(err.Error(), "json: unknown field "))
	default:
		refuseRequest(w, http.StatusBadRequest, "body: is not one JSON object")
	}
	return false
}

func refuseRequest(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"error": why})
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	// What was exchanged is shown byte for byte, as it was signed; the content's
	// type and nosniff keep it from being read as a page.
	encoder.SetEscapeHTML(false)
	// A reader that left is the only thing that can go wrong here.
	_ = encoder.Encode(value)
}
