package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultMediaTimeout is how long one download or upload may take.
const DefaultMediaTimeout = 60 * time.Second

// maxMediaRedirects bounds how often a download is sent elsewhere.
const maxMediaRedirects = 3

// What becomes of a file that cannot be had. Errors of media match one of them
// with errors.Is, or are an *Error or a *TransportError.
var (
	// ErrMediaGone: Meta does not know the id any more, or never did. A file that
	// a person sent is kept for seven days.
	ErrMediaGone = errors.New("whatsapp: media is gone")
	// ErrMediaExpired: the address of a download is not good any more; [Client.Media]
	// gives another one. Meta also answers so to a token that it does not like.
	ErrMediaExpired = errors.New("whatsapp: media address has expired")
	// ErrMediaTooLarge: more bytes than the caller takes.
	ErrMediaTooLarge = errors.New("whatsapp: media is too large")
	// ErrMediaHost: the address, or one that it redirects to, is not where Meta
	// keeps media, or leads into a private network. Nothing was asked of it.
	ErrMediaHost = errors.New("whatsapp: media address is refused")
	// ErrMediaPacked: the file came packed, so that its size says nothing.
	ErrMediaPacked = errors.New("whatsapp: media is packed")
)

// MediaInfo is what Meta says of a file.
type MediaInfo struct {
	ID string
	// URL is where to download it, for five minutes.
	URL string
	// MIMEType may have parameters.
	MIMEType string
	// SHA256 is as Meta writes it. What exactly it hashes is not documented: a
	// difference deserves a note and proves nothing.
	SHA256 string
	// Size in bytes; zero when Meta does not say.
	Size int64
}

// Downloaded is what came of a download.
type Downloaded struct {
	// Size in bytes.
	Size int64
	// SHA256 of the bytes, in hexadecimal.
	SHA256 string
	// MIMEType is what the server called it; empty when it did not.
	MIMEType string
}

// Media asks where the file of an id is. Meta checks that the number may see
// it; an empty phoneNumberID leaves that out. The error is as for [Client.Send],
// or ErrMediaGone.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (c *Client) Media(ctx context.Context, id, phoneNumberID string) (MediaInfo, error) {
	path, err := mediaPath(id, phoneNumberID)
	if err != nil {
		return MediaInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, err := c.ask(ctx, http.MethodGet, path, nil, 0, "")
	if err != nil {
		return MediaInfo{}, gone(err)
	}
	root, ok := parse(answer)
	if !ok {
		return MediaInfo{}, &TransportError{Cause: "answer", Written: true, err: errNotJSON}
	}
	info := MediaInfo{ID: id}
	info.URL, _ = root.get("url").text()
	info.MIMEType, _ = root.get("mime_type").text()
	info.SHA256, _ = root.get("sha256").text()
	// Documented as a string, and a number in Meta's own OpenAPI.
	size, _ := root.get("file_size").textOrDigits()
	if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > 0 {
		info.Size = n
	}
	if info.URL == "" {
		return MediaInfo{}, &TransportError{Cause: "answer", Written: true, err: errNoAddress}
	}
	return info, nil
}

// Download writes the file at an address that [Client.Media] gave to w, at most
// limit bytes of it, and hashes it on the way. The address comes from outside
// and the request carries the access token, so this is what it insists on:
//
//   - https, and a host of [Options.MediaHosts]; anything else is ErrMediaHost.
//   - No connection to an address that is not public, whatever the name
//     resolves to and whenever it does.
//   - At most three redirects, each under the same rules, and without the token
//     once the host is another one.
//   - At most limit bytes, whatever the header says, else ErrMediaTooLarge; and no
//     packed body, which would have two sizes: ErrMediaPacked.
//   - At most [Options.MediaTimeout], to the last byte.
//
// ErrMediaExpired asks for a new address. What w took when there is an error is
// worth nothing.
func (c *Client) Download(ctx context.Context, address string, limit int64, w io.Writer) (Downloaded, error) {
	ctx, cancel := context.WithTimeout(ctx, c.mediaTimeout)
	defer cancel()
	response, err := c.open(ctx, address)
	if err != nil {
		return Downloaded{}, err
	}
	defer func() { _ = response.Body.Close() }()
	switch encoding := response.Header.Get("Content-Encoding"); {
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return Downloaded{}, ErrMediaPacked
	case response.ContentLength > limit:
		return Downloaded{}, ErrMediaTooLarge
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(sum, w), &limited{body: response.Body, left: limit})
	switch {
	case errors.Is(err, ErrMediaTooLarge):
		return Downloaded{}, ErrMediaTooLarge
	case err != nil:
		return Downloaded{}, &TransportError{Cause: causeOf(err), Written: true, err: err}
	}
	return Downloaded{
		Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), MIMEType: response.Header.Get("Content-Type"),
	}, nil
}

// limited reads at most so many bytes, and fails when there is one more.
type limited struct {
	body io.Reader
	left int64
}

func (b *limited) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var one [1]byte
		n, err := b.body.Read(one[:])
		if n > 0 {
			return 0, ErrMediaTooLarge
		}
		return 0, err
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// open follows an address to the file itself.
func (c *Client) open(ctx context.Context, address string) (*http.Response, error) {
	token, err := c.accessToken(ctx)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(address)
	if err != nil {
		return nil, ErrMediaHost
	}
	home := at.Host
	for range maxMediaRedirects + 1 {
		if !c.allowed(at) {
			return nil, ErrMediaHost
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return nil, ErrMediaHost
		}
		if at.Host == home {
			r.Header.Set("Authorization", "Bearer "+token)
		} else {
			// Who was sent away once does not get the token back.
			token, home = "", ""
		}
		r.Header.Set("Accept-Encoding", "identity")
		response, err := c.media.Do(r)
		if err != nil {
			if errors.Is(err, ErrMediaHost) {
				return nil, ErrMediaHost
			}
			return nil, &TransportError{Cause: causeOf(err), Written: true, err: withoutURL(err)}
		}
		if response.StatusCode == http.StatusOK {
			return response, nil
		}
		next, err := elsewhere(response, at)
		if err != nil {
			return nil, err
		}
		at = next
	}
	return nil, &TransportError{Cause: "redirect", Written: true, err: errTooFar}
}

