package whatsapp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const mediaLimit = 1 << 20

// album is a fake Graph with one file, and a client of it.
type album struct {
	server *whatsapptest.Server
	client *whatsapp.Client
	id     string
	data   []byte
}

func newAlbum(t *testing.T, o whatsapp.Options) album {
	t.Helper()
	a := album{data: bytes.Repeat([]byte("OggS voice "), 5000)}
	a.server = whatsapptest.NewServer(whatsapptest.Options{Token: "EAAG-secret-token"})
	t.Cleanup(a.server.Close)
	a.id = a.server.PutMedia(whatsapptest.MediaFile{MIMEType: "audio/ogg; codecs=opus", Data: a.data})
	o.BaseURL, o.Token = a.server.URL, token
	client, err := whatsapp.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	a.client = client
	return a
}

// fetch looks the file up and downloads it.
func (a album) fetch(t *testing.T) (whatsapp.Downloaded, []byte, error) {
	t.Helper()
	info, err := a.client.Media(t.Context(), a.id, number)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	done, err := a.client.Download(t.Context(), info.URL, mediaLimit, &got)
	return done, got.Bytes(), err
}

func TestAFileIsLookedUpAndDownloaded(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	info, err := a.client.Media(t.Context(), a.id, number)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(a.data)
	want := whatsapp.MediaInfo{
		ID: a.id, URL: info.URL, MIMEType: "audio/ogg; codecs=opus", Size: int64(len(a.data)),
		SHA256: base64.StdEncoding.EncodeToString(sum[:]),
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Error(diff)
	}
	done, got, err := a.fetch(t)
	if err != nil || !bytes.Equal(got, a.data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if diff := cmp.Diff(whatsapp.Downloaded{Size: info.Size, SHA256: hex.EncodeToString(sum[:]), MIMEType: info.MIMEType}, done); diff != "" {
		t.Error(diff)
	}
	requests, _ := a.server.Downloads()
	if len(requests) != 1 || !requests[0].Authorized || requests[0].Encoding != "identity" {
		t.Errorf("requests %+v", requests)
	}
}

func TestTheSizeOfAFileMayBeANumber(t *testing.T) {
	for answer, want := range map[string]int64{
		`{"url":"https://lookaside.fbsbx.com/x","file_size":"12"}`: 12, `{"url":"https:\/\/lookaside.fbsbx.com\/x","file_size":12}`: 12,
		`{"url":"https://lookaside.fbsbx.com/x"}`: 0, `{"url":"https://lookaside.fbsbx.com/x","file_size":-3}`: 0,
	} {
		server := graph(t, http.StatusOK, answer, nil)
		info, err := newClient(t, server.URL).Media(t.Context(), "1234567890", "")
		if err != nil || info.Size != want || info.URL != "https://lookaside.fbsbx.com/x" {
			t.Errorf("%s: %+v, %v", answer, info, err)
		}
	}
}

func TestWhatHinders(t *testing.T) {
	for name, tt := range map[string]struct {
		fault whatsapptest.MediaFault
		want  error
		cause string
	}{
		"100 MB that nobody announced": {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaOversized}, want: whatsapp.ErrMediaTooLarge},
		"100 MB that are announced":    {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaAnnounced}, want: whatsapp.ErrMediaTooLarge},
		"a zip bomb":                   {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaPacked}, want: whatsapp.ErrMediaPacked},
		"an address that has expired":  {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaExpired}, want: whatsapp.ErrMediaExpired},
		"a token that is not liked":    {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaExpired, HTTPStatus: 403}, want: whatsapp.ErrMediaExpired},
		"a redirect to metadata": {
			fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaRedirect, Address: "http://169.254.169.254/computeMetadata/v1/"}, want: whatsapp.ErrMediaHost},
		"a redirect to a private host": {
			fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaRedirect, Address: "https://10.0.0.7/"}, want: whatsapp.ErrMediaHost},
		"a redirect to a file": {
			fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaRedirect, Address: "file:///etc/passwd"}, want: whatsapp.ErrMediaHost},
		"a redirect in circles": {
			fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaRedirect, Times: -1}, cause: "redirect"},
		"a body that breaks off": {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaCut}, cause: "closed"},
		"a body that drips":      {fault: whatsapptest.MediaFault{Kind: whatsapptest.MediaSlow}, cause: "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o whatsapp.Options
			if tt.cause == "timeout" {
				o.MediaTimeout = time.Second
			}
			a := newAlbum(t, o)
			if tt.cause == "redirect" {
				info, err := a.client.Media(t.Context(), a.id, number)
				if err != nil {
					t.Fatal(err)
				}
				tt.fault.Address = info.URL
			}
			a.server.FailMedia(tt.fault)
			_, got, err := a.fetch(t)
			broken, _ := errors.AsType[*whatsapp.TransportError](err)
			if tt.want != nil && !errors.Is(err, tt.want) || tt.cause != "" && (broken == nil || broken.Cause != tt.cause) {
				t.Errorf("error %v", err)
			}
			if len(got) > mediaLimit {
				t.Errorf("%d bytes were written", len(got))
			}
			if requests, _ := a.server.Downloads(); len(requests) > 4 {
				t.Errorf("%d requests", len(requests))
			}
		})
	}
}

