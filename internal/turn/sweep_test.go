package turn_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// TestEveryActMayFailOrKillTheWorker lets each call that a turn makes fail or
// kill the worker, before and after it took effect, for a single message and
// for a burst. Whatever happens, every message ends up answered exactly once
// and each turn is one document.
func TestEveryActMayFailOrKillTheWorker(t *testing.T) {
	runs := 0
	for _, messages := range []int{1, 3} {
		for _, mode := range []mode{failBefore, failAfter, crashBefore, crashAfter} {
			for at := 1; ; at++ {
				var called string
				synctest.Test(t, func(t *testing.T) {
					s := newStreet(t)
					s.model = says("Oi! Como posso ajudar?")
					doomed := &mortal{at: at, mode: mode}
					s.worker = doomed
					for n := range messages {
						s.arrive(s.text(iara, fmt.Sprintf("wamid.%d", n+1), "preciso de ajuda com o atendimento da loja"))
					}
					// Receipts take a while, and another conversation proves the
					// channel alive long before they are due.
					s.meta.delay = 50 * time.Second
					for n := range 12 {
						s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, time.Duration(n+1)*12*time.Second)
					}
					s.drain(s.turns())
					called = doomed.called()

					sent, turns := s.meta.sent(iara), s.turnsOf(iara)
					where := fmt.Sprintf("%d messages, %s at call %d (%s)", messages, mode, at, called)
					if len(sent) != len(turns) || len(turns) == 0 {
						t.Errorf("%s: %d answers for %d turns", where, len(sent), len(turns))
					}
					answered := map[conversation.MessageID]int{}
					for _, stored := range turns {
						if stored.Phase() != conversation.Sent {
							t.Errorf("%s: turn is %s", where, stored.Phase())
						}
						for _, m := range stored.Messages {
							answered[m]++
						}
					}
					if len(answered) != messages {
						t.Errorf("%s: %d messages answered", where, len(answered))
					}
					for m, times := range answered {
						if times != 1 {
							t.Errorf("%s: message %s is in %d turns", where, m, times)
						}
					}
				})
				runs++
				if strings.Count(called, " ")+1 < at {
					break // The turn makes fewer calls than this.
				}
			}
		}
	}
	t.Logf("%d runs", runs)
	if runs < 4*2*6 {
		t.Errorf("only %d runs: the sweep does not reach the acts of a turn", runs)
	}
}
