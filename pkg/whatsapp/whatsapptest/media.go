package whatsapptest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"maps"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// mediaLife is how long the address of a download is good.
	mediaLife = 5 * time.Minute
	// maxUpload is the largest file that Meta takes.
	maxUpload = 100 << 20
	// maxShelf bounds what is kept of all files together; the oldest is forgotten.
	maxShelf = 256 << 20
	// oversize is what an oversized download would be, were it read to the end.
	oversize = 100 << 20
	// drip is the pause between two bytes of a slow download.
	drip = 20 * time.Millisecond
)

// MediaFile is a file that Meta keeps.
type MediaFile struct {
	MIMEType string
	Filename string
	Data     []byte
}

// MediaFaultKind is a way in which a file cannot be had.
type MediaFaultKind string

// The ways, first those of the lookup of an id, then those of the download.
const (
	// MediaRefuse answers the lookup with HTTPStatus and Code.
	MediaRefuse MediaFaultKind = "media_refuse"
	// MediaAddress gives Address as the address of the download.
	MediaAddress MediaFaultKind = "media_address"
	// MediaWrongHash announces another hash than the file's.
	MediaWrongHash MediaFaultKind = "media_wrong_hash"
	// MediaWrongSize announces a byte more than the file has.
	MediaWrongSize MediaFaultKind = "media_wrong_size"

	// MediaExpired answers as if the five minutes had passed: with HTTPStatus, or
	// 404.
	MediaExpired MediaFaultKind = "media_expired"
	// MediaBroken answers with HTTPStatus and no file.
	MediaBroken MediaFaultKind = "media_broken"
	// MediaOversized sends 100 MB without saying so before.
	MediaOversized MediaFaultKind = "media_oversized"
	// MediaAnnounced says that 100 MB will follow.
	MediaAnnounced MediaFaultKind = "media_announced"
	// MediaPacked sends 100 MB of zeros, packed, though nobody asked for it.
	MediaPacked MediaFaultKind = "media_packed"
	// MediaRedirect sends the client to Address.
	MediaRedirect MediaFaultKind = "media_redirect"
	// MediaSlow sends a byte now and then until the client gives up.
	MediaSlow MediaFaultKind = "media_slow"
	// MediaCut breaks the connection half-way.
	MediaCut MediaFaultKind = "media_cut"
)

// ofLookup reports whether a fault meets the lookup of an id.
func (k MediaFaultKind) ofLookup() bool {
	return slices.Contains([]MediaFaultKind{MediaRefuse, MediaAddress, MediaWrongHash, MediaWrongSize}, k)
}

// MediaFault is a failure on command.
type MediaFault struct {
	Kind MediaFaultKind
	// Times is how many requests it meets: zero means one, a negative number all
	// until ClearFaults.
	Times      int
	HTTPStatus int
	Code       int
	Address    string
}

// MediaRequest is a request for a file's bytes.
type MediaRequest struct {
	ID string
	// Authorized says that the access token came along.
	Authorized bool
	// Encoding is what the client said it takes.
	Encoding string
}

// media is what a server keeps of files. It is guarded by the server's lock.
type media struct {
	files     map[string]MediaFile
	order     []string
	size      int
	faults    []*MediaFault
	uploads   []string
	downloads []MediaRequest
	lookups   int
}

// PutMedia keeps a file, as if a person had sent it, and returns its id.
func (s *Server) PutMedia(f MediaFile) (id string) {
	id = MediaID()
	s.update(func() { s.media.put(id, f) })
	return id
}

func (m *media) put(id string, f MediaFile) {
	if m.files == nil {
		m.files = map[string]MediaFile{}
	}
	m.files[id] = f
	m.order = append(m.order, id)
	m.size += len(f.Data)
	for m.size > maxShelf && len(m.order) > 1 {
		m.drop(m.order[0])
	}
}

func (m *media) drop(id string) {
	m.size -= len(m.files[id].Data)
	delete(m.files, id)
	m.order = slices.DeleteFunc(m.order, func(other string) bool { return other == id })
}

// MediaID is an id as Meta's ids of media are: sixteen digits.
func MediaID() string {
	n, err := rand.Int(rand.Reader, big.NewInt(9e15))
	if err != nil {
		panic("whatsapptest: no random numbers: " + err.Error()) // never happens
	}
	return n.Add(n, big.NewInt(1e15)).String()
}

// Media is the file of an id, kept here or with [Options.Media].
func (s *Server) Media(id string) (MediaFile, bool) {
	s.mu.Lock()
	f, ok := s.media.files[id]
	s.mu.Unlock()
	if !ok && s.options.Media != nil {
		return s.options.Media(id)
	}
	return f, ok
}

// Uploads are the ids of the files that a client has uploaded, oldest first.
func (s *Server) Uploads() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.media.uploads)
}

