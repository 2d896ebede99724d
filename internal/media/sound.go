package media

import (
	"bytes"
	"encoding/binary"
	"time"
)

// leastSpeech is the shortest thing that anybody says.
const leastSpeech = 300 * time.Millisecond

// quietPacket is the largest Opus packet, in bytes, that carries no sound to speak
// of: a coder with discontinuous transmission writes one or two in silence, and
// no coder speech in so few (RFC 6716, section 2.1.9).
const quietPacket = 8

// sound is what the bytes of an audio say without being played.
type sound struct {
	length time.Duration // zero when it is not known
	// measured says that spoken is known: how much of it is anything but silence.
	measured bool
	spoken   time.Duration
}

func measure(f format, data []byte) sound {
	switch f {
	case ogg:
		return measureOgg(data)
	case wav:
		return sound{length: lengthOfWAV(data)}
	default:
		return sound{}
	}
}

// opusRate is the unit of Opus positions in Ogg: 48 000 to the second, whatever
// the sound was recorded with (RFC 7845, section 4).
const opusRate = 48_000

// measureOgg walks the pages of an Ogg file (RFC 3533). Of a file that breaks off
// it measures what is there; of anything but Opus, nothing.
func measureOgg(data []byte) sound {
	var s sound
	var units, skip uint64 // of the streams so far, one after another
	var last uint64
	var packet []byte
	var number int // of packets in this stream
	var packets time.Duration
	for {
		page, rest, ok := nextPage(data)
		if !ok {
			break
		}
		data = rest
		if page.begins {
			units += last - min(last, skip)
			last, skip, number, packet = 0, 0, 0, nil
		}
		for _, size := range page.lacing {
			packet = append(packet, page.body[:size]...)
			page.body = page.body[size:]
			if size == 255 {
				continue // It goes on, perhaps on the next page.
			}
			switch {
			case number == 0:
				if !bytes.HasPrefix(packet, []byte("OpusHead")) || len(packet) < 19 {
					return sound{}
				}
				skip = uint64(binary.LittleEndian.Uint16(packet[10:]))
			case number > 1 && len(packet) > 0:
				packets += opusLength(packet)
				if len(packet) > quietPacket {
					s.spoken += opusLength(packet)
				}
			}
			number++
			packet = packet[:0]
		}
		if page.position != ^uint64(0) { // No packet ends on the page.
			last = max(last, page.position)
		}
	}
	units += last - min(last, skip)
	if number == 0 {
		return sound{}
	}
	s.measured = true
	// Positions may say anything: in a day nobody speaks more, and what the packets
	// hold is there all the same.
	s.length = max(packets, time.Duration(min(units, opusRate*86400))*time.Second/opusRate)
	return s
}

type oggPage struct {
	begins   bool
	position uint64
	lacing   []byte
	body     []byte
}

func nextPage(data []byte) (p oggPage, rest []byte, ok bool) {
	const head = 27
	if len(data) < head || string(data[:4]) != "OggS" {
		return p, nil, false
	}
	segments := int(data[head-1])
	if len(data) < head+segments {
		return p, nil, false
	}
	p.begins = data[5]&2 != 0
	p.position = binary.LittleEndian.Uint64(data[6:])
	p.lacing = data[head : head+segments]
	size := 0
	for _, l := range p.lacing {
		size += int(l)
	}
	data = data[head+segments:]
	if len(data) < size {
		return p, nil, false
	}
	p.body = data[:size]
	return p, data[size:], true
}

// opusLength is how much sound a packet holds, by its first bytes (RFC 6716,
// section 3.1).
func opusLength(packet []byte) time.Duration {
	config := packet[0] >> 3
	var frame time.Duration
	switch {
	case config < 12: // SILK
		frame = [...]time.Duration{10, 20, 40, 60}[config&3] * time.Millisecond
	case config < 16: // hybrid
		frame = [...]time.Duration{10, 20}[config&1] * time.Millisecond
	default: // CELT
		frame = [...]time.Duration{2500, 5000, 10_000, 20_000}[config&3] * time.Microsecond
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) > 1 {
			frames = int(packet[1] & 0x3f)
		}
	}
	// No packet holds more than 120 ms.
	return min(frame*time.Duration(frames), 120*time.Millisecond)
}

// lengthOfWAV reads the rate and the size of a WAV's sound; zero when it does not
// say them.
func lengthOfWAV(data []byte) time.Duration {
	var perSecond uint32
	for data = data[min(len(data), 12):]; len(data) >= 8; {
		size := binary.LittleEndian.Uint32(data[4:])
		switch string(data[:4]) {
		case "fmt ":
			if len(data) >= 20 {
				perSecond = binary.LittleEndian.Uint32(data[16:])
			}
		case "data":
			if perSecond == 0 {
				return 0
			}
			size = min(size, uint32(len(data)-8)) // One that is written while recording says anything.
			return time.Duration(float64(size) / float64(perSecond) * float64(time.Second))
		}
		next := 8 + int(size) + int(size&1)
		if next > len(data) {
			return 0
		}
		data = data[next:]
	}
	return 0
}
