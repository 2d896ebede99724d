package cloudtasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/turn/turntest"
)

func TestTheInboxKeepsItsPromises(t *testing.T) {
	turntest.HoldInbox(t, func(t *testing.T, promise func(context.Context, testing.TB, turntest.Queue)) {
		r := newRig(t, cloudtaskstest.Options{NameRetention: time.Minute})
		inbox := cloudtasks.NewInbox(r.client, cloudtasks.Queues{
			Inbound: []string{"in"}, Status: []string{"status"}, Timer: []string{"timer"},
		})
		promise(t.Context(), t, turntest.Queue{Inbox: inbox, Delivered: func(int) []envelope.Envelope {
			r.idle(t) // Nothing is left to come.
			var letters []envelope.Envelope
			for _, body := range r.worker.bodies {
				e, err := envelope.Decode([]byte(body))
				if err != nil {
					t.Errorf("a push carries no letter: %v", err)
				}
				letters = append(letters, e)
			}
			return letters
		}})
	})
}
