package openai

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// Defaults of [Options].
const (
	DefaultTimeout = 20 * time.Second
	DefaultModel   = "gpt-4o-mini"
	defaultBaseURL = "https://api.openai.com/v1"
)

// maxBody bounds what is read of an answer. A decision is a few KiB; more is
// not a decision.
const maxBody = 1 << 20

// Options are what [New] needs.
type Options struct {
	// APIKey is asked at every call, concurrently, and must be quick: it is
	// expected to cache.
	APIKey func(ctx context.Context) (pii.Secret, error)
	// BaseURL is the API's address with its version path; empty is OpenAI's.
	BaseURL string
	// Model is the model's name; empty is [DefaultModel].
	Model string
	// Timeout bounds one call, reading the answer included; zero is
	// [DefaultTimeout].
	Timeout time.Duration
	// HTTPClient is shared by all calls; nil makes one of its own.
	HTTPClient *http.Client
	// Now is the clock of the breaker; nil is the wall clock.
	Now func() time.Time
}

// Client asks one model of one provider. It is safe for concurrent use and
// satisfies [otto.Model].
type Client struct {
	caller
	service sdk.ChatCompletionService
	model   string
	prices  prices
}

// complete fills in what is left to the package.
func (o Options) complete() Options {
	if o.BaseURL == "" {
		o.BaseURL = defaultBaseURL
	}
	if o.Model == "" {
		o.Model = DefaultModel
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.HTTPClient == nil {
		o.HTTPClient = newHTTPClient()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// requestOptions are those of a service of the SDK. It is made directly: the
// SDK's client would read keys, addresses and headers from the environment.
func (o Options) requestOptions() []option.RequestOption {
	bounded := *o.HTTPClient
	bounded.Transport = boundedTransport{next: o.HTTPClient.Transport}
	return []option.RequestOption{
		option.WithBaseURL(o.BaseURL), option.WithHTTPClient(&bounded), option.WithMaxRetries(0),
	}
}

// New makes a Client. It makes no call.
func New(o Options) *Client {
	o = o.complete()
	return &Client{
		caller:  o.caller(),
		service: sdk.NewChatCompletionService(o.requestOptions()...),
		model:   o.Model,
		prices:  newPrices(),
	}
}

// Complete asks once, as [otto.Model] says.
func (c *Client) Complete(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
	said := otto.Completion{Model: c.model}
	err := c.call(ctx, func(ctx context.Context, how ...option.RequestOption) error {
		answer, err := c.service.New(ctx, c.params(p), how...)
		if err == nil {
			said = completion(answer)
			said.CostMicroUSD = c.prices.cost(said)
		}
		return err
	}, func(err error, response *http.Response) error {
		said.Outcome, err = judge(ctx, err, response)
		if fault.Is(err, fault.Broken) && carries(p) && refusedContent(response) {
			// A file that the model cannot read, or a model that reads none: nothing
			// of ours is broken, and asking again would not help.
			said.Outcome, err = otto.OutcomeFilter, nil
		}
		return err
	})
	if err != nil {
		return otto.Completion{}, fmt.Errorf("openai: complete: %w", err)
	}
	return said, nil
}

func (c *Client) params(p otto.Prompt) sdk.ChatCompletionNewParams {
	params := sdk.ChatCompletionNewParams{
		Model: c.model,
		// Nothing that a lead wrote is to be kept by the provider.
		Store: param.NewOpt(false),
	}
	for _, m := range p.Messages {
		params.Messages = append(params.Messages, message(m))
	}
	if p.CacheKey != "" {
		params.PromptCacheKey = param.NewOpt(p.CacheKey)
	}
	if p.MaxTokens > 0 {
		params.MaxCompletionTokens = param.NewOpt(int64(p.MaxTokens))
	}
	if len(p.Schema) > 0 {
		params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
				Name:   p.SchemaName,
				Strict: param.NewOpt(true),
				Schema: p.Schema,
			},
		}
	}
	return params
}

func message(m otto.PromptMessage) sdk.ChatCompletionMessageParamUnion {
	switch m.Role {
	case otto.RoleSystem:
		return sdk.SystemMessage(m.Content)
	case otto.RoleAssistant:
		return sdk.AssistantMessage(m.Content)
	default:
		// What is not ours to say is said by the user.
		if len(m.Files) == 0 {
			return sdk.UserMessage(m.Content)
		}
		return sdk.UserMessage(parts(m))
	}
}

// parts are a message's text and, after it, its files.
func parts(m otto.PromptMessage) []sdk.ChatCompletionContentPartUnionParam {
	list := []sdk.ChatCompletionContentPartUnionParam{sdk.TextContentPart(m.Content)}
	for _, f := range m.Files {
		data := "data:" + f.MIME + ";base64," + base64.StdEncoding.EncodeToString(f.Data)
		switch {
		case strings.HasPrefix(f.MIME, "image/"):
			list = append(list, sdk.ImageContentPart(sdk.ChatCompletionContentPartImageImageURLParam{
				// One price whatever its size, and enough to see what it shows.
				URL: data, Detail: "low",
			}))
		case strings.HasPrefix(f.MIME, "text/"):
			list = append(list, sdk.TextContentPart(strings.ToValidUTF8(string(f.Data), "\uFFFD")))
		default:
			list = append(list, sdk.FileContentPart(sdk.ChatCompletionContentPartFileFileParam{
				// Its own name is nothing to the model, and may be somebody's.
				Filename: param.NewOpt("file" + extension(f.MIME)), FileData: param.NewOpt(data),
			}))
		}
	}
	return list
}

func extension(mime string) string {
	if mime == "application/pdf" {
		return ".pdf"
	}
	return ".bin"
}

// carries reports whether a prompt has files, which are what a lead sent.
func carries(p otto.Prompt) bool {
	return slices.ContainsFunc(p.Messages, func(m otto.PromptMessage) bool { return len(m.Files) > 0 })
}

func completion(a *sdk.ChatCompletion) otto.Completion {
	c := otto.Completion{
		Outcome:      otto.OutcomeEmpty,
		Model:        a.Model,
		TokensIn:     a.Usage.PromptTokens,
		TokensOut:    a.Usage.CompletionTokens,
		TokensCached: a.Usage.PromptTokensDetails.CachedTokens,
	}
	if len(a.Choices) == 0 {
		return c
	}
	choice := a.Choices[0]
	switch {
	case choice.Message.Refusal != "":
		c.Outcome = otto.OutcomeRefusal
	case choice.FinishReason == "content_filter":
		c.Outcome = otto.OutcomeFilter
	case choice.FinishReason == "length":
		c.Outcome = otto.OutcomeLength
	case strings.TrimSpace(choice.Message.Content) != "":
		c.Outcome, c.Text = otto.OutcomeOK, choice.Message.Content
	}
	return c
}

// newHTTPClient keeps connections to the one host that is called, so that a
// turn pays no handshake, and follows no redirect: an API that moves is a
// wrong configuration.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          64,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ExpectContinueTimeout: time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
