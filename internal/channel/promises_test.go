package channel_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/turn/turntest"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func TestTheSenderKeepsItsPromises(t *testing.T) {
	faults := map[turntest.Answer]whatsapptest.Fault{
		turntest.Refuses:      {Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131026},
		turntest.LimitsPair:   {Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131056},
		turntest.LimitsNumber: {Kind: whatsapptest.Refuse, HTTPStatus: http.StatusTooManyRequests, Code: 130429},
		turntest.Drops:        {Kind: whatsapptest.Hang},
		turntest.Swallows:     {Kind: whatsapptest.HangAfter},
	}
	turntest.HoldSender(t, func(t *testing.T, answer turntest.Answer, promise func(context.Context, testing.TB, turntest.Graph)) {
		s := newStreet(t, func(o *whatsapp.Options) { o.Timeout = 300 * time.Millisecond })
		if f, bad := faults[answer]; bad {
			f.Times = -1
			s.graph.Fail(f)
		} else {
			s = newStreet(t, nil)
		}
		promise(t.Context(), t, turntest.Graph{
			// The clock of the test is the suite's: results are dated by it.
			Sender: channel.New(channel.Options{Graph: s.client, Menu: "Ver opções", Now: time.Now}), Number: number,
			Accepted: func() []string {
				s.graph.ClearFaults()
				var opaque []string
				for _, m := range s.graph.Sent() {
					opaque = append(opaque, m.Opaque)
				}
				return opaque
			},
		})
	})
}
