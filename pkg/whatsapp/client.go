package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Defaults of Options.
const (
	DefaultBaseURL    = "https://graph.facebook.com"
	DefaultAPIVersion = "v26.0"
	DefaultTimeout    = 20 * time.Second
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// Options configures a Client.
type Options struct {
	// BaseURL is scheme and host; empty means DefaultBaseURL.
	BaseURL string
	// APIVersion is Graph's version, "vNN.N"; empty means DefaultAPIVersion.
	APIVersion string
	// Token returns the access token. It is asked before every request, so that
	// a rotated token is picked up; it should answer from a cache.
	Token func(ctx context.Context) (string, error)
	// HTTPClient is copied; nil means one over NewTransport. The copy follows no
	// redirects whatever the original does. Its transport must not retry.
	HTTPClient *http.Client
	// Timeout bounds each call, within the caller's context; zero means
	// DefaultTimeout.
	Timeout time.Duration
	// MediaHosts are the hosts that media may be downloaded from, "*.example.com"
	// for all below one; nil means DefaultMediaHosts. Where BaseURL is on a
	// loopback address without TLS, its own host is allowed too.
	MediaHosts []string
	// MediaTimeout bounds each download and upload, within the caller's context;
	// zero means DefaultMediaTimeout.
	MediaTimeout time.Duration
}

// Client sends messages through Graph. It is safe for concurrent use.
type Client struct {
	base    string
	token   func(ctx context.Context) (string, error)
	http    *http.Client
	timeout time.Duration

	mediaGate
	media        *http.Client
	mediaTimeout time.Duration
}

// NewClient returns a client, or an error that names the option at fault.
func NewClient(o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	if o.APIVersion == "" {
		o.APIVersion = DefaultAPIVersion
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MediaTimeout == 0 {
		o.MediaTimeout = DefaultMediaTimeout
	}
	base, err := url.Parse(o.BaseURL)
	switch {
	case err != nil, base.Scheme != "http" && base.Scheme != "https", base.Host == "",
		base.User != nil, base.RawQuery != "", base.Fragment != "":
		return nil, errors.New("whatsapp: BaseURL is not an http or https address")
	case !isVersion(o.APIVersion):
		return nil, errors.New("whatsapp: APIVersion is not of the form vNN.N")
	case o.Token == nil:
		return nil, errors.New("whatsapp: Token is missing")
	case o.Timeout < 0, o.MediaTimeout < 0:
		return nil, errors.New("whatsapp: Timeout is negative")
	}
	client := &http.Client{Transport: NewTransport()}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient
		if client.Transport == nil {
			client.Transport = NewTransport()
		}
	}
	// A redirect would carry the message, and the token, to another place.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	gate := newMediaGate(o.MediaHosts, base)
	return &Client{
		base:    strings.TrimSuffix(base.String(), "/") + "/" + o.APIVersion + "/",
		token:   o.Token,
		http:    client,
		timeout: o.Timeout,

		mediaGate:    gate,
		media:        newMediaClient(gate),
		mediaTimeout: o.MediaTimeout,
	}, nil
}

func isVersion(s string) bool {
	major, minor, ok := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	return ok && s[0] == 'v' && allDigits(major) && allDigits(minor)
}

// Send is one message to one person.
type Send struct {
	// PhoneNumberID is the business number to send from.
	PhoneNumberID string
	To            Recipient
	Message       Outgoing
	// ReplyTo is the id of the message to quote, or empty. A reaction quotes
	// nothing: it names its message itself.
	ReplyTo string
	// Opaque comes back in the message's statuses (biz_opaque_callback_data),
	// at most MaxOpaque code points. Every app on the account sees it.
	Opaque string
}

// Sent is Graph's acceptance of a message. It is not yet delivered.
type Sent struct {
	// ID is the message's id, under which its statuses will come.
	ID string
	// WAID is the number WhatsApp reached the person under, which may differ
	// from the one addressed. Empty when a user id was addressed.
	WAID string
	// UserID is set when a user id was addressed.
	UserID string
	// Digest is the SHA-256, in hexadecimal, of what was posted; see [Send.Body].
	Digest string
}

type sendRequest struct {
	Product       string          `json:"messaging_product"`
	RecipientType string          `json:"recipient_type"`
	To            string          `json:"to,omitempty"`
	Recipient     string          `json:"recipient,omitempty"`
	Context       *contextPayload `json:"context,omitempty"`
	Opaque        string          `json:"biz_opaque_callback_data,omitempty"`
	payload
}

type contextPayload struct {
	MessageID string `json:"message_id"`
}

type readRequest struct {
	Product   string         `json:"messaging_product"`
	Status    string         `json:"status"`
	MessageID string         `json:"message_id"`
	Typing    *typingPayload `json:"typing_indicator,omitempty"`
}

type typingPayload struct {
	Type string `json:"type"`
}

// Send makes one attempt to send one message. A nil error means that Graph has
// accepted it. The error is a *LimitError before anything is sent, an *Error
// when Graph refuses and a *TransportError when there is no usable answer; an
// error of Options.Token is wrapped. Ambiguous tells whether the message may
// have been accepted in spite of the error.
func (c *Client) Send(ctx context.Context, s Send) (Sent, error) {
	body, err := s.Body()
	if err != nil {
		return Sent{}, err
	}
	answer, err := c.post(ctx, s.PhoneNumberID, body)
	if err != nil {
		return Sent{}, err
	}
	root, ok := parse(answer)
	if !ok {
		return Sent{}, &TransportError{Cause: "answer", Written: true, err: errNotJSON}
	}
	id, ok := identifier(first(root.get("messages")).get("id"))
	if !ok {
		return Sent{}, &TransportError{Cause: "answer", Written: true, err: errNoID}
	}
	person := first(root.get("contacts"))
	sum := sha256.Sum256(body)
	sent := Sent{ID: id, Digest: hex.EncodeToString(sum[:])}
	sent.WAID, _ = person.get("wa_id").text()
	sent.UserID, _ = person.get("user_id").text()
	return sent, nil
}

// Body is what Send posts, byte for byte: the same for the same message. Its
// error is a *LimitError.
func (s Send) Body() ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	request := sendRequest{
		Product:       "whatsapp",
		RecipientType: "individual",
		Recipient:     s.To.userID,
		Opaque:        s.Opaque,
		payload:       s.Message.payload(),
	}
	if s.To.phone != "" {
		// Without the plus Meta may take the digits for a number of the business's
		// own country.
		request.To = "+" + s.To.phone
	}
	if s.ReplyTo != "" {
		request.Context = &contextPayload{MessageID: s.ReplyTo}
	}
	return encode(request)
}

