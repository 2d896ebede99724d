package whatsapp_test

import (
	"encoding/json"
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp"
)

func BenchmarkDecodeText(b *testing.B) { benchmarkDecode(b, "text.json", 1) }

func BenchmarkDecodeBatch10(b *testing.B) { benchmarkDecode(b, "batch_ten.json", 10) }

func benchmarkDecode(b *testing.B, file string, elements int) {
	body := golden(b, file)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		delivery, err := whatsapp.Decode(body)
		if err != nil || len(delivery.Elements) != elements {
			b.Fatal(err, len(delivery.Elements))
		}
	}
}

// BenchmarkStandardLibrary is the yardstick: the same text message through
// encoding/json into the fewest fields that a receiver needs.
func BenchmarkStandardLibrary(b *testing.B) {
	body := golden(b, "text.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var d struct {
			Object string `json:"object"`
			Entry  []struct {
				ID      string `json:"id"`
				Changes []struct {
					Field string `json:"field"`
					Value struct {
						Metadata struct {
							PhoneNumberID string `json:"phone_number_id"`
						} `json:"metadata"`
						Contacts []struct {
							Profile struct {
								Name     string `json:"name"`
								Username string `json:"username"`
							} `json:"profile"`
							WAID   string `json:"wa_id"`
							UserID string `json:"user_id"`
						} `json:"contacts"`
						Messages []struct {
							From       string `json:"from"`
							FromUserID string `json:"from_user_id"`
							ID         string `json:"id"`
							Timestamp  string `json:"timestamp"`
							Type       string `json:"type"`
							Text       struct {
								Body string `json:"body"`
							} `json:"text"`
						} `json:"messages"`
					} `json:"value"`
				} `json:"changes"`
			} `json:"entry"`
		}
		if err := json.Unmarshal(body, &d); err != nil {
			b.Fatal(err)
		}
	}
}
