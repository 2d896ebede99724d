package openai

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/option"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// caller makes the calls to one service: with the key of the moment, in bounded
// time, and none while the service is known to be out.
type caller struct {
	key     func(ctx context.Context) (pii.Secret, error)
	timeout time.Duration
	breaker breaker
}

func (o Options) caller() caller {
	return caller{key: o.APIKey, timeout: o.Timeout, breaker: breaker{now: o.Now}}
}

// call asks once. What ask fails with is for judge, which marks it or says that
// the service has answered after all.
func (c *caller) call(ctx context.Context, ask func(ctx context.Context, how ...option.RequestOption) error, judge func(err error, r *http.Response) error) error {
	key, err := c.key(ctx)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if key.Reveal() == "" {
		return fault.Mark(errNoKey, fault.Broken)
	}
	probe, ok := c.breaker.admit()
	if !ok {
		return fault.Mark(errResting, fault.Dependency)
	}
	end := abandoned
	defer func() { c.breaker.leave(probe, end) }()
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var response *http.Response
	err = ask(bounded, option.WithAPIKey(strings.TrimSpace(key.Reveal())), option.WithResponseInto(&response))
	if err != nil {
		err = judge(err, response)
	}
	switch {
	case err != nil && ctx.Err() != nil:
	case fault.Is(err, fault.Dependency), fault.Is(err, fault.Throttled):
		end = outage
	default:
		end = answered
	}
	return err
}