// Downloads are the newest requests for files, oldest first, whatever became of
// them; lookups is how often an id was looked up in all.
func (s *Server) Downloads() (requests []MediaRequest, lookups int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.media.downloads), s.media.lookups
}

// FailMedia queues a failure of media. [Server.ClearFaults] takes it back.
func (s *Server) FailMedia(f MediaFault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.update(func() { s.media.faults = append(s.media.faults, &f) })
}

// MediaFaults are the failures of media that are still to come, as
// [Server.Faults] are those of messages.
func (s *Server) MediaFaults() []MediaFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := make([]MediaFault, len(s.media.faults))
	for i, f := range s.media.faults {
		faults[i] = *f
	}
	return faults
}

// mediaFault takes the next fault of a lookup, or of a download.
func (s *Server) mediaFault(lookup bool) MediaFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.media.faults {
		if f.Kind.ofLookup() != lookup {
			continue
		}
		f.Times--
		if f.Times == 0 {
			s.media.faults = slices.Delete(s.media.faults, i, i+1)
		}
		return *f
	}
	return MediaFault{}
}

var (
	mediaPath  = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([0-9]{8,})$`)
	uploadPath = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([0-9]+)/media$`)
)

// downloadPath is where Meta's own addresses lead.
const downloadPath = "/whatsapp_business/attachments/"

// isMedia reports whether a request is about a file.
func isMedia(r *http.Request) bool {
	return r.URL.Path == downloadPath || uploadPath.MatchString(r.URL.Path) || mediaPath.MatchString(r.URL.Path)
}

// serveMedia answers a request about a file.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) *refusal {
	if r.URL.Path == downloadPath && r.Method == http.MethodGet {
		return s.download(w, r)
	}
	if !s.authorized(r) {
		return &refusal{status: http.StatusUnauthorized, code: 190, details: "Invalid OAuth access token"}
	}
	if path := uploadPath.FindStringSubmatch(r.URL.Path); path != nil && r.Method == http.MethodPost {
		return s.upload(w, r, path[1])
	}
	path := mediaPath.FindStringSubmatch(r.URL.Path)
	if path == nil || r.Method != http.MethodGet && r.Method != http.MethodDelete {
		return &refusal{status: http.StatusNotFound, code: 2500, details: "Unknown path components"}
	}
	number := r.URL.Query().Get("phone_number_id")
	file, ok := s.Media(path[1])
	if !ok || number != "" && len(s.options.PhoneNumberIDs) > 0 && !slices.Contains(s.options.PhoneNumberIDs, number) {
		return &refusal{status: http.StatusBadRequest, code: 100, subcode: 33, details: "Object does not exist"}
	}
	if r.Method == http.MethodDelete {
		s.update(func() { s.media.drop(path[1]) })
		writeJSON(w, http.StatusOK, object{"success": true})
		return nil
	}
	return s.lookUp(w, r, path[1], file)
}

func (s *Server) authorized(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return bearer && token != "" && (s.options.Token == "" || token == s.options.Token)
}

func (s *Server) lookUp(w http.ResponseWriter, r *http.Request, id string, file MediaFile) *refusal {
	s.update(func() { s.media.lookups++ })
	sum := sha256.Sum256(file.Data)
	size := len(file.Data)
	query := url.Values{"mid": {id}, "ext": {strconv.FormatInt(s.options.Now().Add(mediaLife).Unix(), 10)}, "hash": {"stand-in"}}
	// Where it was asked: what stands between must see the download too.
	address := "http://" + r.Host + downloadPath + "?" + query.Encode()
	switch f := s.mediaFault(true); f.Kind {
	case MediaRefuse:
		return &refusal{status: f.HTTPStatus, code: f.Code, details: "Refused on command", proxy: f.Code == 0}
	case MediaAddress:
		address = f.Address
	case MediaWrongHash:
		sum = sha256.Sum256([]byte("another file"))
	case MediaWrongSize:
		size++
	}
	writeJSON(w, http.StatusOK, object{
		"messaging_product": "whatsapp", "id": id, "url": address, "mime_type": file.MIMEType,
		"sha256": base64.StdEncoding.EncodeToString(sum[:]), "file_size": strconv.Itoa(size),
	})
	return nil
}

