package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// DefaultTranscribeModel is the model of [NewTranscriber].
const DefaultTranscribeModel = "gpt-4o-mini-transcribe"

// language is the one that leads speak. Without being told, a model guesses it
// from the first seconds, and Portuguese comes back as Spanish.
const language = "pt"

// Transcriber writes down what is said in an audio. It is safe for concurrent
// use.
type Transcriber struct {
	caller
	service sdk.AudioTranscriptionService
	model   string
	prices  prices
}

// NewTranscriber makes a Transcriber. It makes no call. The model of the
// options, where it is empty, is [DefaultTranscribeModel]. Its breaker is its
// own: transcription and completion fall ill apart from each other.
func NewTranscriber(o Options) *Transcriber {
	if o.Model == "" {
		o.Model = DefaultTranscribeModel
	}
	o = o.complete()
	return &Transcriber{
		caller:  o.caller(),
		service: sdk.NewAudioTranscriptionService(o.requestOptions()...),
		model:   o.Model,
		prices:  newPrices(),
	}
}

// Transcribe makes one attempt. Nothing of the business goes along to help the
// model: on silence, such a hint comes back as if somebody had said it.
//
// Besides the kinds that [Client.Complete] has, an error may be
// [fault.Unreadable]: the provider cannot read this file and never will.
func (t *Transcriber) Transcribe(ctx context.Context, f conversation.File) (conversation.Transcript, error) {
	var heard conversation.Transcript
	err := t.call(ctx, func(ctx context.Context, how ...option.RequestOption) error {
		answer, err := t.service.New(ctx, t.params(f), how...)
		if err == nil {
			heard = t.transcript(answer)
		}
		return err
	}, func(err error, response *http.Response) error { return judgeAudio(ctx, err, response) })
	if err != nil {
		return conversation.Transcript{}, fmt.Errorf("openai: transcribe: %w", err)
	}
	return heard, nil
}

func (t *Transcriber) params(f conversation.File) sdk.AudioTranscriptionNewParams {
	p := sdk.AudioTranscriptionNewParams{
		// The provider goes by the name's ending.
		File:           sdk.File(bytes.NewReader(f.Data), "audio"+ending(f.MIME), f.MIME),
		Model:          t.model,
		Language:       param.NewOpt(language),
		ResponseFormat: sdk.AudioResponseFormatJSON,
	}
	switch name := undated(t.model); {
	case strings.HasPrefix(name, "whisper"):
		p.ResponseFormat = sdk.AudioResponseFormatVerboseJSON
	case strings.HasSuffix(name, "-transcribe") && strings.HasPrefix(name, "gpt-4o"):
		p.Include = []sdk.TranscriptionInclude{sdk.TranscriptionIncludeLogprobs}
	}
	return p
}

// ending is the file name's ending of a type; that of a voice note where the
// type is unknown.
func ending(mime string) string {
	switch mime {
	case "audio/mpeg":
		return ".mp3"
	case "audio/mp4":
		return ".m4a"
	case "audio/wav":
		return ".wav"
	case "audio/webm":
		return ".webm"
	case "audio/aac":
		return ".aac"
	case "audio/amr":
		return ".amr"
	default:
		return ".ogg"
	}
}

func (t *Transcriber) transcript(a *sdk.AudioTranscriptionNewResponseUnion) conversation.Transcript {
	heard := conversation.Transcript{
		Text:   pii.Text(strings.TrimSpace(a.Text)),
		Length: seconds(max(a.Usage.Seconds, a.Duration)),
		Model:  t.model,
	}
	var sum, weight float64
	for _, token := range a.Logprobs {
		sum, weight = sum+token.Logprob, weight+1
	}
	for _, s := range a.Segments {
		long := max(s.End-s.Start, 0.01)
		sum, weight = sum+s.AvgLogprob*long, weight+long
		heard.NoSpeech += s.NoSpeechProb * long
	}
	if weight > 0 {
		heard.Confidence = probability(math.Exp(sum / weight))
		heard.NoSpeech = probability(heard.NoSpeech / weight)
	}
	in := a.Usage.InputTokenDetails
	heard.CostMicroUSD = t.prices.heard(t.model, in.AudioTokens, a.Usage.InputTokens-in.AudioTokens, a.Usage.OutputTokens, heard.Length)
	return heard
}

// probability keeps what a server says between 0 and 1.
func probability(p float64) float64 {
	if math.IsNaN(p) {
		return 0
	}
	return min(max(p, 0), 1)
}

// seconds is a length that a server says, at most a day.
func seconds(s float64) time.Duration {
	if !(s > 0) {
		return 0
	}
	return time.Duration(min(s, 86400) * float64(time.Second))
}

// judgeAudio is judge where the request was a file: what the provider refuses
// without naming a setting is the file's fault.
func judgeAudio(ctx context.Context, err error, response *http.Response) error {
	var refused *sdk.Error
	if ctx.Err() == nil && refusedContent(response) && errors.As(err, &refused) && !known(refused.Code) {
		return fault.Mark(fmt.Errorf("status %d", refused.StatusCode), fault.Unreadable)
	}
	if _, err := judge(ctx, err, response); err != nil {
		return err
	}
	return fault.Mark(errors.New("refused"), fault.Unreadable)
}
