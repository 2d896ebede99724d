package conversation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
)

// attempts are what may be known of one attempt, by name.
type known struct {
	result   conversation.ResultKind
	receipts []conversation.Status
}

// facts is everything that can be known of one attempt.
func everyFact() []known {
	var all []known
	for _, result := range []conversation.ResultKind{"", conversation.Accepted, conversation.Refused, conversation.Postponed} {
		for _, receipts := range [][]conversation.Status{
			nil, {conversation.StatusSent}, {conversation.StatusRead}, {conversation.StatusFailed},
			{conversation.StatusSent, conversation.StatusFailed},
		} {
			all = append(all, known{result, receipts})
		}
	}
	return all
}

func deliveryOf(mark conversation.DeliveryPhase, attempts ...known) conversation.Delivery {
	d := conversation.Delivery{
		Attempt: len(attempts), Mark: mark,
		Results:  map[int]conversation.Result{},
		Receipts: map[int]map[conversation.Status]conversation.Receipt{},
	}
	for i, a := range attempts {
		if a.result != "" {
			d.Results[i+1] = conversation.Result{Kind: a.result}
		}
		for _, s := range a.receipts {
			if d.Receipts[i+1] == nil {
				d.Receipts[i+1] = map[conversation.Status]conversation.Receipt{}
			}
			d.Receipts[i+1][s] = conversation.Receipt{Status: s}
		}
	}
	return d
}

// got through, refused: what one attempt proves by itself.
func (k known) failed() bool {
	return slices.Contains(k.receipts, conversation.StatusFailed) ||
		len(k.receipts) == 0 && k.result == conversation.Refused
}

func (k known) accepted() bool {
	return !slices.Contains(k.receipts, conversation.StatusFailed) &&
		(len(k.receipts) > 0 || k.result == conversation.Accepted)
}

func TestPhaseOfEveryCombination(t *testing.T) {
	marks := []conversation.DeliveryPhase{"", conversation.Parked, conversation.Closed}
	count := 0
	check := func(mark conversation.DeliveryPhase, attempts ...known) {
		count++
		d := deliveryOf(mark, attempts...)
		want := conversation.Sending
		switch {
		case slices.ContainsFunc(attempts, known.accepted):
			want = conversation.Sent // proof beats everything, whenever it comes
		case len(attempts) > 0 && attempts[len(attempts)-1].failed():
			want = conversation.Failed // an older failure may be late news
		case mark != "":
			want = mark
		case len(attempts) == 0 || attempts[len(attempts)-1].result == conversation.Postponed:
			want = conversation.Decided
		}
		if got := d.Phase(); got != want {
			t.Fatalf("mark %q, attempts %+v: %s, want %s", mark, attempts, got, want)
		}
	}
	for _, mark := range marks {
		check(mark)
		for _, first := range everyFact() {
			check(mark, first)
			for _, second := range everyFact() {
				check(mark, first, second)
				for _, third := range everyFact() {
					check(mark, first, second, third)
				}
			}
		}
	}
	t.Logf("%d combinations", count)
}

func TestPhaseIgnoresWhatWasNeverAttempted(t *testing.T) {
	d := conversation.Delivery{
		Attempt:  1,
		Results:  map[int]conversation.Result{2: {Kind: conversation.Accepted}},
		Receipts: map[int]map[conversation.Status]conversation.Receipt{3: {conversation.StatusRead: {}}},
	}
	if got := d.Phase(); got != conversation.Sending {
		t.Errorf("phase = %s", got)
	}
	if got := (conversation.Delivery{}).Phase(); got != conversation.Decided {
		t.Errorf("phase of nothing = %s", got)
	}
}

func TestTerminalPhases(t *testing.T) {
	for phase, want := range map[conversation.DeliveryPhase]bool{
		conversation.Decided: false, conversation.Sending: false, conversation.Sent: true,
		conversation.Failed: true, conversation.Parked: true, conversation.Closed: true, "": false,
	} {
		if phase.Terminal() != want {
			t.Errorf("%s is terminal: %v", phase, phase.Terminal())
		}
	}
}