// download gives a file's bytes, or breaks on the way.
func (s *Server) download(w http.ResponseWriter, r *http.Request) *refusal {
	query := r.URL.Query()
	request := MediaRequest{ID: query.Get("mid"), Authorized: s.authorized(r), Encoding: r.Header.Get("Accept-Encoding")}
	s.update(func() {
		s.media.downloads = append(s.media.downloads, request)
		if extra := len(s.media.downloads) - s.options.Keep; extra > 0 {
			s.media.downloads = slices.Delete(s.media.downloads, 0, extra)
		}
	})
	file, ok := s.Media(request.ID)
	until, err := strconv.ParseInt(query.Get("ext"), 10, 64)
	switch {
	case !request.Authorized:
		return &refusal{status: http.StatusUnauthorized, proxy: true}
	case !ok, err != nil, s.options.Now().After(time.Unix(until, 0)):
		return &refusal{status: http.StatusNotFound, proxy: true}
	}
	w.Header().Set("Content-Type", file.MIMEType)
	switch f := s.mediaFault(false); f.Kind {
	case MediaExpired:
		return &refusal{status: orStatus(f.HTTPStatus, http.StatusNotFound), proxy: true}
	case MediaBroken:
		return &refusal{status: orStatus(f.HTTPStatus, http.StatusBadGateway), proxy: true}
	case MediaRedirect:
		w.Header().Set("Location", f.Address)
		w.WriteHeader(http.StatusFound)
	case MediaOversized:
		s.pour(w, oversize)
	case MediaAnnounced:
		w.Header().Set("Content-Length", strconv.Itoa(oversize))
		s.pour(w, oversize)
	case MediaPacked:
		w.Header().Set("Content-Encoding", "gzip")
		_ = http.NewResponseController(w).Flush() // It may take long until something is packed.
		packed := gzip.NewWriter(w)
		s.pour(packed, oversize)
		_ = packed.Close()
	case MediaSlow:
		s.dribble(r.Context(), w)
	case MediaCut:
		w.Header().Set("Content-Length", strconv.Itoa(len(file.Data)))
		_, _ = w.Write(file.Data[:len(file.Data)/2])
		_ = http.NewResponseController(w).Flush()
		s.drop()
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(file.Data)))
		_, _ = w.Write(file.Data)
	}
	return nil
}

func orStatus(status, fallback int) int {
	if status == 0 {
		return fallback
	}
	return status
}

// pour writes n zeros, as long as anybody takes them.
func (s *Server) pour(w io.Writer, n int) {
	zeros := make([]byte, 64<<10)
	for ; n > 0 && s.ctx.Err() == nil; n -= len(zeros) {
		if _, err := w.Write(zeros[:min(n, len(zeros))]); err != nil {
			return
		}
	}
}

func (s *Server) dribble(ctx context.Context, w http.ResponseWriter) {
	out := http.NewResponseController(w)
	for s.pause(ctx, drip) {
		if _, err := w.Write([]byte{0}); err != nil || out.Flush() != nil {
			return
		}
	}
	s.drop()
}

// signatures are how the files begin that Meta looks into.
func signatures() map[string][]string {
	return map[string][]string{
		"image/jpeg": {"\xff\xd8\xff"}, "image/png": {"\x89PNG\r\n\x1a\n"}, "application/pdf": {"%PDF-"},
		"audio/ogg": {"OggS"}, "audio/amr": {"#!AMR"}, "image/webp": {"RIFF"}, "audio/mpeg": {"ID3", "\xff"},
	}
}

// upload keeps a file that the business wants to send.
func (s *Server) upload(w http.ResponseWriter, r *http.Request, number string) *refusal {
	if len(s.options.PhoneNumberIDs) > 0 && !slices.Contains(s.options.PhoneNumberIDs, number) {
		return &refusal{status: http.StatusBadRequest, code: 100, subcode: 33, details: "Object does not exist"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+maxRequest)
	if err := r.ParseMultipartForm(maxRequest); err != nil { //nolint:gosec // the line above bounds it
		return refuse(100, "Invalid parameter")
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	declared := r.PostFormValue("type")
	kind, _, err := mime.ParseMediaType(declared)
	files := r.MultipartForm.File["file"]
	switch {
	case r.PostFormValue("messaging_product") != "whatsapp":
		return refuse(100, "The parameter messaging_product is required.")
	case err != nil || len(files) != 1 || files[0].Header.Get("Content-Type") != declared:
		return refuse(100, "Param file must be a file with one of the following types: audio, document, image, sticker, video")
	case len(slices.Collect(maps.Keys(r.MultipartForm.File))) != 1:
		return refuse(100, "Invalid parameter")
	}
	in, err := files[0].Open()
	if err != nil {
		return refuse(100, "Invalid parameter")
	}
	defer func() { _ = in.Close() }()
	data, err := io.ReadAll(in)
	if err != nil || len(data) == 0 || len(data) > maxUpload {
		return refuse(131053, "Unable to upload the media used in the message.")
	}
	if begins := signatures()[kind]; begins != nil && !slices.ContainsFunc(begins, func(b string) bool { return bytes.HasPrefix(data, []byte(b)) }) {
		return refuse(131053, "Unable to upload the media used in the message.")
	}
	id := MediaID()
	s.update(func() {
		s.media.put(id, MediaFile{MIMEType: declared, Filename: files[0].Filename, Data: data})
		s.media.uploads = append(s.media.uploads, id)
	})
	writeJSON(w, http.StatusOK, object{"id": id})
	return nil
}
