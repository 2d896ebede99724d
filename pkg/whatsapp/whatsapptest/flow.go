package whatsapptest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
)

// FlowPhone asks the endpoint of a Flow as WhatsApp on a phone does: encrypted
// with the business's public key and signed by Meta.
type FlowPhone struct {
	// Pen signs what is asked.
	Pen Pen
	Key *rsa.PublicKey
	URL string
	// Client makes the requests; nil means http.DefaultClient.
	Client *http.Client
	// Spoil changes the body before it is signed; nil leaves it as it is.
	Spoil func(body []byte) []byte
}

// FlowAnswer is what an endpoint answered.
type FlowAnswer struct {
	Status      int
	ContentType string
	// Body is the answer as it came, and Text the same decrypted; nil when it does
	// not open.
	Body []byte
	Text json.RawMessage
}

// Ask encrypts a request, such as {"action": "INIT", "flow_token": "…"}, posts it
// and opens the answer.
func (p FlowPhone) Ask(ctx context.Context, request map[string]any) (FlowAnswer, error) {
	session := newFlowSession()
	body, err := session.seal(p.Key, encode(request))
	if err != nil {
		return FlowAnswer{}, err
	}
	if p.Spoil != nil {
		body = p.Spoil(body)
	}
	client := p.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(p.Pen.Request(ctx, p.URL, body))
	if err != nil {
		return FlowAnswer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	answer := FlowAnswer{Status: response.StatusCode, ContentType: response.Header.Get("Content-Type")}
	if answer.Body, err = io.ReadAll(io.LimitReader(response.Body, maxReply)); err != nil {
		return FlowAnswer{}, err
	}
	answer.Text = session.open(answer.Body)
	return answer, nil
}

// flowSession is one request's key, as the phone makes it up.
type flowSession struct {
	key, vector []byte
	aead        cipher.AEAD
}

const flowBlock = 16

func newFlowSession() flowSession {
	s := flowSession{key: make([]byte, flowBlock), vector: make([]byte, flowBlock)}
	_, _ = rand.Read(s.key) // Never fails.
	_, _ = rand.Read(s.vector)
	block, err := aes.NewCipher(s.key)
	if err == nil {
		s.aead, err = cipher.NewGCMWithNonceSize(block, flowBlock)
	}
	if err != nil {
		panic(fmt.Sprintf("whatsapptest: flow session: %v", err))
	}
	return s
}

func (s flowSession) seal(to *rsa.PublicKey, text []byte) ([]byte, error) {
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, to, s.key, nil)
	if err != nil {
		return nil, fmt.Errorf("whatsapptest: wrap key: %w", err)
	}
	return encode(object{
		"encrypted_flow_data": base64.StdEncoding.EncodeToString(s.aead.Seal(nil, s.vector, text, nil)),
		"encrypted_aes_key":   base64.StdEncoding.EncodeToString(wrapped),
		"initial_vector":      base64.StdEncoding.EncodeToString(s.vector),
	}), nil
}

func (s flowSession) open(answer []byte) json.RawMessage {
	sealed, err := base64.StdEncoding.DecodeString(string(answer))
	if err != nil {
		return nil
	}
	inverted := make([]byte, flowBlock)
	for i, b := range s.vector {
		inverted[i] = b ^ 0xff
	}
	text, err := s.aead.Open(nil, inverted, sealed, nil)
	if err != nil {
		return nil
	}
	return text
}

// FlowReply is the end of a Flow, an answer to the message replyTo. response is
// the JSON that the Flow sent, right or wrong.
func (p Pen) FlowReply(from, name, replyTo, response string) []byte {
	return p.Message(from, name, map[string]any{
		"type":    "interactive",
		"context": p.quote(replyTo),
		"interactive": object{"type": "nfm_reply", "nfm_reply": object{
			"name": "flow", "body": "Sent", "response_json": response,
		}},
	})
}

// SentFlow is the Flow that a message's button opens.
type SentFlow struct {
	ID     string
	CTA    string
	Token  string
	Draft  bool
	Screen string
	Data   map[string]any
}

// flow checks the action of a message of type "flow".
func (m *SentMessage) flow(a *wireAction) *refusal {
	var w struct {
		Version string `json:"flow_message_version"`
		ID      string `json:"flow_id"`
		Name    string `json:"flow_name"`
		CTA     string `json:"flow_cta"`
		Token   string `json:"flow_token"`
		Mode    string `json:"mode"`
		Action  string `json:"flow_action"`
		Payload *struct {
			Screen string         `json:"screen"`
			Data   map[string]any `json:"data"`
		} `json:"flow_action_payload"`
	}
	switch {
	case a.Name != "flow" || json.Unmarshal(a.Parameters, &w) != nil:
		return refuse(131009, "Parameter value is not valid: action")
	case w.Version != "3":
		return refuse(131009, "Parameter value is not valid: flow_message_version")
	case (w.ID == "") == (w.Name == ""):
		return refuse(131009, "Either flow_id or flow_name is required")
	case w.Mode != "" && w.Mode != "draft" && w.Mode != "published":
		return refuse(131009, "Parameter value is not valid: mode")
	case w.Action != "" && w.Action != "navigate" && w.Action != "data_exchange":
		return refuse(131009, "Parameter value is not valid: flow_action")
	case w.Action == "data_exchange" && w.Payload != nil, w.Payload != nil && w.Payload.Data != nil && len(w.Payload.Data) == 0:
		return refuse(131009, "Parameter value is not valid: flow_action_payload")
	case strings.ContainsFunc(w.CTA, func(r rune) bool { return unicode.Is(unicode.So, r) }):
		return refuse(131009, "Parameter value is not valid: flow_cta")
	}
	m.Flow = &SentFlow{ID: or(w.ID, w.Name), CTA: w.CTA, Token: or(w.Token, "unused"), Draft: w.Mode == "draft"}
	if w.Payload != nil {
		m.Flow.Screen, m.Flow.Data = w.Payload.Screen, w.Payload.Data
	}
	return limits(131009, limit{"flow_cta", w.CTA, 1, 30})
}

// FlowKeyPEM is a private key for Flows in PEM, made up now, and its public half.
func FlowKeyPEM() (string, *rsa.PublicKey) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("whatsapptest: flow key: %v", err))
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(fmt.Sprintf("whatsapptest: flow key: %v", err))
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), &key.PublicKey
}
