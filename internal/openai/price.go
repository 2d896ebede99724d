package openai

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/pyloto/atende/internal/otto"
)

//go:embed prices.json
var priceList []byte

// price is what a model's tokens cost, in US dollars per million: so many
// millionths of a dollar for each. Audio is of tokens of audio in.
type price struct{ In, Cached, Audio, Out float64 }

// prices are the prices of models by name.
type prices struct {
	Tokens map[string]price   `json:"usd_per_million_tokens"`
	Minute map[string]float64 `json:"usd_per_minute_of_audio"`
}

// newPrices reads the list that is built in. One that cannot be read is a
// mistake of whoever changed it.
func newPrices() prices {
	var list prices
	if err := json.Unmarshal(priceList, &list); err != nil {
		panic(fmt.Sprintf("openai: prices.json: %v", err))
	}
	return list
}

// cost is what a completion cost, in millionths of a US dollar, rounded to
// the nearest; zero when nobody listed its model.
func (p prices) cost(c otto.Completion) int64 {
	each := p.Tokens[undated(c.Model)]
	cached := min(max(c.TokensCached, 0), c.TokensIn)
	return int64(math.Round(float64(c.TokensIn-cached)*each.In + float64(cached)*each.Cached + float64(c.TokensOut)*each.Out))
}

// heard is what a transcription cost, in the same unit: by its tokens, or by
// the length of the audio where its model is paid so.
func (p prices) heard(model string, audio, text, out int64, length time.Duration) int64 {
	name := undated(model)
	each := p.Tokens[name]
	cost := float64(max(audio, 0))*each.Audio + float64(max(text, 0))*each.In + float64(max(out, 0))*each.Out
	return int64(math.Round(cost + p.Minute[name]*1e6*length.Minutes()))
}

// undated is the name of the model that a name with a date is a snapshot of:
// they cost the same.
func undated(name string) string {
	if cut := len(name) - len(time.DateOnly) - 1; cut > 0 && name[cut] == '-' {
		if _, err := time.Parse(time.DateOnly, name[cut+1:]); err == nil {
			return name[:cut]
		}
	}
	return name
}
