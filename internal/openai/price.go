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
// millionths of a dollar for each.
type price struct{ In, Cached, Out float64 }

// prices are the prices of models by name.
type prices map[string]price

// newPrices reads the list that is built in. One that cannot be read is a
// mistake of whoever changed it.
func newPrices() prices {
	var list struct {
		Prices prices `json:"usd_per_million_tokens"`
	}
	if err := json.Unmarshal(priceList, &list); err != nil {
		panic(fmt.Sprintf("openai: prices.json: %v", err))
	}
	return list.Prices
}

// cost is what a completion cost, in millionths of a US dollar, rounded to
// the nearest; zero when nobody listed its model. A name with a date is a snapshot of
// the model without one and costs the same.
func (p prices) cost(c otto.Completion) int64 {
	name := c.Model
	if cut := len(name) - len(time.DateOnly) - 1; cut > 0 && name[cut] == '-' {
		if _, err := time.Parse(time.DateOnly, name[cut+1:]); err == nil {
			name = name[:cut]
		}
	}
	each := p[name]
	cached := min(max(c.TokensCached, 0), c.TokensIn)
	return int64(math.Round(float64(c.TokensIn-cached)*each.In + float64(cached)*each.Cached + float64(c.TokensOut)*each.Out))
}
