package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// What a street says of its parts.
const (
	ingressPart = "ingress"
	redisPart   = "redis"
	noRedis     = "none"
)

// Street is a local street: where its ingress is, and its log.
type Street struct {
	Ingress *url.URL
	// WithoutRedis says that its services keep hints in their own memory.
	WithoutRedis bool

	page   *url.URL
	client *http.Client
}

// FindStreet finds the street that an address belongs to: that of its page, or of
// its ingress, whose port follows the page's.
func FindStreet(ctx context.Context, at *url.URL) (*Street, error) {
	s := &Street{client: &http.Client{Timeout: requestPatience}}
	candidates := []*url.URL{at}
	if port, err := strconv.Atoi(at.Port()); err == nil && port > 1 {
		candidates = append(candidates, &url.URL{Scheme: at.Scheme, Host: at.Hostname() + ":" + strconv.Itoa(port-1)})
	}
	var failure error
	for _, page := range candidates {
		var street struct {
			Parts []struct{ Name, Variant, What string }
		}
		answer, err := s.ask(ctx, page, "/api/street")
		if err == nil {
			err = json.Unmarshal(answer, &street)
		}
		if err != nil {
			failure = errors.Join(failure, err)
			continue
		}
		for _, part := range street.Parts {
			switch part.Name {
			case ingressPart:
				s.page, s.Ingress = page, &url.URL{Scheme: "http", Host: part.What}
			case redisPart:
				s.WithoutRedis = part.Variant == noRedis
			}
		}
		if s.Ingress != nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf(`no local street answers there (start one with "make run"): %w`, failure)
}

// Lines implements [Log].
func (s *Street) Lines(ctx context.Context, correlation string) ([]Line, error) {
	log, err := s.ask(ctx, s.page, "/api/logs")
	if err != nil {
		return nil, err
	}
	var lines []Line
	for text := range bytes.Lines(log) {
		var about struct {
			Correlation string `json:"correlation_id"`
		}
		if json.Unmarshal(text, &about) != nil || about.Correlation != correlation {
			continue
		}
		line, err := read(text)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// ask is what a street's page answers.
func (s *Street) ask(ctx context.Context, page *url.URL, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page.Scheme+"://"+page.Host+path, http.NoBody)
	if err != nil {
		return nil, errors.New("what was given makes no address")
	}
	status, body, err := do(s.client, request)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("what answers is no street of this version (status %d)", status)
	}
	return body, nil
}