func TestAFileOfExactlyTheLimitIsTaken(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	info, err := a.client.Media(t.Context(), a.id, "")
	if err != nil {
		t.Fatal(err)
	}
	size := int64(len(a.data))
	if _, err := a.client.Download(t.Context(), info.URL, size, io.Discard); err != nil {
		t.Error(err)
	}
	if _, err := a.client.Download(t.Context(), info.URL, size-1, io.Discard); !errors.Is(err, whatsapp.ErrMediaTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
}

// Of a hundred megabytes no more is read than was asked for.
func TestAnOversizedFileIsNotReadToTheEnd(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	a.server.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaOversized})
	_, got, err := a.fetch(t)
	if !errors.Is(err, whatsapp.ErrMediaTooLarge) || len(got) != mediaLimit {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// hostile are addresses that a download must not be sent to.
var hostile = []string{
	"http://lookaside.fbsbx.com/x", "https://lookaside.fbsbx.com:8443/x", "https://user@lookaside.fbsbx.com/x",
	"https://lookaside.fbsbx.com.evil.example/x", "https://evilfbcdn.net/x", "https://fbcdn.net/x", "https://evil.example/?lookaside.fbsbx.com",
	"https://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/", "http://[fd00:ec2::254]/",
	"https://[::ffff:169.254.169.254]/", "https://127.0.0.1/", "https://localhost/", "http://0177.0.0.1/", "ftp://lookaside.fbsbx.com/x",
	"//lookaside.fbsbx.com/x", "", "https://", "\x7f", "https://lookaside.fbsbx.com%2eevil.example/",
}

func TestATokenGoesNowhereElse(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	for _, address := range hostile {
		a.server.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaAddress, Address: address})
		info, err := a.client.Media(t.Context(), a.id, "")
		if address == "" {
			if err == nil {
				t.Error("a lookup without an address is taken")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.client.Download(t.Context(), info.URL, mediaLimit, io.Discard); !errors.Is(err, whatsapp.ErrMediaHost) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if requests, _ := a.server.Downloads(); len(requests) != 0 {
		t.Errorf("requests %+v", requests)
	}
}

// A host that is allowed may still resolve to what is not on the Internet.
func TestAnAllowedNameLeadsToNoPrivateAddress(t *testing.T) {
	for _, host := range []string{
		"localhost", "127.0.0.1", "[::1]", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0",
		"[fd00:ec2::254]", "[fe80::1]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
		"224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "[::]",
	} {
		client, err := whatsapp.NewClient(whatsapp.Options{
			Token: token, MediaHosts: []string{strings.Trim(host, "[]")}, MediaTimeout: 5 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Download(t.Context(), "https://"+host+"/x", mediaLimit, io.Discard); !errors.Is(err, whatsapp.ErrMediaHost) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// On this machine without TLS, only Graph's own port may be asked: other
// programs listen there too.
func TestAGraphOnThisMachineOpensNoOtherPort(t *testing.T) {
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer other.Close()
	a := newAlbum(t, whatsapp.Options{})
	a.server.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaRedirect, Address: other.URL})
	if _, _, err := a.fetch(t); !errors.Is(err, whatsapp.ErrMediaHost) || asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

func TestAFileThatIsGone(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	if _, err := a.client.Media(t.Context(), "1000000000000001", number); !errors.Is(err, whatsapp.ErrMediaGone) {
		t.Errorf("an unknown id: %v", err)
	}
	if err := a.client.DeleteMedia(t.Context(), a.id, number); err != nil {
		t.Fatal(err)
	}
	_, err := a.client.Media(t.Context(), a.id, number)
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	if !errors.Is(err, whatsapp.ErrMediaGone) || !ok || refusal.Code != 100 || refusal.Subcode != 33 {
		t.Errorf("a deleted id: %v", err)
	}
	if err := a.client.DeleteMedia(t.Context(), a.id, number); !errors.Is(err, whatsapp.ErrMediaGone) {
		t.Errorf("deleted twice: %v", err)
	}
	a.server.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaRefuse, HTTPStatus: 401, Code: 190})
	a.id = a.server.PutMedia(whatsapptest.MediaFile{MIMEType: "image/png", Data: []byte("x")})
	if _, err := a.client.Media(t.Context(), a.id, number); errors.Is(err, whatsapp.ErrMediaGone) {
		t.Errorf("a token that is refused: %v", err)
	}
}

func TestAnAddressExpires(t *testing.T) {
	clock := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	server := whatsapptest.NewServer(whatsapptest.Options{Now: func() time.Time { return clock }})
	defer server.Close()
	client := newClient(t, server.URL)
	info, err := client.Media(t.Context(), server.PutMedia(whatsapptest.MediaFile{MIMEType: "image/png", Data: []byte("x")}), "")
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(5*time.Minute + time.Second)
	if _, err := client.Download(t.Context(), info.URL, mediaLimit, io.Discard); !errors.Is(err, whatsapp.ErrMediaExpired) {
		t.Errorf("error %v", err)
	}
}

func TestErrorsOfMediaHoldNothingOfTheAddress(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{MediaTimeout: time.Second})
	for _, fault := range []whatsapptest.MediaFaultKind{
		whatsapptest.MediaExpired, whatsapptest.MediaBroken, whatsapptest.MediaCut, whatsapptest.MediaSlow, whatsapptest.MediaOversized,
	} {
		a.server.FailMedia(whatsapptest.MediaFault{Kind: fault})
		_, _, err := a.fetch(t)
		if err == nil || strings.Contains(err.Error(), a.id) || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

func TestWithoutATokenNothingIsAsked(t *testing.T) {
	server := whatsapptest.NewServer(whatsapptest.Options{})
	defer server.Close()
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: server.URL, Token: func(context.Context) (string, error) { return "", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, lookup := client.Media(t.Context(), "1234567890", "")
	_, download := client.Download(t.Context(), server.URL+"/whatsapp_business/attachments/?mid=1", 1, io.Discard)
	if lookup == nil || download == nil || server.Counts().Requests != 0 {
		t.Errorf("%v, %v, %d requests", lookup, download, server.Counts().Requests)
	}
}

func TestAnUploadArrivesAsItIs(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	data := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{0, 0xff}, 4096)...)
	id, err := a.client.Upload(t.Context(), number, "application/pdf", `orçamento "nº 3".pdf`, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := a.server.Media(id)
	want := whatsapptest.MediaFile{MIMEType: "application/pdf", Filename: `orçamento "nº 3".pdf`, Data: data}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{id}, a.server.Uploads()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatMetaDoesNotTakeIsNotUploaded(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	large := strings.NewReader(strings.Repeat("x", 5<<20+1))
	for _, tt := range []struct {
		name, mime, filename string
		file                 io.ReadSeeker
		want                 whatsapp.LimitError
	}{
		{"a large image", "image/png", "a.png", large, whatsapp.LimitError{Field: "file", Rule: whatsapp.RuleBytes, Limit: 5 << 20, Got: 5<<20 + 1}},
		{"an empty file", "image/png", "a.png", strings.NewReader(""), whatsapp.LimitError{Field: "file", Rule: whatsapp.RuleRequired}},
		{"no name", "image/png", "", large, whatsapp.LimitError{Field: "filename", Rule: whatsapp.RuleRequired}},
		{"a name of two lines", "image/png", "a\r\nb", large, whatsapp.LimitError{Field: "filename", Rule: whatsapp.RuleFormat}},
		{"ogg that is not Opus", "audio/ogg", "a.ogg", large, whatsapp.LimitError{Field: "type", Rule: whatsapp.RuleFormat}},
		{"an unknown group", "model/gltf", "a", large, whatsapp.LimitError{Field: "type", Rule: whatsapp.RuleFormat}},
		{"no type", "", "a", large, whatsapp.LimitError{Field: "type", Rule: whatsapp.RuleFormat}},
	} {
		_, err := a.client.Upload(t.Context(), number, tt.mime, tt.filename, tt.file)
		got, ok := errors.AsType[*whatsapp.LimitError](err)
		if !ok || *got != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := a.client.Upload(t.Context(), "x", "image/png", "a.png", large); err == nil {
		t.Error("a number that is none is taken")
	}
	seekless := struct {
		io.Reader
		io.Seeker
	}{iotest.ErrReader(io.EOF), brokenSeeker{}}
	if _, err := a.client.Upload(t.Context(), number, "image/png", "a.png", seekless); err == nil {
		t.Error("a file that cannot be measured is taken")
	}
	if len(a.server.Uploads()) != 0 {
		t.Error("something was uploaded")
	}
}

type brokenSeeker struct{}

func (brokenSeeker) Seek(int64, int) (int64, error) { return 0, errors.New("a pipe") }

func TestMetaLooksIntoAnUpload(t *testing.T) {
	a := newAlbum(t, whatsapp.Options{})
	_, err := a.client.Upload(t.Context(), number, "image/png", "a.png", strings.NewReader("a text"))
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	if !ok || refusal.Class() != whatsapp.ClassMedia {
		t.Errorf("error %v", err)
	}
}
