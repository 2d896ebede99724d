package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/operator"
)

const (
	// streetPatience is longer than a street takes for what it is asked.
	streetPatience = 45 * time.Second
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 20
)

// street is the operators behind the API of a running street.
type street struct {
	base   *url.URL
	client *http.Client
}

func newStreet(base *url.URL) *street {
	return &street{base: base, client: &http.Client{
		Timeout: streetPatience,
		// A street sends nobody elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *street) List(ctx context.Context, limit int) (list operator.List, err error) {
	return list, s.get(ctx, url.Values{"limit": {strconv.Itoa(limit)}}, &list, "parked")
}

func (s *street) Show(ctx context.Context, id string, reveal bool) (detail operator.Detail, err error) {
	return detail, s.get(ctx, url.Values{"reveal": {strconv.FormatBool(reveal)}}, &detail, "items", id)
}

func (s *street) Retry(ctx context.Context, id string) (operator.Outcome, error) {
	return s.act(ctx, id, "retry")
}

func (s *street) Drop(ctx context.Context, id string) (operator.Outcome, error) {
	return s.act(ctx, id, "drop")
}

func (s *street) Close(ctx context.Context, id string) (operator.Outcome, error) {
	return s.act(ctx, id, "close")
}

func (s *street) Receipt(ctx context.Context, id string, reveal bool) (receipt operator.Receipt, err error) {
	return receipt, s.get(ctx, url.Values{"reveal": {strconv.FormatBool(reveal)}}, &receipt, "receipts", id)
}

func (s *street) Handoffs(ctx context.Context, limit int) (list operator.Handoffs, err error) {
	return list, s.get(ctx, url.Values{"limit": {strconv.Itoa(limit)}}, &list, "handoffs")
}

func (s *street) Accept(ctx context.Context, who string) (outcome operator.Outcome, err error) {
	return outcome, s.do(ctx, http.MethodPost, nil, &outcome, "handoffs", who, "accept")
}

func (s *street) Release(ctx context.Context, who string) (outcome operator.Outcome, err error) {
	return outcome, s.do(ctx, http.MethodPost, nil, &outcome, "handoffs", who, "release")
}

func (s *street) Replay(ctx context.Context, who string) (replayed operator.Replay, err error) {
	return replayed, s.get(ctx, nil, &replayed, "replay", who)
}

func (s *street) act(ctx context.Context, id, verb string) (outcome operator.Outcome, err error) {
	return outcome, s.do(ctx, http.MethodPost, nil, &outcome, "items", id, verb)
}

func (s *street) get(ctx context.Context, query url.Values, into any, path ...string) error {
	return s.do(ctx, http.MethodGet, query, into, path...)
}

// do asks the operators' part of the API.
func (s *street) do(ctx context.Context, method string, query url.Values, into any, path ...string) error {
	address := "/api/operator"
	for _, part := range path {
		address += "/" + url.PathEscape(part)
	}
	body := ""
	if method == http.MethodPost {
		body = "{}"
	}
	return s.request(ctx, method, address+"?"+query.Encode(), body, into)
}

// request makes one request. An answer that is no success is the error.
func (s *street) request(ctx context.Context, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, s.base.String()+path, strings.NewReader(body))
	if err != nil {
		return errors.New("ask the street: what was given makes no address")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		// The error repeats the address, and with it whom it is about.
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err
		}
		return fmt.Errorf(`nothing answers at %s: start the local street ("make run"), name another one (ATENDE_URL), `+
			`or set FIRESTORE_PROJECT_ID and the rest of the worker's environment to work on its ledger: %w`, s.base, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the street's answer: %w", err)
	}
	var refused struct{ Error string }
	switch {
	case response.StatusCode == http.StatusOK && json.Unmarshal(answer, into) == nil:
		return nil
	case response.StatusCode != http.StatusOK && json.Unmarshal(answer, &refused) == nil && refused.Error != "":
		return errors.New(refused.Error)
	}
	return fmt.Errorf("what answers at %s is not a street of this version (status %d)", s.base, response.StatusCode)
}