// elsewhere closes an answer that is not the file: it is the next address, or
// the reason why there is none.
func elsewhere(response *http.Response, at *url.URL) (*url.URL, error) {
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		next, err := at.Parse(response.Header.Get("Location"))
		if err != nil {
			return nil, ErrMediaHost
		}
		return next, nil
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("%w: http %d", ErrMediaExpired, response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, &TransportError{Cause: causeOf(err), Written: true, err: err}
	}
	return nil, refusal(response, answer)
}

// Upload gives Meta a file to send and returns its id, which is good for thirty
// days and for messages of this number. Meta looks at the bytes: a file that is
// not of its type is refused with code 131053 when a message uses it. The error
// is as for [Client.Send], but that an upload may be repeated without harm.
func (c *Client) Upload(ctx context.Context, phoneNumberID, mimeType, filename string, file io.ReadSeeker) (id string, err error) {
	size, err := checkUpload(phoneNumberID, mimeType, filename, file)
	if err != nil {
		return "", err
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	// A buffer takes everything, and so do the parts.
	_ = parts.WriteField("messaging_product", "whatsapp")
	_ = parts.WriteField("type", mimeType)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition("file", filename))
	header.Set("Content-Type", mimeType)
	_, _ = parts.CreatePart(header)
	head := bytes.Clone(form.Bytes())
	form.Reset()
	_ = parts.Close()
	body := io.MultiReader(bytes.NewReader(head), file, &form)

	ctx, cancel := context.WithTimeout(ctx, c.mediaTimeout)
	defer cancel()
	answer, err := c.ask(ctx, http.MethodPost, phoneNumberID+"/media", body, int64(len(head))+size+int64(form.Len()), parts.FormDataContentType())
	if err != nil {
		return "", err
	}
	root, ok := parse(answer)
	if !ok {
		return "", &TransportError{Cause: "answer", Written: true, err: errNotJSON}
	}
	if id, ok = identifier(root.get("id")); !ok {
		return "", &TransportError{Cause: "answer", Written: true, err: errNoID}
	}
	return id, nil
}

func checkUpload(phoneNumberID, mimeType, filename string, file io.ReadSeeker) (size int64, err error) {
	if err := checkNumberID(phoneNumberID); err != nil {
		return 0, err
	}
	switch {
	case !utf8.ValidString(filename):
		return 0, &LimitError{Field: "filename", Rule: RuleUTF8}
	case filename == "":
		return 0, &LimitError{Field: "filename", Rule: RuleRequired}
	case strings.ContainsAny(filename, "\r\n\x00"):
		return 0, &LimitError{Field: "filename", Rule: RuleFormat}
	case utf8.RuneCountInString(filename) > maxFilename:
		return 0, &LimitError{Field: "filename", Rule: RuleCharacters, Limit: maxFilename, Got: utf8.RuneCountInString(filename)}
	}
	size, err = file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return 0, fmt.Errorf("whatsapp: measure file: %w", err)
	}
	return size, CheckMedia(sentAs(mimeType), mimeType, size)
}

// sentAs is the type of message that a file of this MIME type is sent as.
func sentAs(mimeType string) Type {
	kind, _, _ := strings.Cut(strings.ToLower(mimeType), ";")
	group, _, _ := strings.Cut(kind, "/")
	switch {
	case strings.TrimSpace(kind) == "image/webp":
		return TypeSticker
	case group == "image", group == "audio", group == "video":
		return Type(group)
	default:
		return TypeDocument
	}
}

// DeleteMedia makes Meta forget an uploaded file. The error is as for
// [Client.Media]; deleting may be repeated.
func (c *Client) DeleteMedia(ctx context.Context, id, phoneNumberID string) error {
	path, err := mediaPath(id, phoneNumberID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err = c.ask(ctx, http.MethodDelete, path, nil, 0, "")
	return gone(err)
}

func mediaPath(id, phoneNumberID string) (string, error) {
	if !allDigits(id) {
		return "", &LimitError{Field: "media_id", Rule: RuleDigits}
	}
	if phoneNumberID == "" {
		return id, nil
	}
	if err := checkNumberID(phoneNumberID); err != nil {
		return "", err
	}
	return id + "?phone_number_id=" + phoneNumberID, nil
}

// gone says so when Graph knows no object of an id.
func gone(err error) error {
	e, ok := errors.AsType[*Error](err)
	if ok && (e.HTTPStatus == http.StatusNotFound || e.HTTPStatus == http.StatusGone || e.Code == 100 && e.Subcode == 33) {
		return fmt.Errorf("%w: %w", ErrMediaGone, err)
	}
	return err
}

var (
	errNoAddress = errors.New("answer has no address")
	errTooFar    = errors.New("too many redirects")
)

// ask makes one request that may be repeated, and returns the body of its 2xx
// answer.
func (c *Client) ask(ctx context.Context, method, path string, body io.Reader, size int64, contentType string) ([]byte, error) {
	token, err := c.accessToken(ctx)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("whatsapp: build request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.ContentLength = size
		r.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, &TransportError{Cause: causeOf(err), Written: true, err: withoutURL(err)}
	}
	defer func() { _ = response.Body.Close() }()
	return bodyOf(response)
}
