package doctor

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/secrets"
)

const (
	// modelTokens bounds the answer, of which there are about ten.
	modelTokens = 50
	// modelSchema has one answer.
	modelSchema = `{"type":"object","properties":{"answer":{"type":"string","enum":["ready"]}},"required":["answer"],"additionalProperties":false}`
	// quiet is how much silence is to be written down; OpenAI refuses less than a
	// tenth of a second.
	quiet = 500 * time.Millisecond
)

// use is what a model is used for.
type use struct {
	model    string
	variable string // names the model
	proposal string // that is known to do
	lacks    string // what a model is without that refuses the request
}

// checkModel has the model answer in a form that is prescribed, as Otto does. It
// costs some sixty tokens.
func (p *patient) checkModel(ctx context.Context) result {
	at := p.worker.OpenAI
	if !at.Enabled {
		return ok("off (OPENAI_ENABLED=false): Otto answers from his menu")
	}
	u := use{model: at.Model, variable: "OPENAI_MODEL", proposal: "gpt-4o-mini", lacks: "structured outputs"}
	client := openai.New(p.model(u))
	said, err := client.Complete(ctx, otto.Prompt{
		Messages:   []otto.PromptMessage{{Role: otto.RoleSystem, Content: "You are being tested."}, {Role: otto.RoleUser, Content: "Are you ready?"}},
		SchemaName: "readiness", Schema: json.RawMessage(modelSchema), MaxTokens: modelTokens,
	})
	if err != nil {
		return p.noModel(u, err)
	}
	var answer struct {
		Answer string `json:"answer"`
	}
	if said.Outcome != otto.OutcomeOK || json.Unmarshal([]byte(said.Text), &answer) != nil || answer.Answer != "ready" {
		return failed(fmt.Sprintf("%s answers, but not in the form that was asked for (%s): it has no %s", at.Model, said.Outcome, u.lacks), u.another())
	}
	return ok("%s answers in the form that was asked for (%d tokens)", at.Model, said.TokensIn+said.TokensOut)
}

// checkTranscription has a moment of silence written down, as voice notes are.
func (p *patient) checkTranscription(ctx context.Context) result {
	at := p.worker.OpenAI
	if !at.Enabled {
		return ok("off (OPENAI_ENABLED=false): who speaks is asked to write")
	}
	u := use{model: at.TranscribeModel, variable: "OPENAI_TRANSCRIBE_MODEL", proposal: openai.DefaultTranscribeModel, lacks: "transcription of audio"}
	if _, err := openai.NewTranscriber(p.model(u)).Transcribe(ctx, conversation.File{MIME: "audio/wav", Data: silence(quiet)}); err != nil {
		return p.noModel(u, err)
	}
	return ok("%s writes down what is said", at.TranscribeModel)
}

// model is how a model is asked, by the means that the worker has.
func (p *patient) model(u use) openai.Options {
	at := p.worker.OpenAI
	return openai.Options{
		APIKey: secrets.One(p.resolver, at.APIKey), BaseURL: at.BaseURL, Model: u.model, Timeout: at.Timeout, Now: p.o.Now,
	}
}

// silence is an audio in which nothing is to be heard: WAV, one channel of 16 bits
// at 16 kHz.
func silence(length time.Duration) []byte {
	const rate, width = 16_000, 2
	samples := uint32(length * rate / time.Second)
	wav := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+samples*width)
	wav = binary.LittleEndian.AppendUint32(append(wav, "WAVEfmt "...), 16)
	for _, field := range []uint16{1 /* PCM */, 1 /* channel */} {
		wav = binary.LittleEndian.AppendUint16(wav, field)
	}
	for _, field := range []uint32{rate, rate * width} {
		wav = binary.LittleEndian.AppendUint32(wav, field)
	}
	for _, field := range []uint16{width, 8 * width} {
		wav = binary.LittleEndian.AppendUint16(wav, field)
	}
	wav = binary.LittleEndian.AppendUint32(append(wav, "data"...), samples*width)
	return append(wav, make([]byte, samples*width)...)
}

// another is how to have another model used.
func (u use) another() string {
	return "export " + u.variable + "=" + u.proposal + "   # or another with " + u.lacks
}

// noModel says what to do about a model that did not answer. The errors of the
// client name a status and OpenAI's code, and nothing else.
func (p *patient) noModel(u use, err error) result {
	found := u.model + " does not answer: " + err.Error()
	says := func(codes ...string) bool {
		for _, code := range codes {
			if strings.Contains(err.Error(), code) {
				return true
			}
		}
		return false
	}
	put := "gcloud secrets versions add openai-api-key-" + p.name() + p.project() + " --data-file=-   # platform.openai.com, API keys"
	switch {
	case says("model_not_found", "status 404"):
		return failed(found, "export "+u.variable+"="+u.proposal+"   # or another that the key's project may use: platform.openai.com, Limits")
	case says("invalid_json_schema", "unsupported_", "unknown_parameter", "status 400"):
		return failed(found+": it has no "+u.lacks, u.another())
	case says("insufficient_quota", "billing_hard_limit_reached", "account_deactivated"):
		return failed(found, "platform.openai.com, Billing   # add credit, or raise the limit")
	case says("status 401", "status 403", "invalid_api_key", "no API key"):
		return failed(found, put)
	case fault.Is(err, fault.Throttled):
		return failed(found, "platform.openai.com, Limits   # the key's rate is used up; ask again in a minute")
	default:
		return failed(found, "look at https://status.openai.com, and whether OPENAI_BASE_URL ("+p.worker.OpenAI.BaseURL+") is right; until then: OPENAI_ENABLED=false")
	}
}
