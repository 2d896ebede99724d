package openaitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Request is one well-formed request that reached the model.
type Request struct {
	Model      string
	Messages   []Message
	SchemaName string
	// Schema is nil when plain text was asked for.
	Schema    json.RawMessage
	Strict    bool
	Store     *bool // nil when not said; OpenAI may then keep the exchange
	CacheKey  string
	MaxTokens int
	// Parameters are the other arguments that shape an answer, such as
	// temperature, as they came; nil when there are none.
	Parameters map[string]json.RawMessage
	// Attempt is the SDK's own retry count; anything but zero says that a
	// retry policy is at work which the caller does not own.
	Attempt string
}

// Reply is what the model says. The zero value is an empty answer.
type Reply struct {
	Content string
	// Refusal is set instead of Content when the model declines.
	Refusal string
	// Finish is the finish reason; empty means stop.
	Finish string
	// Fault is what goes wrong with this reply; its Times do not count.
	Fault Fault
	// missing says why there is no reply, where there is none.
	missing string
}

type wireRequest struct {
	Model               string           `json:"model"`
	Messages            []Message        `json:"messages"`
	ResponseFormat      *wireFormat      `json:"response_format"`
	Store               *bool            `json:"store"`
	PromptCacheKey      string           `json:"prompt_cache_key"`
	MaxCompletionTokens *int             `json:"max_completion_tokens"`
	Stream              bool             `json:"stream"`
	Temperature         *json.RawMessage `json:"temperature"`
	TopP                *json.RawMessage `json:"top_p"`
	Seed                *json.RawMessage `json:"seed"`
	N                   *int             `json:"n"`
	User                string           `json:"user"`
	SafetyIdentifier    string           `json:"safety_identifier"`
	ServiceTier         string           `json:"service_tier"`
	ReasoningEffort     string           `json:"reasoning_effort"`
	Verbosity           string           `json:"verbosity"`
	CacheRetention      string           `json:"prompt_cache_retention"`
}

type wireFormat struct {
	Type       string `json:"type"`
	JSONSchema *struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Strict      *bool           `json:"strict"`
		Schema      json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

type wireCompletion struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created int64        `json:"created"`
	Model   string       `json:"model"`
	Choices []wireChoice `json:"choices"`
	Usage   wireUsage    `json:"usage"`
}

type wireChoice struct {
	Index   int `json:"index"`
	Message struct {
		Role    string  `json:"role"`
		Content *string `json:"content"`
		Refusal *string `json:"refusal"`
	} `json:"message"`
	FinishReason string `json:"finish_reason"`
}

type wireUsage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
	PromptDetails    struct {
		CachedTokens int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

type wireError struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Code    *string `json:"code"`
		Param   *string `json:"param"`
	} `json:"error"`
}

// decode reads a request and refuses arguments it does not know: OpenAI does
// too, and a misspelt argument must not pass for one that works.
func decode(body []byte) (Request, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var w wireRequest
	if err := dec.Decode(&w); err != nil {
		return Request{}, fmt.Errorf("request body: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Request{}, errors.New("request body: data after the JSON value")
	}
	r := Request{Model: w.Model, Messages: w.Messages, Store: w.Store, CacheKey: w.PromptCacheKey}
	if w.MaxCompletionTokens != nil {
		if *w.MaxCompletionTokens < 1 {
			return Request{}, errors.New("max_completion_tokens: must be at least 1")
		}
		r.MaxTokens = *w.MaxCompletionTokens
	}
	switch {
	case w.Model == "":
		return Request{}, errors.New("model: required")
	case len(w.Messages) == 0:
		return Request{}, errors.New("messages: must not be empty")
	case w.Stream, w.N != nil && *w.N != 1:
		return Request{}, errors.New("stream and n: one whole answer at a time")
	case len(w.PromptCacheKey) > 1024:
		return Request{}, errors.New("prompt_cache_key: too long")
	}
	r.Parameters = w.parameters()
	for i, m := range w.Messages {
		switch m.Role {
		case "system", "developer", "user", "assistant":
		default:
			return Request{}, fmt.Errorf("messages[%d].role: unknown role", i)
		}
	}
	return withFormat(r, w.ResponseFormat)
}

// parameters are the arguments that a model listens to and that Request has no
// field for.
func (w wireRequest) parameters() map[string]json.RawMessage {
	given := map[string]json.RawMessage{}
	for name, value := range map[string]*json.RawMessage{"temperature": w.Temperature, "top_p": w.TopP, "seed": w.Seed} {
		if value != nil {
			given[name] = *value
		}
	}
	for name, word := range map[string]string{"reasoning_effort": w.ReasoningEffort, "verbosity": w.Verbosity} {
		if word != "" {
			given[name] = json.RawMessage(encode(word))
		}
	}
	if len(given) == 0 {
		return nil
	}
	return given
}

func withFormat(r Request, format *wireFormat) (Request, error) {
	if format == nil || format.Type == "text" {
		return r, nil
	}
	if format.Type != "json_schema" || format.JSONSchema == nil {
		return Request{}, errors.New("response_format: want json_schema with a json_schema")
	}
	s := format.JSONSchema
	if !schemaName.MatchString(s.Name) {
		return Request{}, errors.New("response_format.json_schema.name: want 1-64 of a-z, A-Z, 0-9, _ and -")
	}
	r.SchemaName, r.Schema = s.Name, s.Schema
	r.Strict = s.Strict != nil && *s.Strict
	if r.Strict {
		if err := checkStrict(s.Schema); err != nil {
			return Request{}, fmt.Errorf("invalid schema for response_format %q: %w", s.Name, err)
		}
	}
	return r, nil
}
