package turn_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	sampleNumber = "733000000000009"
	sampleSecret = "segredo"
)

// door is an ingress whose mail goes to the street's queue.
func (s *street) door() http.Handler {
	s.t.Helper()
	tel, err := telemetry.New(s.t.Context(), telemetry.Options{Service: "atende-ingress", Writer: io.Discard})
	if err != nil {
		s.t.Fatal(err)
	}
	in := ingress.New(ingress.Options{
		Tenant: "default", Numbers: []string{sampleNumber}, Key: s.key, Ring: s.ring, Inbox: s.queue, Hint: s.hint,
		Secrets: ingress.Secrets{
			App:    func(context.Context) ([]pii.Secret, error) { return []pii.Secret{sampleSecret}, nil },
			Verify: func(context.Context) (pii.Secret, error) { return "v", nil },
		},
		Now: time.Now, Metrics: tel.Metrics(), Tell: tel.Emit,
	})
	server := httpserver.New(httpserver.Options{Service: "atende-ingress", Enter: tel.Enter, Report: program.Report(tel)})
	ingress.Register(server.Echo(), func() *ingress.Ingress { return in })
	return server.Echo()
}

// hears reports whether a sample's message is answered: silence is for what says
// nothing, and for what is said to others.
func hears(e whatsapp.Element) bool {
	if e.Kind != whatsapp.KindMessage || e.Message.GroupID != "" {
		return false
	}
	switch c := e.Message.Content.(type) {
	case whatsapp.Reaction, whatsapp.System, whatsapp.Revoke, whatsapp.Welcome:
		return false
	case whatsapp.Edit:
		_, said := c.Content.(whatsapp.Text)
		return said
	default:
		return true
	}
}

// Every kind of webhook that Meta sends goes through ingress and worker: each
// message reaches an end in the ledger, and whoever said something is answered.
func TestEverySampleReachesItsEnd(t *testing.T) {
	files, err := filepath.Glob("../../pkg/whatsapp/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			delivery, err := whatsapp.Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.model = says("Sim, temos.")
				pen := whatsapptest.Pen{AppSecret: []byte(sampleSecret), Now: time.Now}
				answer := httptest.NewRecorder()
				s.door().ServeHTTP(answer, pen.Request(t.Context(), "http://ingress/webhook/whatsapp", body))
				if answer.Code != http.StatusOK {
					t.Fatalf("answered %d", answer.Code)
				}
				s.drain(s.turns())
				waits := false
				for _, e := range delivery.Elements {
					if e.Kind != whatsapp.KindMessage && e.Kind != whatsapp.KindEcho || e.PhoneNumberID != sampleNumber || e.Message.GroupID != "" {
						continue
					}
					id := conversation.MessageID(s.key.Message(pii.Contact(e.Message.ID)))
					_, stored, known, err := s.ledger.Message(t.Context(), id)
					if err != nil || !known || stored.Dead {
						t.Errorf("a %s reached no end: %v", e.Message.Type, err)
					}
					waits = waits || hears(e)
				}
				if sent := len(s.meta.accepted); (sent > 0) != waits {
					t.Errorf("%d answers, somebody waits for one: %v", sent, waits)
				}
			})
		})
	}
}
