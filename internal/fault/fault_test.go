package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/fault"
)

func TestTheOutermostMarkCounts(t *testing.T) {
	base := errors.New("dial")
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"none", nil, fault.Unknown},
		{"unmarked", base, fault.Unknown},
		{"marked", fault.Mark(base, fault.Dependency), fault.Dependency},
		{"wrapped", fmt.Errorf("load: %w", fault.Mark(base, fault.Refused)), fault.Refused},
		{"marked twice", fault.Mark(fmt.Errorf("load: %w", fault.Mark(base, fault.Refused)), fault.Broken), fault.Broken},
		{"deadline", fmt.Errorf("get: %w", context.DeadlineExceeded), fault.Dependency},
		{"canceled", context.Canceled, fault.Dependency},
		{"throttled", fault.After(base, time.Second), fault.Throttled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.KindOf(tt.err); got != tt.want {
				t.Errorf("KindOf = %v, want %v", got, tt.want)
			}
			if tt.err != nil && !fault.Is(tt.err, tt.want) {
				t.Error("Is disagrees with KindOf")
			}
		})
	}
	if fault.Is(nil, fault.Unknown) {
		t.Error("nil is no fault")
	}
}

func TestMarkKeepsTheError(t *testing.T) {
	base := errors.New("dial")
	err := fault.Mark(base, fault.Dependency)
	if !errors.Is(err, base) || err.Error() != "dial" {
		t.Errorf("marked = %v", err)
	}
	if fault.Mark(nil, fault.Broken) != nil || fault.After(nil, time.Second) != nil {
		t.Error("marking nil makes an error")
	}
}

func TestRetryAfter(t *testing.T) {
	if d, ok := fault.RetryAfter(fmt.Errorf("send: %w", fault.After(errors.New("slow"), 3*time.Second))); !ok || d != 3*time.Second {
		t.Errorf("RetryAfter = %v, %v", d, ok)
	}
	if _, ok := fault.RetryAfter(errors.New("x")); ok {
		t.Error("an unmarked error has a wait")
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.Unknown; k <= fault.Identity; k++ {
		if seen[k.String()] {
			t.Errorf("kind %d shares the name %s", k, k)
		}
		seen[k.String()] = true
	}
}
