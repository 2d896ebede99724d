package simulator

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// TestTheWitnessSeesWhatMetaReports has Graph accept two messages and report later
// that one of them failed.
func TestTheWitnessSeesWhatMetaReports(t *testing.T) {
	webhook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer webhook.Close()
	script := newTranscript(0)
	w := &witness{transcript: script, next: http.DefaultTransport, clock: newClock()}
	graph := whatsapptest.NewServer(whatsapptest.Options{
		WebhookURL: webhook.URL, WebhookClient: &http.Client{Transport: w}, Presence: w.presence,
	})
	defer graph.Close()
	w.of(graph)
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: graph.URL, Token: func(context.Context) (string, error) { return "a-token", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	graph.Fail(whatsapptest.Fault{Kind: whatsapptest.FailLater, Code: 131047})
	for range 2 {
		message := whatsapp.Send{
			PhoneNumberID: whatsapptest.DefaultPhoneNumberID, To: whatsapp.Phone("5511988887777"), Message: whatsapp.TextMessage{Body: "oi"},
		}
		if _, err := client.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	if err := graph.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, lines, _ := script.of("5511988887777")
	if len(lines) != 2 {
		t.Fatalf("%d messages were seen", len(lines))
	}
	if l := lines[0]; l.Status != statusFailed || l.Error == nil || l.Error.Code != 131047 || l.Error.Title == "" {
		t.Errorf("the one that failed is %s for %+v", l.Status, l.Error)
	}
	if l := lines[1]; l.Status != statusRead || l.Error != nil {
		t.Errorf("the one that arrived is %s for %+v", l.Status, l.Error)
	}
}
