package ingressd_test

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets/secretstest"
	"github.com/pyloto/atende/packs"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const flowsOn = "WHATSAPP_FLOW_ENDPOINT_ENABLED=true"

// oneLine is a key as an environment that is written a line per variable has it.
func oneLine(pem string) string { return strings.ReplaceAll(pem, "\n", `\n`) }

// ask makes one request of a Flow.
func (s *service) ask(key *rsa.PublicKey, request map[string]any) whatsapptest.FlowAnswer {
	s.t.Helper()
	phone := whatsapptest.FlowPhone{Pen: s.pen, Key: key, URL: s.url + "/webhook/whatsapp/flow/endpoint"}
	answer, err := phone.Ask(s.t.Context(), request)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// The form of the embedded pack offers its hours, on a day when they are known.
func TestServesFlows(t *testing.T) {
	pem, public := whatsapptest.FlowKeyPEM()
	friday := time.Date(2026, 12, 18, 11, 0, 0, 0, time.UTC)
	s := start(t, ingressd.Options{
		Environ: environ(flowsOn, "FLOW_PRIVATE_KEY="+oneLine(pem), "CONTACT_HASH_KEY="+hashKey),
		Now:     func() time.Time { return friday },
	})
	defer s.end()
	<-s.ready
	bytes, err := config.DecodeKey(hashKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := pii.NewHashKey(bytes)
	if err != nil {
		t.Fatal(err)
	}
	token := flow.Mint(key, conversation.ID(key.Conversation(number, lead)), friday).Reveal()
	answer := s.ask(public, map[string]any{"version": "4.0", "action": "INIT", "flow_token": token})
	var shown struct {
		Screen string
		Data   struct{ Date, Vertical []flow.Option }
	}
	if err := json.Unmarshal(answer.Text, &shown); err != nil || answer.Status != http.StatusOK || shown.Screen != flow.Appointment {
		t.Fatalf("%d %s", answer.Status, answer.Text)
	}
	var days []string
	for _, day := range shown.Data.Date {
		days = append(days, day.ID)
	}
	// No weekend, no Christmas.
	if got := strings.Join(days, " "); got != "2026-12-18 2026-12-21 2026-12-22 2026-12-23 2026-12-24" {
		t.Errorf("days on offer: %s", got)
	}
	if len(shown.Data.Vertical) == 0 {
		t.Error("nothing to meet about")
	}
	if answer := s.ask(public, map[string]any{"action": "INIT", "flow_token": "unused"}); answer.Status != whatsapp.FlowTokenInvalid {
		t.Errorf("without a token of ours: %d", answer.Status)
	}
}

func TestFlowsAreOffUnlessAskedFor(t *testing.T) {
	pem, public := whatsapptest.FlowKeyPEM()
	s := start(t, ingressd.Options{Environ: environ("FLOW_PRIVATE_KEY=" + oneLine(pem))})
	defer s.end()
	<-s.ready
	if answer := s.ask(public, map[string]any{"action": "ping"}); answer.Status != http.StatusNotFound {
		t.Errorf("%d", answer.Status)
	}
}

// The key may be kept in Secret Manager, as every other secret.
func TestFlowKeyOfSecretManager(t *testing.T) {
	manager, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	pem, public := whatsapptest.FlowKeyPEM()
	manager.AddVersion("projects/proj/secrets/flow-key-development", []byte(pem))
	s := start(t, ingressd.Options{
		SecretManager: manager.ClientOptions(), Environ: environ("GCP_PROJECT=proj", flowsOn, "FLOW_PRIVATE_KEY=secret:flow-key"),
	})
	defer s.end()
	<-s.ready
	if answer := s.ask(public, map[string]any{"action": "ping"}); string(answer.Text) != `{"data":{"status":"active"}}` {
		t.Errorf("%d %s", answer.Status, answer.Text)
	}
	if _, other := whatsapptest.FlowKeyPEM(); s.ask(other, map[string]any{"action": "ping"}).Status != whatsapp.FlowUndecryptable {
		t.Error("a stranger's key opens")
	}
	if strings.Contains(s.logs.String(), "PRIVATE KEY") {
		t.Error("the log shows the key")
	}
}

func TestWrongSettingsOfFlows(t *testing.T) {
	pem, _ := whatsapptest.FlowKeyPEM()
	bakery := t.TempDir()
	if err := os.CopyFS(bakery, packs.FS()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		changes []string
		blames  string
	}{
		"no key":                   {nil, "FLOW_PRIVATE_KEY"},
		"a key that opens nothing": {[]string{`FLOW_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`}, "FLOW_PRIVATE_KEY"},
		"no such pack":             {[]string{"FLOW_PRIVATE_KEY=" + oneLine(pem), "PACK_DIR=" + bakery + "/nowhere"}, "PACK_DIR"},
		"a pack without meetings":  {[]string{"FLOW_PRIVATE_KEY=" + oneLine(pem), "PACK_DIR=" + bakery + "/pizzaria-exemplo"}, "no meetings"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, ingressd.Options{Environ: environ(append(c.changes, flowsOn)...)})
			err := <-s.done
			if said := (&strings.Builder{}); program.Exit(err, said) != 2 || !strings.Contains(said.String(), c.blames) || strings.Contains(said.String(), "AAAA") {
				t.Errorf("%v", err)
			}
		})
	}
}

// Where Flows are off nobody reads the pack.
func TestAPackIsReadForFlowsOnly(t *testing.T) {
	s := start(t, ingressd.Options{Environ: environ("PACK_DIR=/nowhere/at/all")})
	defer s.end()
	<-s.ready
}