func TestProgressIsTheFurthestStepInWhateverOrder(t *testing.T) {
	order := []conversation.Status{
		conversation.StatusSent, conversation.StatusFailed, conversation.StatusDelivered,
		conversation.StatusRead, conversation.StatusPlayed,
	}
	for bits := range 1 << len(order) {
		receipts := map[conversation.Status]conversation.Receipt{}
		var want conversation.Status
		for i, s := range order {
			if bits&(1<<i) != 0 {
				want = s
				receipts[s] = conversation.Receipt{Status: s}
			}
		}
		d := conversation.Delivery{Attempt: 2, Receipts: map[int]map[conversation.Status]conversation.Receipt{1: receipts}}
		if got := d.Progress(); got != want {
			t.Errorf("%05b: %q, want %q", bits, got, want)
		}
		if got := failedAlone(receipts); got != (want == conversation.StatusFailed) {
			t.Errorf("%05b: the attempt failed: %v", bits, got)
		}
		// Another attempt that was sent is further than one that failed.
		d.Receipts[2] = map[conversation.Status]conversation.Receipt{conversation.StatusSent: {Status: conversation.StatusSent}}
		if want == "" || want == conversation.StatusFailed {
			want = conversation.StatusSent
		}
		if got := d.Progress(); got != want {
			t.Errorf("%05b and another attempt: %q, want %q", bits, got, want)
		}
	}
	odd := conversation.Delivery{Receipts: map[int]map[conversation.Status]conversation.Receipt{1: {"thawed": {}}}}
	if got := odd.Progress(); got != "" {
		t.Errorf("a status nobody knows is progress: %q", got)
	}
}

// failedAlone reports whether an attempt with these receipts is a failed one.
func failedAlone(receipts map[conversation.Status]conversation.Receipt) bool {
	d := conversation.Delivery{Attempt: 1, Receipts: map[int]map[conversation.Status]conversation.Receipt{1: receipts}}
	return d.Phase() == conversation.Failed
}

