package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/media"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

var _ turn.Senses = (*media.Senses)(nil)

const number = whatsapptest.DefaultPhoneNumberID

// house is a fake Meta, a fake model and the senses between them.
type house struct {
	meta   *whatsapptest.Server
	model  *openaitest.Server
	senses *media.Senses
}

func open(t *testing.T) house {
	t.Helper()
	return openWith(t, openai.DefaultTranscribeModel, 0)
}

// openWith takes a transcription model and the patience with everybody; zero is
// what production has.
func openWith(t *testing.T, transcriber string, patience time.Duration) house {
	t.Helper()
	h := house{meta: whatsapptest.NewServer(whatsapptest.Options{Token: "token"}), model: openaitest.NewServer(openaitest.Options{Key: "sk-test"})}
	t.Cleanup(h.meta.Close)
	t.Cleanup(h.model.Close)
	graph, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: h.meta.URL, Token: func(context.Context) (string, error) { return "token", nil }, MediaTimeout: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.senses = media.New(media.Options{
		Graph: graph, Now: time.Now,
		Transcriber: openai.NewTranscriber(openai.Options{
			APIKey:  func(context.Context) (pii.Secret, error) { return "sk-test", nil },
			BaseURL: h.model.URL(), Model: transcriber, Timeout: patience,
		}),
	})
	return h
}

// sent is a message whose file Meta keeps.
func (h house) sent(kind conversation.Kind, mime string, data []byte) conversation.Inbound {
	sum := sha256.Sum256(data)
	return conversation.Inbound{Kind: kind, Number: number, Media: &conversation.Media{
		ID: h.meta.PutMedia(whatsapptest.MediaFile{MIMEType: mime, Data: data}), MIME: mime,
		SHA256: base64.StdEncoding.EncodeToString(sum[:]), Filename: "arquivo",
	}}
}

func (h house) voice(says string, length time.Duration) conversation.Inbound {
	return h.sent(conversation.KindAudio, "audio/ogg; codecs=opus", openaitest.Clip(says, length))
}

