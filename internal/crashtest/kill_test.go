package crashtest

import (
	"sync"
	"testing"
)

// atOnce is how many streets run beside each other.
const atOnce = 3

// story is what happens to the lead's message on a street of its own.
type story struct {
	name string
	// core stories are told under the race detector, too.
	core bool
	tell func(*street)
}

func TestOneReply(t *testing.T) {
	c := newCity(t)
	told := make(chan story)
	var lanes sync.WaitGroup
	for range atOnce {
		lanes.Go(func() {
			for st := range told {
				t.Run(st.name, func(t *testing.T) {
					s := newStreet(t, c, "")
					s.open()
					st.tell(s)
					s.settle()
					s.judge()
				})
			}
		})
	}
	for _, st := range stories {
		if st.core || !raced {
			told <- st
		}
	}
	close(told)
	lanes.Wait()
}

var stories = []story{
	{name: "killed at the commit, before it reached the ledger", core: true, tell: killed(commit.before())},
}
