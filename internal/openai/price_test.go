package openai_test

import (
	"fmt"
	"net/http"
	"testing"
)

func TestTheCostOfAnAnswer(t *testing.T) {
	for _, tt := range []struct {
		model           string
		in, cached, out int64
		want            int64 // millionths of a US dollar
	}{
		{"gpt-4o-mini", 1_000_000, 0, 0, 150_000},
		{"gpt-4o-mini", 0, 0, 1_000_000, 600_000},
		{"gpt-4o-mini", 2_000_000, 1_000_000, 1_000_000, 825_000},
		{"gpt-4o-mini-2024-07-18", 1_000_000, 1_000_000, 0, 75_000},
		{"gpt-4o-mini", 7, 0, 1, 2}, // 1.65
		{"gpt-4o-2024-11-20", 1_000_000, 0, 0, 2_500_000},
		{"gpt-4.1", 1_000_000, 500_000, 100_000, 2_050_000},
		{"gpt-4.1-mini-2025-04-14", 1_000_000, 0, 1_000_000, 2_000_000},
		{"gpt-4.1-nano", 1_000_000, 1_000_000, 0, 25_000},
		{"gpt-5-2025-08-07", 1_000_000, 1_000_000, 0, 125_000},
		{"gpt-5-mini", 1_000_000, 1_000_000, 1_000_000, 2_025_000},
		{"gpt-5-nano", 1_000_000, 1_000_000, 0, 5_000},
		// A provider that counts more cached tokens than tokens.
		{"gpt-4o-mini", 1_000_000, 9_000_000, 0, 75_000},
		// Nobody listed these.
		{"gpt-5.1", 1_000_000, 0, 1_000_000, 0},
		{"gpt-4o-audio-preview-2024-12-17", 1_000_000, 0, 1_000_000, 0},
		{"gpt-4o-mini-2024-99-99", 1_000_000, 0, 0, 0},
		{"-2024-07-18", 1_000_000, 0, 0, 0},
		{"llama", 1_000_000, 0, 0, 0},
		{"", 1_000_000, 0, 0, 0},
	} {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"model":%q,"choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d}}}`,
				tt.model, tt.in, tt.out, tt.cached)
		})
		got, err := c.Complete(t.Context(), prompt())
		if err != nil || got.CostMicroUSD != tt.want {
			t.Errorf("%s, %d tokens in, %d cached, %d out: cost %d, %v, want %d", tt.model, tt.in, tt.cached, tt.out, got.CostMicroUSD, err, tt.want)
		}
	}
}