// perceive expects no error.
func (h house) perceive(t *testing.T, m conversation.Inbound) conversation.Perceived {
	t.Helper()
	p, err := h.senses.Perceive(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAVoiceNoteIsWrittenDown(t *testing.T) {
	h := open(t)
	clip := openaitest.Clip("Oi, queria marcar para terça às três da tarde.", 4*time.Second)
	got := h.perceive(t, h.sent(conversation.KindAudio, "audio/ogg; codecs=opus", clip))
	sum := sha256.Sum256(clip)
	want := conversation.Perceived{
		Outcome: conversation.Understood, Text: "Oi, queria marcar para terça às três da tarde.",
		SHA256: hex.EncodeToString(sum[:]), Length: 4 * time.Second, Model: openai.DefaultTranscribeModel,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(conversation.Perceived{}, "Confidence", "Took", "CostMicroUSD")); diff != "" {
		t.Error(diff)
	}
	if got.Confidence < 0.9 || got.Took <= 0 || got.CostMicroUSD <= 0 {
		t.Errorf("confidence %v, took %v, cost %v", got.Confidence, got.Took, got.CostMicroUSD)
	}
	asked := h.model.Transcriptions()
	if len(asked) != 1 || asked[0].Language != "pt" || !asked[0].Logprobs || asked[0].Filename != "audio.ogg" || asked[0].MIME != "audio/ogg" || asked[0].Prompt != "" {
		t.Errorf("asked %+v", asked)
	}
}

func TestWhisperIsAskedInItsOwnWay(t *testing.T) {
	h := openWith(t, "whisper-1", 0)
	got := h.perceive(t, h.voice("Quanto custa?", 2*time.Second))
	if got.Outcome != conversation.Understood || got.Confidence < 0.9 || got.CostMicroUSD != 200 {
		t.Errorf("perceived %+v", got)
	}
	if asked := h.model.Transcriptions(); len(asked) != 1 || asked[0].Format != "verbose_json" || asked[0].Logprobs {
		t.Errorf("asked %+v", asked)
	}
	h.model.FailTranscription(openaitest.Fault{Kind: openaitest.Mumbled})
	if got := h.perceive(t, h.voice("Quanto custa?", 2*time.Second)); got.Outcome != conversation.Unclear {
		t.Errorf("mumbled: %+v", got)
	}
}

func TestWhatIsNotBelieved(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault openaitest.FaultKind
		says  string
		want  conversation.Perception
		note  string
	}{
		{"nothing written", openaitest.Empty, "oi", conversation.Silence, "no_words"},
		{"a subtitle's credit", openaitest.Phantom, "oi", conversation.Silence, "phantom"},
		{"credits, twice", "", "Legendas pela comunidade Amara.org. Obrigado por assistir!", conversation.Silence, "phantom"},
		{"credits in capitals", "", "LEGENDAS PELA COMUNIDADE AMARA.ORG", conversation.Silence, "phantom"},
		{"marks and no words", "", "... ♪ ...", conversation.Silence, "no_words"},
		{"an unsure model", openaitest.Mumbled, "quero dois", conversation.Unclear, "low_confidence"},
		{"a loop", openaitest.Looped, "oi", conversation.Unclear, "loop"},
		{"more words than time", "", strings.Repeat("Quero saber de tudo um pouco e também do resto. ", 6), conversation.Unclear, "too_fast"},
		{"thanks that are meant", "", "Obrigado por me atender, até terça.", conversation.Understood, ""},
		{"credits and more", "", "Obrigado por assistir a apresentação, quero contratar.", conversation.Understood, ""},
		{"a firm no", "", "Não, não, não, não, não, não, hoje não.", conversation.Understood, ""},
	} {
		h := open(t)
		if tt.fault != "" {
			h.model.FailTranscription(openaitest.Fault{Kind: tt.fault})
		}
		got := h.perceive(t, h.voice(tt.says, 5*time.Second))
		if got.Outcome != tt.want || got.Note != tt.note {
			t.Errorf("%s: %s, %s", tt.name, got.Outcome, got.Note)
		}
		if (got.Text != "") != (tt.want == conversation.Understood) || got.Model == "" {
			t.Errorf("%s: text %q, model %q", tt.name, got.Text.Reveal(), got.Model)
		}
	}
}

// quiet replaces the packets of a clip by those of silence.
func quiet(clip []byte) []byte {
	out := slices.Clone(clip)
	head := bytes.Index(out, []byte("OpusTags"))
	at := head + bytes.Index(out[head:], []byte("OggS"))
	var silent []byte
	silent = append(silent, out[:at]...)
	page := out[at : at+27]
	n := int(page[26])
	silent = append(silent, page...)
	silent = append(silent, bytes.Repeat([]byte{1}, n)...)
	return append(silent, bytes.Repeat([]byte{9 << 3}, n)...)
}

func TestSilenceNeverReachesAModel(t *testing.T) {
	h := open(t)
	for name, clip := range map[string][]byte{
		"a tap on the button": openaitest.Clip("oi", 200*time.Millisecond),
		"nobody speaks":       quiet(openaitest.Clip("oi", time.Second)),
	} {
		got := h.perceive(t, h.sent(conversation.KindAudio, "audio/ogg; codecs=opus", clip))
		if got.Outcome != conversation.Silence || got.Note != "no_sound" || got.Length == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if n := len(h.model.Transcriptions()); n != 0 {
		t.Errorf("a model was asked %d times", n)
	}
}

func TestNobodyListensForLongerThanTenMinutes(t *testing.T) {
	h := open(t)
	if got := h.perceive(t, h.voice("oi", media.MaxAudioLength+time.Second)); got.Outcome != conversation.TooLarge || got.Note != "length" {
		t.Errorf("perceived %+v", got)
	}
	if got := h.perceive(t, h.voice("oi", media.MaxAudioLength)); got.Outcome != conversation.Understood {
		t.Errorf("just short enough: %+v", got)
	}
	// Positions that lie hide no packets.
	clip := openaitest.Clip("oi", media.MaxAudioLength+time.Minute)
	for at := 0; ; at += 4 {
		next := bytes.Index(clip[at:], []byte("OggS"))
		if next < 0 {
			break
		}
		at += next
		binary.LittleEndian.PutUint64(clip[at+6:], 960)
	}
	if got := h.perceive(t, h.sent(conversation.KindAudio, "audio/ogg", clip)); got.Outcome != conversation.TooLarge {
		t.Errorf("lying positions: %+v", got)
	}
	if n := len(h.model.Transcriptions()); n != 1 {
		t.Errorf("a model was asked %d times", n)
	}
}

func TestTheLengthOfAWAV(t *testing.T) {
	h := open(t)
	wav := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00")
	wav = append(wav, "data"...)
	wav = binary.LittleEndian.AppendUint32(wav, 32000)
	wav = append(wav, make([]byte, 32000)...)
	if got := h.perceive(t, h.sent(conversation.KindAudio, "audio/wav", wav)); got.Length != 2*time.Second || got.Outcome != conversation.Understood {
		t.Errorf("perceived %+v", got)
	}
}

func picture(t *testing.T, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var out bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	img.Set(3, 3, color.White)
	if err := encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }

func TestWhatAModelIsToLookAt(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		kind       conversation.Kind
		mime, want string
		data, read []byte
	}{
		{conversation.KindImage, "image/jpeg", "image/jpeg", picture(t, asJPEG), nil},
		{conversation.KindImage, "image/png", "image/png", picture(t, asPNG), nil},
		{conversation.KindImage, "image/webp", "image/webp", []byte("RIFF\x04\x00\x00\x00WEBPVP8 "), nil},
		{conversation.KindDocument, "application/pdf", "application/pdf", []byte("%PDF-1.7\n"), nil},
		{conversation.KindDocument, "image/jpeg", "image/jpeg", picture(t, asJPEG), nil},
		{conversation.KindDocument, "text/plain; charset=utf-8", "text/plain", []byte("pedido nº 3"), nil},
		{conversation.KindDocument, "text/csv", "text/csv", []byte("descri\xe7\xe3o;\x80\r\n"), []byte("descrição;€\r\n")},
	} {
		got := h.perceive(t, h.sent(tt.kind, tt.mime, tt.data))
		read := tt.read
		if read == nil {
			read = tt.data
		}
		if got.Outcome != conversation.Understood || got.File == nil || got.File.MIME != tt.want || !bytes.Equal(got.File.Data, read) || got.File.Name != "arquivo" || got.SHA256 == "" {
			t.Errorf("%s: %+v", tt.mime, got)
		}
	}
}

// bombed is a PNG whose header says that it unpacks to forty gigabytes.
func bombed(t *testing.T) []byte {
	t.Helper()
	// A header's checksum is checked, so it must be one of a real image.
	const header = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	body := []byte("\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x00\x00\x00\x00")
	out := append([]byte(header), body...)
	return binary.BigEndian.AppendUint32(out, crc(append([]byte("IHDR"), body...)))
}

func TestWhatIsNotLookedAt(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		name string
		kind conversation.Kind
		mime string
		data []byte
		want conversation.Perception
		note string
	}{
		{"a program that is called a photograph", conversation.KindImage, "image/jpeg", []byte("MZ\x90\x00"), conversation.WrongKind, "bytes"},
		{"a page that is called a PDF", conversation.KindDocument, "application/pdf", []byte("<html>"), conversation.WrongKind, "bytes"},
		{"a photograph that is called a voice note", conversation.KindAudio, "audio/ogg; codecs=opus", picture(t, asPNG), conversation.WrongKind, "bytes"},
		{"an archive", conversation.KindDocument, "application/zip", []byte("PK\x03\x04"), conversation.WrongKind, "type"},
		{"an archive that is called text", conversation.KindDocument, "text/plain", []byte("PK\x03\x04"), conversation.WrongKind, "bytes"},
		{"a drawing that may run scripts", conversation.KindImage, "image/svg+xml", []byte("<svg>"), conversation.WrongKind, "type"},
		{"no type", conversation.KindImage, "", picture(t, asPNG), conversation.WrongKind, "type"},
		{"no bytes", conversation.KindImage, "image/png", nil, conversation.WrongKind, "empty"},
		{"half a photograph's header", conversation.KindImage, "image/png", picture(t, asPNG)[:20], conversation.WrongKind, "bytes"},
		{"an image that unpacks to gigabytes", conversation.KindImage, "image/png", bombed(t), conversation.TooLarge, "pixels"},
		{"a large photograph", conversation.KindImage, "image/jpeg", make([]byte, media.MaxImage+1), conversation.TooLarge, "size"},
		{"a long text", conversation.KindDocument, "text/plain", bytes.Repeat([]byte("x"), media.MaxPlain+1), conversation.TooLarge, "size"},
		{"what the transcriber cannot read", conversation.KindAudio, "audio/amr", []byte("#!AMR\n..."), conversation.WrongKind, "unreadable"},
	} {
		got := h.perceive(t, h.sent(tt.kind, tt.mime, tt.data))
		if got.Outcome != tt.want || got.Note != tt.note || got.File != nil || got.Text != "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestMetaMayNotHaveIt(t *testing.T) {
	h := open(t)
	m := h.voice("oi", time.Second)
	m.Media.ID = "1000000000000009"
	if got := h.perceive(t, m); got.Outcome != conversation.Gone {
		t.Errorf("an unknown id: %+v", got)
	}
	m.Media.ID = "../me"
	if got := h.perceive(t, m); got.Outcome != conversation.Gone {
		t.Errorf("no id at all: %+v", got)
	}
	m.Media = nil
	if got := h.perceive(t, m); got.Outcome != conversation.Gone {
		t.Errorf("no file: %+v", got)
	}
}

func TestAnExpiredAddressIsAskedForOnceMore(t *testing.T) {
	h := open(t)
	m := h.voice("oi, tudo bem?", 2*time.Second)
	h.meta.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaExpired})
	if got := h.perceive(t, m); got.Outcome != conversation.Understood {
		t.Errorf("once: %+v", got)
	}
	if requests, lookups := h.meta.Downloads(); len(requests) != 2 || lookups != 2 {
		t.Errorf("%d requests, %d lookups", len(requests), lookups)
	}
	h.meta.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaExpired, Times: 2})
	if got := h.perceive(t, m); got.Outcome != conversation.Gone || got.Note != "expired" {
		t.Errorf("twice: %+v", got)
	}
}