// encode is a request's body.
func encode(request any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(request); err != nil {
		return nil, fmt.Errorf("whatsapp: encode request: %w", err)
	}
	return body.Bytes(), nil
}

var (
	errNotJSON = errors.New("answer is not JSON")
	errNoID    = errors.New("answer names no message")
	errNoError = errors.New("answer names no error")
	errTooLong = errors.New("answer is too long")
	errNoToken = errors.New("token is empty")
)

func first(list value) value {
	for member := range list.elements() {
		return member
	}
	return nil
}

// MarkRead marks an inbound message, and all before it, as read, and with
// typing shows the person that an answer is being written, for 25 seconds or
// until it comes. It may be repeated without harm. Errors are as for Send.
func (c *Client) MarkRead(ctx context.Context, phoneNumberID, messageID string, typing bool) error {
	if err := checkNumberID(phoneNumberID); err != nil {
		return err
	}
	if messageID == "" {
		return &LimitError{Field: "message_id", Rule: RuleRequired}
	}
	request := readRequest{Product: "whatsapp", Status: "read", MessageID: messageID}
	if typing {
		request.Typing = &typingPayload{Type: "text"}
	}
	body, err := encode(request)
	if err != nil {
		return err
	}
	_, err = c.post(ctx, phoneNumberID, body)
	return err
}

