package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
)

// checkModel has the model answer in a form that is prescribed, as Otto does. It
// is the one check that costs money: some sixty tokens.
func (p *patient) checkModel(ctx context.Context) result {
	at := p.worker.OpenAI
	if !at.Enabled {
		return ok("off (OPENAI_ENABLED=false): Otto answers from his menu")
	}
	client := openai.New(openai.Options{
		APIKey: secrets.One(p.resolver, at.APIKey), BaseURL: at.BaseURL, Model: at.Model, Timeout: at.Timeout, Now: p.o.Now,
	})
	said, err := client.Complete(ctx, otto.Prompt{
		Messages:   []otto.PromptMessage{{Role: otto.RoleSystem, Content: "You are being tested."}, {Role: otto.RoleUser, Content: "Are you ready?"}},
		SchemaName: "readiness", Schema: json.RawMessage(modelSchema), MaxTokens: modelTokens,
	})
	if err != nil {
		return p.noModel(err)
	}
	var answer struct {
		Answer string `json:"answer"`
	}
	if said.Outcome != otto.OutcomeOK || json.Unmarshal([]byte(said.Text), &answer) != nil || answer.Answer != "ready" {
		return failed(fmt.Sprintf("%s answers, but not in the form that was asked for (%s): it has no structured outputs", at.Model, said.Outcome),
			"export OPENAI_MODEL=gpt-4o-mini   # or another with structured outputs")
	}
	return ok("%s answers in the form that was asked for (%d tokens)", at.Model, said.TokensIn+said.TokensOut)
}

// noModel says what to do about a model that did not answer. The errors of the
// client name a status and OpenAI's code, and nothing else.
func (p *patient) noModel(err error) result {
	found := p.worker.OpenAI.Model + " does not answer: " + err.Error()
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
		return failed(found, "export OPENAI_MODEL=gpt-4o-mini   # or another that the key's project may use: platform.openai.com, Limits")
	case says("invalid_json_schema", "unsupported_", "unknown_parameter", "status 400"):
		return failed(found+": it has no structured outputs", "export OPENAI_MODEL=gpt-4o-mini   # or another with structured outputs")
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
