package conversation_test

import (
	"testing"

	"github.com/pyloto/atende/internal/conversation"
)

func TestPhaseOfATurn(t *testing.T) {
	decided := conversation.Delivery{}
	sending := conversation.Delivery{Attempt: 1}
	sent := deliveryOf("", known{result: conversation.Accepted})
	failed := deliveryOf("", known{result: conversation.Refused})
	parked := deliveryOf(conversation.Parked, known{})
	closed := deliveryOf(conversation.Closed, known{})
	type parts []conversation.Delivery
	tests := []struct {
		name  string
		parts parts
		want  conversation.DeliveryPhase
		open  int // -1: none
	}{
		{"silent", nil, conversation.Sent, -1},
		{"decided", parts{decided}, conversation.Decided, 0},
		{"sending", parts{sending}, conversation.Sending, 0},
		{"sent", parts{sent}, conversation.Sent, -1},
		{"the first open part counts", parts{sent, decided, sending}, conversation.Decided, 1},
		{"an open part counts more than a failed one", parts{failed, sending}, conversation.Sending, 1},
		{"failed is worse than sent", parts{sent, failed, sent}, conversation.Failed, -1},
		{"parked is worse than failed", parts{parked, failed}, conversation.Parked, -1},
		{"failed is worse than closed", parts{closed, failed}, conversation.Failed, -1},
		{"closed is worse than sent", parts{closed, sent}, conversation.Closed, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			turn := conversation.StoredTurn{Deliveries: tt.parts}
			if got := turn.Phase(); got != tt.want {
				t.Errorf("phase = %s, want %s", got, tt.want)
			}
			part, d, ok := turn.Open()
			if ok != (tt.open >= 0) || ok && part != tt.open {
				t.Errorf("open = %d, %v", part, ok)
			}
			if ok && d.Phase() != tt.want {
				t.Errorf("the open part is %s", d.Phase())
			}
		})
	}
}