func TestDuplicatesCountsOnlyWhatIsProven(t *testing.T) {
	accepted := known{result: conversation.Accepted}
	delivered := known{receipts: []conversation.Status{conversation.StatusDelivered}}
	failed := known{receipts: []conversation.Status{conversation.StatusSent, conversation.StatusFailed}}
	tests := []struct {
		name     string
		attempts []known
		want     int
	}{
		{"nothing", nil, 0},
		{"one receipt", []known{delivered}, 0},
		{"an answer is no proof of a duplicate", []known{accepted, delivered}, 0},
		{"two receipts", []known{delivered, delivered}, 1},
		{"three receipts", []known{delivered, delivered, delivered}, 2},
		{"one of two failed", []known{failed, delivered}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := deliveryOf("", tt.attempts...).Duplicates(); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestNotBeforeAndCodeAreTheNewest(t *testing.T) {
	d := conversation.Delivery{
		Attempt: 3,
		Results: map[int]conversation.Result{
			1: {Kind: conversation.Postponed, Code: 130429, NotBefore: noon},
			2: {Kind: conversation.Postponed, Code: 131056, NotBefore: noon.Add(time.Minute)},
		},
	}
	if !d.NotBefore().IsZero() {
		t.Error("the newest attempt waits for an older one's time")
	}
	if d.Code() != 131056 {
		t.Errorf("code = %d", d.Code())
	}
	d.Attempt = 2
	if !d.NotBefore().Equal(noon.Add(time.Minute)) {
		t.Errorf("not before = %v", d.NotBefore())
	}
	d.Receipts = map[int]map[conversation.Status]conversation.Receipt{2: {conversation.StatusFailed: {Code: 131047}}}
	if d.Code() != 131047 {
		t.Errorf("a failure's code = %d", d.Code())
	}
	if (conversation.Delivery{}).Code() != 0 {
		t.Error("nothing has a code")
	}
}

func TestOpaqueRoundTrip(t *testing.T) {
	turn := conversation.NewTurnID("abcdefghijklmnopqrstuvwxyz234567", 1<<62)
	for _, part := range []int{0, 1, 12} {
		for _, attempt := range []int{1, 2, 99} {
			data := conversation.Opaque(turn, part, attempt)
			gotTurn, gotPart, gotAttempt, ok := conversation.ParseOpaque(data)
			if !ok || gotTurn != turn || gotPart != part || gotAttempt != attempt {
				t.Errorf("%s: %s %d %d %v", data, gotTurn, gotPart, gotAttempt, ok)
			}
			if len(data) > 512 {
				t.Errorf("%d characters are more than Meta takes", len(data))
			}
		}
	}
}

func TestOpaqueOfSomebodyElse(t *testing.T) {
	for _, data := range []string{
		"", "v1", "v1...", "v1.abc.0.1", "v1.~1.0.1", "v2.abc~1.0.1", "v1.abc~1.0.0", "v1.abc~1.-1.1",
		"v1.abc~1.0.1.2", "v1.abc~1.0.", "v1.abc~1.zero.1", "v1.abc~1.0.99999999999999999999", "campaign-42",
		"v1.abc~1.+0.1", "v1.abc~1.00.1", "v1.abc~1.0.01",
	} {
		if turn, part, attempt, ok := conversation.ParseOpaque(data); ok {
			t.Errorf("%q is taken for %s %d %d", data, turn, part, attempt)
		}
	}
}

func FuzzParseOpaque(f *testing.F) {
	for _, seed := range []string{"v1.abc~1.0.1", "v1.abc~1.+1.1", "v1..0.1", "", "v1.a~1.0.1.", "v1.~.0.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		turn, part, attempt, ok := conversation.ParseOpaque(data)
		if !ok {
			if diff := cmp.Diff(fmt.Sprint("", 0, 0), fmt.Sprint(turn, part, attempt)); diff != "" {
				t.Fatalf("what is not ok says something:\n%s", diff)
			}
			return
		}
		if turn.Conversation() == "" || part < 0 || attempt < 1 {
			t.Fatalf("%q is %s %d %d", data, turn, part, attempt)
		}
		if again := conversation.Opaque(turn, part, attempt); again != data {
			t.Fatalf("%q comes back as %q", data, again)
		}
	})
}

func TestThePriceIsTheOneFirstHeardOf(t *testing.T) {
	priced := func(category, billing string) conversation.Receipt {
		return conversation.Receipt{Category: category, Billing: billing}
	}
	for name, tt := range map[string]struct {
		receipts map[conversation.Status]conversation.Receipt
		category string
		billing  string
	}{
		"nothing":        {},
		"with sent":      {map[conversation.Status]conversation.Receipt{conversation.StatusSent: priced("service", "free_customer_service"), conversation.StatusDelivered: priced("", "")}, "service", "free_customer_service"},
		"delivered":      {map[conversation.Status]conversation.Receipt{conversation.StatusSent: {}, conversation.StatusDelivered: priced("utility", "regular")}, "utility", "regular"},
		"read alone":     {map[conversation.Status]conversation.Receipt{conversation.StatusRead: priced("service", "regular")}, "service", "regular"},
		"two of them":    {map[conversation.Status]conversation.Receipt{conversation.StatusSent: priced("service", "regular"), conversation.StatusRead: priced("marketing", "regular")}, "service", "regular"},
		"with a failure": {map[conversation.Status]conversation.Receipt{conversation.StatusFailed: priced("service", "regular")}, "", ""},
	} {
		d := conversation.Delivery{Attempt: 2, Receipts: map[int]map[conversation.Status]conversation.Receipt{2: tt.receipts}}
		if category, billing := d.Price(2); category != tt.category || billing != tt.billing {
			t.Errorf("%s: %q, %q", name, category, billing)
		}
	}
}

// Whatever Meta allows and has refused one name of a person it allows and has
// refused the other.
func TestWhatHoldsForAPersonSurvivesAMerge(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	one, other := conversation.New("one", "1", conversation.Identity{}), conversation.New("other", "1", conversation.Identity{})
	one.Version, other.Version = 2, 3
	one.LastTurn, other.LastTurn = "one~2", "other~3"
	one.Pace, other.Pace = noon, noon.Add(time.Minute)
	one.Spared, other.Invited = noon, noon.Add(time.Hour)
	one.Mend("v1.one~1.0.1", "one~2")
	other.Mend("v1.other~1.0.1", "other~2")
	got := one.Absorb(other)
	if !got.Pace.Equal(other.Pace) || !got.Spared.Equal(noon) || !got.Invited.Equal(noon.Add(time.Hour)) || got.Disturbable() ||
		got.MendedBy("v1.one~1.0.1") != "one~2" || got.MendedBy("v1.other~1.0.1") != "other~2" || got.MendedBy("v1.one~1.0.2") != "" {
		t.Errorf("merged into %+v", got)
	}
	for n := range 100 {
		got.Mend(conversation.Opaque("one~9", n, 1), "one~9")
	}
	if len(got.Mended) != 20 || got.MendedBy(conversation.Opaque("one~9", 99, 1)) != "one~9" {
		t.Errorf("%d failures are remembered", len(got.Mended))
	}
}
