package whatsapp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
)

// The statuses by which an endpoint of a Flow tells WhatsApp what is wrong,
// beside 200 and plain failures
// (https://developers.facebook.com/docs/whatsapp/flows/reference/error-codes).
const (
	// FlowUndecryptable: the client fetches the public key again and tries once
	// more.
	FlowUndecryptable = 421
	// FlowTokenInvalid: the client closes the Flow, shows the error_msg of the
	// sealed answer and offers the Flow no more.
	FlowTokenInvalid = 427
	// FlowBadSignature: the request is not Meta's; see [Verify].
	FlowBadSignature = 432
)

// FlowDeadline is how many seconds an endpoint may take, end to end.
const FlowDeadline = 10

// The actions of a [FlowRequest].
const (
	FlowPing     = "ping"          // Meta checks that the endpoint lives
	FlowInit     = "INIT"          // the Flow was opened
	FlowBack     = "BACK"          // the user went back from Screen
	FlowExchange = "data_exchange" // the user submitted Screen, or part of it
)

// FlowSuccess is the screen that ends a Flow; no screen of its own may be named
// so.
const FlowSuccess = "SUCCESS"

// flowKeyBits is the size of a key that Meta accepts, and flowBlock the size in
// bytes of the key and the initial vector of a request.
const (
	flowKeyBits = 2048
	flowBlock   = 16
)

// FlowKey is the private half of the key pair whose public half was registered
// for a phone number with POST /{phone-number-id}/whatsapp_business_encryption.
// It is safe for concurrent use.
type FlowKey struct{ private *rsa.PrivateKey }

// FlowRequest is a request of a Flow to its endpoint, decrypted.
type FlowRequest struct {
	Version string
	// Action is one of [FlowPing], [FlowInit], [FlowBack] and [FlowExchange], or
	// one that Meta adds later.
	Action string
	// Screen is where the user is; empty with some actions.
	Screen string
	// Token is the one the Flow was sent with; Meta puts "unused" where there was
	// none. It is not authenticated by anything but the signature of the request.
	Token string
	// Data is what the screen submitted; an object, or nothing.
	Data json.RawMessage
	// Raw is the whole request as it was encrypted.
	Raw json.RawMessage
}

// FlowNotice is what the client reports about an answer it could not use.
type FlowNotice struct {
	Key     string
	Message string
}

// Notice is the error that the client reports with this request; ok is false for
// an ordinary one. It is answered with {"data":{"acknowledged":true}}.
func (r FlowRequest) Notice() (n FlowNotice, ok bool) {
	var data struct {
		// Meta's table names the one, its sample the other.
		Key     string `json:"error_key"`
		Error   string `json:"error"`
		Message string `json:"error_message"`
	}
	if json.Unmarshal(r.Data, &data) != nil {
		return FlowNotice{}, false
	}
	n = FlowNotice{Key: data.Key, Message: data.Message}
	if n.Key == "" {
		n.Key = data.Error
	}
	return n, n.Key != ""
}

// FlowSession seals the answer to one request.
type FlowSession struct {
	aead   cipher.AEAD
	vector []byte
	used   atomic.Bool
}

// FlowError is a request that cannot be answered. Its text holds nothing of the
// request or the key.
type FlowError struct {
	// Status is what to answer: [FlowUndecryptable], or 400 for what is no
	// request of a Flow at all.
	Status int
	// Reason is a short constant phrase.
	Reason string
}

func (e *FlowError) Error() string { return "whatsapp: flow request: " + e.Reason }

func undecryptable(reason string) error {
	return &FlowError{Status: FlowUndecryptable, Reason: reason}
}

func malformed(reason string) error {
	return &FlowError{Status: http.StatusBadRequest, Reason: reason}
}

// ParseFlowKey reads a private key of 2048 bits in PEM: PKCS#8, PKCS#1, or the
// older encrypted form that Meta's key generator writes ("Proc-Type:
// 4,ENCRYPTED"), which takes a passphrase. A passphrase that is not needed is
// ignored. Encrypted PKCS#8 is refused: the standard library cannot open it.
func ParseFlowKey(text []byte, passphrase string) (*FlowKey, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("flow key: no private key in PEM")
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		private, err := parsePrivate(block, passphrase)
		if err != nil {
			return nil, fmt.Errorf("flow key: %w", err)
		}
		if private.N.BitLen() != flowKeyBits {
			return nil, fmt.Errorf("flow key: %d bits, want %d", private.N.BitLen(), flowKeyBits)
		}
		return &FlowKey{private: private}, nil
	}
}