// Check reports the first of Meta's limits that the message breaks, as Send
// would, without sending.
func (s Send) Check() error {
	if err := checkNumberID(s.PhoneNumberID); err != nil {
		return err
	}
	if err := s.To.check(); err != nil {
		return err
	}
	if s.Message == nil {
		return &LimitError{Field: "type", Rule: RuleRequired}
	}
	if err := s.Message.check(); err != nil {
		return err
	}
	var c checker
	c.characters("biz_opaque_callback_data", s.Opaque, MaxOpaque)
	c.characters("context.message_id", s.ReplyTo, maxIDLength)
	if s.ReplyTo != "" && s.Message.payload().Type == "reaction" {
		c.fail(LimitError{Field: "context.message_id", Rule: RuleForbidden})
	}
	return c.err
}

func checkNumberID(id string) error {
	if !allDigits(id) {
		return &LimitError{Field: "phone_number_id", Rule: RuleDigits}
	}
	return nil
}

// post makes one request and returns the body of its 2xx answer.
func (c *Client) post(ctx context.Context, phoneNumberID string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.accessToken(ctx)
	if err != nil {
		return nil, err
	}
	var written atomic.Bool
	// A connection that turns out to be dead before a byte of the request is on
	// it is replaced without harm, so each connection starts unwritten.
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { written.Store(false) },
		WroteHeaders: func() { written.Store(true) },
	})
	r, err := http.NewRequestWithContext(traced, http.MethodPost, c.base+phoneNumberID+"/messages", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("whatsapp: build request: %w", err)
	}
	// With these two the transport would take a broken request for one it may
	// repeat: a way to rewind the body, and any header that promises idempotency,
	// which is why none is set.
	r.GetBody = nil
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")

	response, err := c.http.Do(r)
	if err != nil {
		return nil, &TransportError{Cause: causeOf(err), Written: written.Load(), err: withoutURL(err)}
	}
	defer func() { _ = response.Body.Close() }()
	return bodyOf(response)
}

// accessToken is the token of this moment.
func (c *Client) accessToken(ctx context.Context) (string, error) {
	token, err := c.token(ctx)
	if err == nil && token == "" {
		err = errNoToken
	}
	if err != nil {
		return "", fmt.Errorf("whatsapp: read access token: %w", err)
	}
	return token, nil
}

// bodyOf is the body of an answer of Graph that is 2xx.
func bodyOf(response *http.Response) ([]byte, error) {
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &TransportError{Cause: causeOf(err), Written: true, err: err}
	case len(answer) > maxAnswer:
		return nil, &TransportError{Cause: "answer", Written: true, err: errTooLong}
	case response.StatusCode/100 == 2:
		return answer, nil
	}
	return nil, refusal(response, answer)
}

// refusal reads an answer that is not 2xx. Without Graph's JSON nobody knows who
// answered and what had happened by then, but for two cases: 5xx is ambiguous
// by itself, and 429 comes from a limiter that let nothing through.
func refusal(response *http.Response, answer []byte) error {
	status := response.StatusCode
	root, _ := parse(answer)
	e, coded := decodeError(root.get("error"))
	if e.FBTraceID == "" {
		e.FBTraceID = response.Header.Get("X-Fb-Trace-Id")
	}
	e.HTTPStatus = status
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	switch {
	case coded, status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return e
	case status/100 == 3:
		return &TransportError{Cause: "redirect", Written: true, err: errNoError}
	default:
		return &TransportError{Cause: "answer", Written: true, err: errNoError}
	}
}

// withoutURL drops the address from the error of an http.Client.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// causeOf sorts a network error into a word that is safe to print.
func causeOf(err error) string {
	if errors.Is(err, context.Canceled) {
		return "canceled"
	}
	if timeout, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout() {
		return "timeout"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "dns"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return "dial"
	}
	if isTLS(err) {
		return "tls"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return "closed"
	}
	return "network"
}

func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.AlertError](err)
	return ok || errors.Is(err, http.ErrSchemeMismatch)
}
