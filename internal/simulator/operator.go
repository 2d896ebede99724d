package simulator

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/operator"
)

// operatorPatience bounds what an operator asks for: a replay reads a whole
// conversation.
const operatorPatience = 30 * time.Second

// registerOperator adds what operators may do, for the command "atende" that
// finds no ledger of its own.
func (a *api) registerOperator(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/operator/parked", a.getParked)
	mux.HandleFunc("GET /api/operator/items/{id}", a.getItem)
	mux.HandleFunc("POST /api/operator/items/{id}/retry", a.postAct(a.operator.Retry))
	mux.HandleFunc("POST /api/operator/items/{id}/drop", a.postAct(a.operator.Drop))
	mux.HandleFunc("POST /api/operator/items/{id}/close", a.postAct(a.operator.Close))
	mux.HandleFunc("GET /api/operator/receipts/{id}", a.getReceipt)
	mux.HandleFunc("GET /api/operator/replay/{who}", a.getReplay)
	mux.HandleFunc("GET /api/operator/handoffs", a.getOpenHandoffs)
	mux.HandleFunc("POST /api/operator/handoffs/{id}/accept", a.postAct(a.operator.Accept))
	mux.HandleFunc("POST /api/operator/handoffs/{id}/release", a.postAct(a.operator.Release))
}

func (a *api) getParked(w http.ResponseWriter, r *http.Request) {
	if limit, ok := limitOf(w, r); ok {
		answerOperator(w, r, func(ctx context.Context) (any, error) { return a.operator.List(ctx, limit) })
	}
}

func (a *api) getOpenHandoffs(w http.ResponseWriter, r *http.Request) {
	if limit, ok := limitOf(w, r); ok {
		answerOperator(w, r, func(ctx context.Context) (any, error) { return a.operator.Handoffs(ctx, limit) })
	}
}

// limitOf is how long a list may be; zero when it does not matter. It answers
// the request itself when that cannot be read.
func limitOf(w http.ResponseWriter, r *http.Request) (limit int, ok bool) {
	given := r.URL.Query().Get("limit")
	if given == "" {
		return 0, true
	}
	limit, err := strconv.Atoi(given)
	if err != nil || limit < 1 || limit > operator.MaxLimit {
		refuseRequest(w, http.StatusBadRequest, "limit: is not a number from 1 to "+strconv.Itoa(operator.MaxLimit))
		return 0, false
	}
	return limit, true
}

func (a *api) getItem(w http.ResponseWriter, r *http.Request) {
	answerOperator(w, r, func(ctx context.Context) (any, error) {
		return a.operator.Show(ctx, r.PathValue("id"), r.URL.Query().Get("reveal") == "true")
	})
}

func (a *api) getReceipt(w http.ResponseWriter, r *http.Request) {
	answerOperator(w, r, func(ctx context.Context) (any, error) {
		return a.operator.Receipt(ctx, r.PathValue("id"), r.URL.Query().Get("reveal") == "true")
	})
}

func (a *api) postAct(act func(context.Context, string) (operator.Outcome, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !decode(w, r, &struct{}{}) {
			return
		}
		answerOperator(w, r, func(ctx context.Context) (any, error) { return act(ctx, r.PathValue("id")) })
		a.transcript.stir()
	}
}

func (a *api) getReplay(w http.ResponseWriter, r *http.Request) {
	answerOperator(w, r, func(ctx context.Context) (any, error) { return a.operator.Replay(ctx, r.PathValue("who")) })
}

// answerOperator answers with what came of something, or with why nothing did.
func answerOperator(w http.ResponseWriter, r *http.Request, do func(context.Context) (any, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), operatorPatience)
	defer cancel()
	value, err := do(ctx)
	if err == nil {
		answer(w, http.StatusOK, value)
		return
	}
	body := map[string]string{"error": err.Error()}
	status := http.StatusInternalServerError
	var refused *operator.Refusal
	var unfinished *operator.Unfinished
	switch {
	case errors.As(err, &unfinished):
		status = http.StatusBadGateway
	case errors.As(err, &refused):
		status = http.StatusConflict
		switch refused.Code {
		case operator.Unknown:
			status = http.StatusNotFound
		case operator.NoPack:
			status = http.StatusBadRequest
		}
		body["code"] = string(refused.Code)
	case fault.Is(err, fault.Conflict):
		status = http.StatusConflict
	case fault.Is(err, fault.Dependency), fault.Is(err, fault.Throttled):
		status = http.StatusServiceUnavailable
	}
	answer(w, status, body)
}
