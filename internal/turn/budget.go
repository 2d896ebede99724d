package turn

import (
	"context"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// withoutModel says why the model is left out of this turn; empty when it may
// be asked. What is cheap to know is asked first.
func (h *handling) withoutModel(ctx context.Context, r otto.Request) conversation.Fallback {
	spent := h.spentToday(r)
	switch {
	case h.report.Tries >= modelOffFrom:
		return conversation.FallbackTries
	case h.Budget.Turns > 0 && spent.Turns >= h.Budget.Turns,
		h.Budget.Tokens > 0 && spent.Tokens >= h.Budget.Tokens:
		return conversation.FallbackContact
	case h.metered() && h.tenantSpent(ctx, r):
		return conversation.FallbackTenant
	default:
		return ""
	}
}

// metered reports whether the tenant's tokens are counted at all.
func (h *handling) metered() bool { return h.Meter != nil && h.Budget.TenantTokens > 0 }

// tenantSpent reports whether all contacts together have spent the day's
// tokens. The meter is a hint: when it does not answer nobody is refused an
// answer, and the budgets of the contacts still hold.
func (h *handling) tenantSpent(ctx context.Context, r otto.Request) bool {
	if h.report.Hintless {
		return false
	}
	tokens, err := h.Meter.Spent(ctx, h.account(r))
	return err == nil && tokens >= h.Budget.TenantTokens
}

// spend counts what the model took on the tenant's account: also for a draft
// that is not going to be committed, because it costs as much.
func (h *handling) spend(ctx context.Context, r otto.Request, took conversation.Model) {
	if tokens := took.TokensIn + took.TokensOut; h.metered() && !h.report.Hintless && tokens > 0 {
		// What is not counted makes the day's budget a little larger.
		_ = h.Meter.Spend(context.WithoutCancel(ctx), h.account(r), tokens)
	}
}

// account is the keyed name of the tenant's day.
func (h *handling) account(r otto.Request) string {
	return h.Key.Event("spent", h.Tenant, h.today(r))
}

// today is the day of a request in the business's zone.
func (h *handling) today(r otto.Request) string { return r.Now.In(h.Budget.Zone).Format(time.DateOnly) }
