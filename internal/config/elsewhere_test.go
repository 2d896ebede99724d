package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/config"
)

// What is right on Cloud Run is right for whoever looks at it from elsewhere.
func TestElsewhere(t *testing.T) {
	platform := staging().with("TASKS_AUTH=platform").environ()
	if _, _, err := config.LoadWorker(platform); err == nil {
		t.Fatal("TASKS_AUTH=platform is taken off Cloud Run")
	}
	before := len(platform)
	if _, _, err := config.LoadWorker(config.Elsewhere(platform)); err != nil {
		t.Errorf("seen from elsewhere: %v", err)
	}
	if len(platform) != before {
		t.Error("the environment itself was changed")
	}
	for _, same := range [][]string{
		nil, {"TASKS_AUTH=oidc"}, {"TASKS_AUTH=platform", "TASKS_AUTH=none"}, {"TASKS_AUTH=platform", "K_SERVICE=atende-worker"},
	} {
		if diff := cmp.Diff(same, config.Elsewhere(same)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
