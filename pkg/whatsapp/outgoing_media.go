package whatsapp

import (
	"mime"
	"slices"
)

// The most bytes of a file to send, by what it is sent as
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media).
// Meta writes KB and MB and does not say which; powers of two stand here.
const (
	MaxImageBytes    = 5 << 20
	MaxAudioBytes    = 16 << 20
	MaxVideoBytes    = 16 << 20
	MaxDocumentBytes = 100 << 20
	// MaxStickerBytes is of a sticker that moves; one that does not may have
	// MaxStillStickerBytes.
	MaxStickerBytes      = 500 << 10
	MaxStillStickerBytes = 100 << 10
	// MaxVoiceBytes is how large a voice message may be to play at a touch; a
	// larger one is delivered too, behind a download button.
	MaxVoiceBytes = 512 << 10
)

// MediaSource is where a message's file is: a MediaID or a MediaLink, and
// nothing else.
type MediaSource interface {
	mediaPayload() mediaPayload
	checkSource(c *checker, field string)
}

// MediaID is a file that was uploaded to Meta, for 30 days.
type MediaID string

// MediaLink is the address of a file that Meta fetches as the message is sent,
// and keeps for ten minutes by its exact address.
type MediaLink string

// ImageMessage is a JPEG or PNG. Caption may be empty.
type ImageMessage struct {
	Source  MediaSource
	Caption string
}

// VideoMessage is an MP4 or 3GP in H.264 and AAC. Caption may be empty.
type VideoMessage struct {
	Source  MediaSource
	Caption string
}

// AudioMessage is a sound file, or with Voice a voice message, which has to be
// mono Opus in OGG. Neither has a caption.
type AudioMessage struct {
	Source MediaSource
	Voice  bool
}

// DocumentMessage is a file to keep. Caption may be empty, and so may Filename,
// which the person sees and whose ending tells his phone how to open it.
type DocumentMessage struct {
	Source   MediaSource
	Filename string
	Caption  string
}

// StickerMessage is a WebP picture of 512 by 512 pixels.
type StickerMessage struct {
	Source MediaSource
}

type mediaPayload struct {
	ID       string `json:"id,omitempty"`
	Link     string `json:"link,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	Voice    bool   `json:"voice,omitempty"`
}

func (s MediaID) mediaPayload() mediaPayload   { return mediaPayload{ID: string(s)} }
func (s MediaLink) mediaPayload() mediaPayload { return mediaPayload{Link: string(s)} }

func (s MediaID) checkSource(c *checker, field string) {
	c.identifier(field+".id", string(s), maxIDLength, map[string]bool{})
}

func (s MediaLink) checkSource(c *checker, field string) { c.address(field+".link", string(s)) }

// sourced is a source as it is posted; a message without one is refused by its
// check, but may be compared before.
func sourced(s MediaSource) *mediaPayload {
	if s == nil {
		return &mediaPayload{}
	}
	part := s.mediaPayload()
	return &part
}

func (m ImageMessage) payload() payload {
	part := sourced(m.Source)
	part.Caption = m.Caption
	return payload{Type: "image", Image: part}
}

func (m VideoMessage) payload() payload {
	part := sourced(m.Source)
	part.Caption = m.Caption
	return payload{Type: "video", Video: part}
}

func (m AudioMessage) payload() payload {
	part := sourced(m.Source)
	part.Voice = m.Voice
	return payload{Type: "audio", Audio: part}
}

func (m DocumentMessage) payload() payload {
	part := sourced(m.Source)
	part.Caption, part.Filename = m.Caption, m.Filename
	return payload{Type: "document", Document: part}
}

func (m StickerMessage) payload() payload {
	return payload{Type: "sticker", Sticker: sourced(m.Source)}
}

func (m ImageMessage) check() error   { return checkMediaMessage("image", m.Source, m.Caption, "") }
func (m VideoMessage) check() error   { return checkMediaMessage("video", m.Source, m.Caption, "") }
func (m AudioMessage) check() error   { return checkMediaMessage("audio", m.Source, "", "") }
func (m StickerMessage) check() error { return checkMediaMessage("sticker", m.Source, "", "") }
func (m DocumentMessage) check() error {
	return checkMediaMessage("document", m.Source, m.Caption, m.Filename)
}

func checkMediaMessage(field string, source MediaSource, caption, filename string) error {
	var c checker
	c.source(field, source)
	c.characters(field+".caption", caption, MaxCaption)
	c.characters(field+".filename", filename, maxFilename)
	return c.err
}

func (c *checker) source(field string, s MediaSource) {
	if s == nil {
		c.fail(LimitError{Field: field, Rule: RuleRequired})
		return
	}
	s.checkSource(c, field)
}

// CheckMedia reports, as a *LimitError, whether Meta takes a file of that MIME
// type and size in bytes as an image, video, audio, document or sticker: what
// it would otherwise refuse with code 131053. OGG has to declare its codec,
// "audio/ogg; codecs=opus". The size of a sticker is checked against that of one
// that moves, since only the bytes could tell.
func CheckMedia(as Type, mimeType string, size int64) error {
	name, parameters, err := mime.ParseMediaType(mimeType)
	types, limit := accepted(as)
	switch {
	case limit == 0:
		return &LimitError{Field: "type", Rule: RuleForbidden}
	case err != nil, !slices.Contains(types, name), name == "audio/ogg" && parameters["codecs"] != "opus":
		return &LimitError{Field: "type", Rule: RuleFormat}
	case size <= 0:
		return &LimitError{Field: "file", Rule: RuleRequired}
	case size > int64(limit):
		return &LimitError{Field: "file", Rule: RuleBytes, Limit: limit, Got: int(size)}
	}
	return nil
}

// accepted returns the MIME types and the most bytes of what is sent as a type.
func accepted(as Type) ([]string, int) {
	switch as {
	case TypeImage:
		return []string{"image/jpeg", "image/png"}, MaxImageBytes
	case TypeVideo:
		return []string{"video/mp4", "video/3gpp"}, MaxVideoBytes
	case TypeAudio:
		return []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, MaxAudioBytes
	case TypeSticker:
		return []string{"image/webp"}, MaxStickerBytes
	case TypeDocument:
		return []string{
			"text/plain", "application/pdf",
			"application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		}, MaxDocumentBytes
	}
	return nil, 0
}