func TestWhatWouldHarm(t *testing.T) {
	for name, tt := range map[string]struct {
		fault whatsapptest.MediaFault
		want  conversation.Perception
		note  string
	}{
		"100 MB":                         {whatsapptest.MediaFault{Kind: whatsapptest.MediaOversized}, conversation.TooLarge, "size"},
		"100 MB, announced":              {whatsapptest.MediaFault{Kind: whatsapptest.MediaAnnounced}, conversation.TooLarge, "size"},
		"a zip bomb":                     {whatsapptest.MediaFault{Kind: whatsapptest.MediaPacked}, conversation.Undone, "packed"},
		"a redirect to a private host":   {whatsapptest.MediaFault{Kind: whatsapptest.MediaRedirect, Address: "https://192.168.0.1/"}, conversation.Undone, "host_refused"},
		"an address of metadata":         {whatsapptest.MediaFault{Kind: whatsapptest.MediaAddress, Address: "http://169.254.169.254/computeMetadata/v1/"}, conversation.Undone, "host_refused"},
		"a hash that is another":         {whatsapptest.MediaFault{Kind: whatsapptest.MediaWrongHash}, conversation.Understood, ""},
		"a size that is a byte too much": {whatsapptest.MediaFault{Kind: whatsapptest.MediaWrongSize}, conversation.Understood, ""},
	} {
		h := open(t)
		m := h.voice("oi, tudo bem?", 2*time.Second)
		h.meta.FailMedia(tt.fault)
		if got := h.perceive(t, m); got.Outcome != tt.want || got.Note != tt.note {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAHashThatDiffersHindersNothing(t *testing.T) {
	h := open(t)
	m := h.voice("oi, tudo bem?", 2*time.Second)
	m.Media.SHA256 = base64.StdEncoding.EncodeToString(make([]byte, 32))
	if got := h.perceive(t, m); got.Outcome != conversation.Understood || got.Note != "hash_differs" {
		t.Errorf("another: %+v", got)
	}
	for _, odd := range []string{"", "not base64!"} {
		m.Media.SHA256 = odd
		if got := h.perceive(t, m); got.Outcome != conversation.Understood || (got.Note != "") != (odd != "") {
			t.Errorf("%q: %+v", odd, got)
		}
	}
}

func TestWhatIsWorthAnotherTry(t *testing.T) {
	for name, tt := range map[string]struct {
		meta  whatsapptest.MediaFault
		model openaitest.Fault
		kind  fault.Kind
	}{
		"Meta is ill":                {meta: whatsapptest.MediaFault{Kind: whatsapptest.MediaRefuse, HTTPStatus: 500, Code: 131000}, kind: fault.Dependency},
		"Meta refuses the token":     {meta: whatsapptest.MediaFault{Kind: whatsapptest.MediaRefuse, HTTPStatus: 401, Code: 190}, kind: fault.Dependency},
		"Meta asks to slow down":     {meta: whatsapptest.MediaFault{Kind: whatsapptest.MediaRefuse, HTTPStatus: 429, Code: 130429}, kind: fault.Throttled},
		"the download is ill":        {meta: whatsapptest.MediaFault{Kind: whatsapptest.MediaBroken}, kind: fault.Dependency},
		"the download breaks off":    {meta: whatsapptest.MediaFault{Kind: whatsapptest.MediaCut}, kind: fault.Dependency},
		"the download drips":         {meta: whatsapptest.MediaFault{Kind: whatsapptest.MediaSlow}, kind: fault.Dependency},
		"the model is ill":           {model: openaitest.Fault{Kind: openaitest.Status}, kind: fault.Dependency},
		"the model asks to wait":     {model: openaitest.Fault{Kind: openaitest.Status, Status: 429, RetryAfter: 3 * time.Second}, kind: fault.Throttled},
		"the model does not answer":  {model: openaitest.Fault{Kind: openaitest.Stall}, kind: fault.Dependency},
		"the model's answer is cut":  {model: openaitest.Fault{Kind: openaitest.CutOff}, kind: fault.Dependency},
		"a gateway answers":          {model: openaitest.Fault{Kind: openaitest.Foreign}, kind: fault.Dependency},
		"the model's key is refused": {model: openaitest.Fault{Kind: openaitest.Status, Status: 401, Code: "invalid_api_key"}, kind: fault.Dependency},
		"there is no such model":     {model: openaitest.Fault{Kind: openaitest.Status, Status: 404, Code: "model_not_found"}, kind: fault.Dependency},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			if tt.meta.Kind == whatsapptest.MediaSlow || tt.model.Kind == openaitest.Stall {
				h = openWith(t, openai.DefaultTranscribeModel, 4*time.Second)
			}
			m := h.voice("segredo", 2*time.Second)
			if tt.meta.Kind != "" {
				h.meta.FailMedia(tt.meta)
			} else {
				h.model.FailTranscription(tt.model)
			}
			_, err := h.senses.Perceive(t.Context(), m)
			if !fault.Is(err, tt.kind) {
				t.Fatalf("error %v, kind %v", err, fault.KindOf(err))
			}
			if wait, _ := fault.RetryAfter(err); wait != tt.model.RetryAfter {
				t.Errorf("wait %v", wait)
			}
			if strings.Contains(err.Error(), m.Media.ID) || strings.Contains(err.Error(), "segredo") || strings.Contains(err.Error(), "sk-test") {
				t.Errorf("error %v", err)
			}
			// It is worth it.
			if got := h.perceive(t, m); got.Outcome != conversation.Understood {
				t.Errorf("the second time: %+v", got)
			}
		})
	}
}

// large is a Graph whose files are as large as they may be, and that waits
// before each download.
type large struct {
	mu      sync.Mutex
	running int
	most    int
	started chan struct{}
	proceed chan struct{}
}

func (g *large) Media(context.Context, string, string) (whatsapp.MediaInfo, error) {
	return whatsapp.MediaInfo{URL: "https://lookaside.fbsbx.com/x"}, nil
}

func (g *large) Download(ctx context.Context, _ string, limit int64, _ io.Writer) (whatsapp.Downloaded, error) {
	g.mu.Lock()
	g.running += int(limit)
	g.most = max(g.most, g.running)
	g.mu.Unlock()
	g.started <- struct{}{}
	select {
	case <-g.proceed:
	case <-ctx.Done():
	}
	g.mu.Lock()
	g.running -= int(limit)
	g.mu.Unlock()
	return whatsapp.Downloaded{}, whatsapp.ErrMediaGone
}

func TestManyFilesAtOnceShareTheMemory(t *testing.T) {
	g := &large{started: make(chan struct{}, 100), proceed: make(chan struct{})}
	s := media.New(media.Options{Graph: g, Now: time.Now})
	m := conversation.Inbound{Kind: conversation.KindAudio, Media: &conversation.Media{ID: "1", MIME: "audio/ogg"}}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if p, err := s.Perceive(t.Context(), m); err != nil || p.Outcome != conversation.Gone {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	for range 4 {
		<-g.started
	}
	// Who does not want to wait for memory goes.
	impatient, leave := context.WithCancelCause(t.Context())
	leave(errors.New("tired"))
	if _, err := s.Perceive(impatient, m); !fault.Is(err, fault.Dependency) {
		t.Errorf("waited in vain: %v", err)
	}
	close(g.proceed)
	all.Wait()
	if g.most > 64<<20 {
		t.Errorf("%d bytes at once", g.most)
	}
}

func crc(data []byte) uint32 {
	sum := ^uint32(0)
	for _, b := range data {
		sum ^= uint32(b)
		for range 8 {
			low := sum & 1
			sum >>= 1
			if low != 0 {
				sum ^= 0xedb88320
			}
		}
	}
	return ^sum
}

func FuzzPerceive(f *testing.F) {
	f.Add(byte(0), openaitest.Clip("oi", time.Second))
	f.Add(byte(0), []byte("OggS\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01\x01\xff\xff\x80\xbb\x00\x00\x00\x00\x00"))
	f.Add(byte(1), []byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"))
	f.Add(byte(2), []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
	f.Add(byte(3), []byte("\xff\xd8\xff\xe0\x00\x10JFIF"))
	f.Add(byte(4), []byte("%PDF-1.7"))
	f.Add(byte(5), []byte("a;b\r\n\xe7"))
	kinds := []conversation.Kind{conversation.KindAudio, conversation.KindAudio, conversation.KindImage, conversation.KindImage, conversation.KindDocument, conversation.KindDocument}
	mimes := []string{"audio/ogg", "audio/wav", "image/png", "image/jpeg", "application/pdf", "text/csv"}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		at := int(which) % len(kinds)
		s := media.New(media.Options{Graph: fixed(data), Transcriber: deaf{}, Now: time.Now})
		p, err := s.Perceive(t.Context(), conversation.Inbound{Kind: kinds[at], Media: &conversation.Media{ID: "1", MIME: mimes[at]}})
		if err != nil || p.Outcome == "" || p.Length < 0 || (p.File != nil) != (p.Outcome == conversation.Understood && kinds[at] != conversation.KindAudio) {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// fixed is a Graph with one file.
type fixed []byte

func (g fixed) Media(context.Context, string, string) (whatsapp.MediaInfo, error) {
	return whatsapp.MediaInfo{URL: "https://lookaside.fbsbx.com/x"}, nil
}

func (g fixed) Download(_ context.Context, _ string, _ int64, w io.Writer) (whatsapp.Downloaded, error) {
	n, err := w.Write(g)
	return whatsapp.Downloaded{Size: int64(n)}, err
}

// deaf hears always the same.
type deaf struct{}

func (deaf) Transcribe(context.Context, conversation.File) (conversation.Transcript, error) {
	return conversation.Transcript{Text: "oi"}, nil
}

// What reaches the transcriber is named for what it is.
func TestEveryKindOfAudioIsKnownByItsBytes(t *testing.T) {
	const mp4 = "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00"
	for _, tt := range []struct {
		mime, data, want string
	}{
		{"audio/mpeg", "ID3\x04", "audio/mpeg"}, {"audio/mp3", "\xff\xfb\x90\x00", "audio/mpeg"},
		{"audio/mp4", mp4, "audio/mp4"}, {"audio/x-m4a", mp4, "audio/mp4"}, {"audio/aac", mp4, "audio/aac"}, {"audio/aac", "\xff\xf1\x50\x80", "audio/aac"},
		{"audio/amr", "#!AMR\n", "audio/amr"}, {"audio/webm; codecs=opus", "\x1a\x45\xdf\xa3", "audio/webm"},
		{"AUDIO/OGG; codecs=opus", "OggS\x00", "audio/ogg"}, {"audio/ogg; codecs", "OggS\x00", "audio/ogg"},
		// One is not another.
		{"audio/mpeg", "\xff\xf1\x50\x80", ""}, {"audio/aac", "\xff\xfb\x90\x00", ""}, {"audio/ogg", "ID3\x04", ""}, {"audio/wav", "RIFF\x00\x00\x00\x00AVI ", ""},
		{"audio/midi", "MThd", ""}, {"video/mp4", mp4, ""},
	} {
		ears := &curious{}
		s := media.New(media.Options{Graph: fixed(tt.data), Transcriber: ears, Now: time.Now})
		p, err := s.Perceive(t.Context(), conversation.Inbound{Kind: conversation.KindAudio, Media: &conversation.Media{ID: "1", MIME: tt.mime}})
		want := conversation.Understood
		if tt.want == "" {
			want = conversation.WrongKind
		}
		if err != nil || p.Outcome != want || ears.heard != tt.want {
			t.Errorf("%s, %q: %+v, %v, heard as %q", tt.mime, tt.data, p, err, ears.heard)
		}
	}
}

// curious keeps the type of what it heard.
type curious struct{ heard string }

func (c *curious) Transcribe(_ context.Context, f conversation.File) (conversation.Transcript, error) {
	c.heard = f.MIME
	return conversation.Transcript{Text: "oi"}, nil
}