func parsePrivate(block *pem.Block, passphrase string) (*rsa.PrivateKey, error) {
	der := block.Bytes
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("encrypted PKCS#8 cannot be read; store it decrypted (openssl pkcs8 -in key.pem -nocrypt)")
	}
	if x509.IsEncryptedPEMBlock(block) { //nolint:staticcheck // Deprecated for being weak: Meta's key generator writes nothing else.
		if passphrase == "" {
			return nil, errors.New("the key is encrypted and there is no passphrase")
		}
		var err error
		der, err = x509.DecryptPEMBlock(block, []byte(passphrase)) //nolint:staticcheck // As above.
		if err != nil {
			return nil, errors.New("the passphrase does not open it")
		}
	}
	if block.Type == "RSA PRIVATE KEY" {
		private, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			return nil, errors.New("not PKCS#1, or another passphrase")
		}
		return private, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("not PKCS#8")
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	return private, nil
}

// Public is the half to register with Meta.
func (k *FlowKey) Public() *rsa.PublicKey { return &k.private.PublicKey }

// Open decrypts the body of a request, whose signature was verified before, and
// prepares the session that seals its answer: RSA-OAEP with SHA-256 twice for
// the key, AES-128-GCM with a vector of 16 bytes for the text
// (https://developers.facebook.com/docs/whatsapp/flows/guides/implementingyourflowendpoint).
// The error is a [*FlowError]. It does not work under GODEBUG=fips140=only,
// which allows no vector of that size.
func (k *FlowKey) Open(body []byte) (FlowRequest, *FlowSession, error) {
	var envelope struct {
		Data   string `json:"encrypted_flow_data"`
		Key    string `json:"encrypted_aes_key"`
		Vector string `json:"initial_vector"`
	}
	if json.Unmarshal(body, &envelope) != nil {
		return FlowRequest{}, nil, malformed("the body is no envelope")
	}
	var parts [3][]byte
	for i, text := range []string{envelope.Data, envelope.Key, envelope.Vector} {
		decoded, ok := decodeBase64(text)
		if !ok {
			return FlowRequest{}, nil, malformed("a field of the envelope is missing or not base64")
		}
		parts[i] = decoded
	}
	session, plain, err := k.decrypt(parts[0], parts[1], parts[2])
	if err != nil {
		return FlowRequest{}, nil, err
	}
	request, err := readFlowRequest(plain)
	if err != nil {
		return FlowRequest{}, nil, err
	}
	return request, session, nil
}

func (k *FlowKey) decrypt(sealed, wrapped, vector []byte) (*FlowSession, []byte, error) {
	key, err := rsa.DecryptOAEP(sha256.New(), nil, k.private, wrapped, nil)
	if err != nil || len(key) != flowBlock {
		return nil, nil, undecryptable("the key does not open")
	}
	if len(vector) != flowBlock {
		return nil, nil, undecryptable("the vector has another size")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, undecryptable("the key is none")
	}
	aead, err := cipher.NewGCMWithNonceSize(block, flowBlock)
	if err != nil {
		return nil, nil, undecryptable("this build allows no vector of 16 bytes")
	}
	plain, err := aead.Open(nil, vector, sealed, nil)
	if err != nil {
		return nil, nil, undecryptable("the text does not open")
	}
	session := &FlowSession{aead: aead, vector: make([]byte, flowBlock)}
	for i, b := range vector {
		session.vector[i] = ^b
	}
	return session, plain, nil
}

func readFlowRequest(plain []byte) (FlowRequest, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(plain, &fields) != nil || fields == nil {
		return FlowRequest{}, malformed("the text is no object")
	}
	r := FlowRequest{Raw: plain}
	for name, to := range map[string]*string{
		"version": &r.Version, "action": &r.Action, "screen": &r.Screen, "flow_token": &r.Token,
	} {
		// What is no text is as good as not there: it names nothing we know.
		_ = json.Unmarshal(fields[name], to)
	}
	if data := fields["data"]; len(data) > 0 && data[0] == '{' {
		r.Data = data
	}
	return r, nil
}

// decodeBase64 reads either alphabet, padded or not; some clients' libraries
// write the one for addresses.
func decodeBase64(text string) ([]byte, bool) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	decoded, err := encoding.DecodeString(text)
	return decoded, err == nil && len(decoded) > 0
}

// Seal encrypts the answer v, as JSON, into what the body of the response holds:
// base64, to be sent as text/plain. A session seals once, because the vector is
// given: a second text under it would lay open both.
func (s *FlowSession) Seal(v any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", fmt.Errorf("seal answer of flow: %w", err)
	}
	if s.used.Swap(true) {
		return "", errors.New("seal answer of flow: the session has sealed one already")
	}
	plain := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nil, s.vector, plain, nil)), nil
}
