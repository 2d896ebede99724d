package media

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/pyloto/atende/internal/conversation"
)

// format is a type of file that is read.
type format uint8

const (
	unknown format = iota
	ogg
	mp3
	mp4
	wav
	aac
	amr
	webm
	jpegImage
	pngImage
	webp
	pdf
	plain
	csv
)

// mime is the format's own name, without parameters.
func (f format) mime() string {
	return [...]string{
		unknown: "", ogg: "audio/ogg", mp3: "audio/mpeg", mp4: "audio/mp4", wav: "audio/wav", aac: "audio/aac", amr: "audio/amr",
		webm: "audio/webm", jpegImage: "image/jpeg", pngImage: "image/png", webp: "image/webp", pdf: "application/pdf",
		plain: "text/plain", csv: "text/csv",
	}[f]
}

// limit is how many bytes are read of a format.
func (f format) limit() int64 {
	switch f {
	case jpegImage, pngImage, webp:
		return MaxImage
	case pdf:
		return MaxPDF
	case plain, csv:
		return MaxPlain
	default:
		return MaxAudio
	}
}

// formatOf is the format that a message announces, or unknown when none of its
// kind is read that is called so.
func formatOf(k conversation.Kind, declared string) format {
	name, _, err := mime.ParseMediaType(declared)
	if err != nil {
		name, _, _ = strings.Cut(strings.ToLower(declared), ";")
		name = strings.TrimSpace(name)
	}
	switch k {
	case conversation.KindAudio:
		switch name {
		case "audio/ogg", "audio/opus", "application/ogg":
			return ogg
		case "audio/mpeg", "audio/mp3":
			return mp3
		case "audio/mp4", "audio/m4a", "audio/x-m4a":
			return mp4
		case "audio/wav", "audio/x-wav", "audio/wave":
			return wav
		case "audio/aac", "audio/aacp":
			return aac
		case "audio/amr":
			return amr
		case "audio/webm":
			return webm
		}
	case conversation.KindImage:
		switch name {
		case "image/jpeg", "image/jpg":
			return jpegImage
		case "image/png":
			return pngImage
		case "image/webp":
			return webp
		}
	case conversation.KindDocument:
		switch name {
		case "application/pdf":
			return pdf
		case "text/plain":
			return plain
		case "text/csv":
			return csv
		case "image/jpeg": // A photograph that was sent as a file.
			return jpegImage
		case "image/png":
			return pngImage
		}
	}
	return unknown
}

// mismatch says why bytes are not of the format that was announced; empty when
// they are. A container says nothing of what is in it, so this is no promise
// that anybody can read the file.
func mismatch(f format, data []byte) string {
	if len(data) == 0 {
		return "empty"
	}
	begins := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(data, []byte(p)) {
				return true
			}
		}
		return false
	}
	holds := func(at int, what string) bool {
		return len(data) >= at+len(what) && string(data[at:at+len(what)]) == what
	}
	frame := len(data) > 1 && data[0] == 0xff // The beginning of an MPEG frame, and its layer.
	ok := false
	switch f {
	case ogg:
		ok = begins("OggS")
	case mp3:
		ok = begins("ID3") || frame && data[1]&0xe0 == 0xe0 && data[1]&0x06 != 0
	case mp4:
		ok = holds(4, "ftyp")
	case aac:
		// Telephones call both so: bare frames, and the same in MP4.
		ok = frame && data[1]&0xf6 == 0xf0 || holds(4, "ftyp")
	case wav:
		ok = begins("RIFF") && holds(8, "WAVE")
	case amr:
		ok = begins("#!AMR")
	case webm:
		ok = begins("\x1a\x45\xdf\xa3")
	case jpegImage, pngImage:
		_, err := dimensions(f, data)
		ok = err == nil
	case webp:
		ok = begins("RIFF") && holds(8, "WEBP")
	case pdf:
		// Readers allow for some rubbish before it.
		ok = bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-"))
	case plain, csv:
		ok = isText(data)
	}
	if !ok {
		return "bytes"
	}
	return ""
}

// isText takes what has no control characters but those of lines, in UTF-8 or in
// a code page of Windows.
func isText(data []byte) bool {
	for _, b := range data {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' || b == 0x7f {
			return false
		}
	}
	return true
}

func dimensions(f format, data []byte) (image.Config, error) {
	read := func(r io.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }
	if f == pngImage {
		read = png.DecodeConfig
	}
	return read(bytes.NewReader(data))
}

// pixels is how many an image unpacks to; zero where the format itself bounds
// them.
func pixels(f format, data []byte) int {
	if f != jpegImage && f != pngImage {
		return 0
	}
	c, err := dimensions(f, data)
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return 0
	}
	if c.Width > MaxPixels/c.Height {
		return MaxPixels + 1
	}
	return c.Width * c.Height
}

// legible is a text in UTF-8; one that is not is taken for the code page that
// Brazilian offices still write.
func legible(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if utf8.Valid(data) {
		return data
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return data
	}
	return text
}
