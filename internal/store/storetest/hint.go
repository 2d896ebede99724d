package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// HintPorts is everything the rooms ask of a hint store: the front door
// arrives and marks as queued, a turn does the rest.
type HintPorts interface {
	Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error)
	Queued(ctx context.Context, arrivals []conversation.Arrival) error
	Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error)
	Renew(ctx context.Context, id conversation.ID, token string) (held bool, err error)
	Leave(ctx context.Context, d conversation.Departure) error
	Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error)
	Forget(ctx context.Context, id conversation.ID) error
	Spent(ctx context.Context, account string) (tokens int64, err error)
	Spend(ctx context.Context, account string, tokens int64) error
}

// HintOptions are the times to live that a store under test must have.
type HintOptions struct {
	LeaseTTL   time.Duration
	SessionTTL time.Duration
	DedupeTTL  time.Duration
}

// HintStore is a store under test, empty at first.
type HintStore struct {
	HintPorts
	// Advance lets time pass for everything the store holds.
	Advance func(d time.Duration)
	// Flush makes the store forget everything it holds.
	Flush func()
}

// Bounds of a mailbox that every hint store keeps.
const (
	hintMaxLetters = 50
	hintMaxBytes   = 64 << 10
)

// Hint checks that a store keeps the promises of the hint ports, and that
// losing all it holds, between any two calls, costs hints only.
func Hint(t *testing.T, newStore func(t *testing.T, o HintOptions) HintStore) {
	options := HintOptions{LeaseTTL: 30 * time.Second, SessionTTL: 2 * time.Hour, DedupeTTL: 48 * time.Hour}
	for _, tt := range []struct {
		name string
		run  func(h *hintTest)
	}{
		{"MailboxKeepsTheOrderOfArrival", mailboxKeepsTheOrderOfArrival},
		{"OrderSurvivesAFlush", orderSurvivesAFlush},
		{"BatchAnswersInItsOrder", batchAnswersInItsOrder},
		{"StandingsOnlyRise", standingsOnlyRise},
		{"DuplicatesAreKeptOnce", duplicatesAreKeptOnce},
		{"EntryHealsALostMailbox", entryHealsALostMailbox},
		{"FollowerHealsALostMailbox", followerHealsALostMailbox},
		{"LeaseIsExclusive", leaseIsExclusive},
		{"LeaseExpires", leaseExpires},
		{"RenewalKeepsALease", renewalKeepsALease},
		{"ForeignTokenHasNoPower", foreignTokenHasNoPower},
		{"LateLeaveStillSettles", lateLeaveStillSettles},
		{"TriesCountSilentDeaths", triesCountSilentDeaths},
		{"OlderSnapshotNeverWins", olderSnapshotNeverWins},
		{"CacheExpires", cacheExpires},
		{"ForgetDropsTheCacheOnly", forgetDropsTheCacheOnly},
		{"MarksExpire", marksExpire},
		{"MailboxExpires", mailboxExpires},
		{"MailboxIsBoundedInNumber", mailboxIsBoundedInNumber},
		{"MailboxIsBoundedInSize", mailboxIsBoundedInSize},
		{"RoomIsFreedByLeaving", roomIsFreedByLeaving},
		{"LettersOfAnySize", lettersOfAnySize},
		{"OddTokens", oddTokens},
		{"SpendingAddsUp", spendingAddsUp},
		{"SpendingIsForgotten", spendingIsForgotten},
		{"SpendingOfMany", spendingOfMany},
		{"ConversationsAreApart", conversationsAreApart},
		{"NothingIsShared", nothingIsShared},
		{"EmptyCalls", emptyCalls},
		{"CancelledContext", cancelledContext},
		{"OneLeaderOfMany", oneLeaderOfMany},
		{"ConcurrentArrivals", concurrentArrivals},
		{"FlushBetweenAnyTwoCalls", flushBetweenAnyTwoCalls},
		{"AgreesWithItsModel", agreesWithItsModel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.run(&hintTest{T: t, options: options, store: newStore(t, options), at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)})
		})
	}
}

// hintTest is one test with shorthands that fail it.
type hintTest struct {
	*testing.T
	options HintOptions
	store   HintStore
	at      time.Time
}

const (
	hintRoom  = conversation.ID("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	hintOther = conversation.ID("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
)

func (h *hintTest) arrival(m conversation.MessageID) conversation.Arrival {
	return conversation.Arrival{Conversation: hintRoom, Message: m, Letter: []byte("letter of " + m), At: h.at}
}

func (h *hintTest) arrive(messages ...conversation.MessageID) []conversation.Arrived {
	h.Helper()
	var arrivals []conversation.Arrival
	for _, m := range messages {
		arrivals = append(arrivals, h.arrival(m))
	}
	return h.deliver(arrivals...)
}

func (h *hintTest) deliver(arrivals ...conversation.Arrival) []conversation.Arrived {
	h.Helper()
	got, err := h.store.Arrive(h.Context(), arrivals)
	if err != nil || len(got) != len(arrivals) {
		h.Fatalf("Arrive = %d answers, %v; want %d", len(got), err, len(arrivals))
	}
	return got
}

func (h *hintTest) queued(messages ...conversation.MessageID) {
	h.Helper()
	var arrivals []conversation.Arrival
	for _, m := range messages {
		arrivals = append(arrivals, h.arrival(m))
	}
	if err := h.store.Queued(h.Context(), arrivals); err != nil {
		h.Fatalf("Queued: %v", err)
	}
}

func (h *hintTest) entry(m conversation.MessageID, token string) conversation.Entry {
	return conversation.Entry{Conversation: hintRoom, Message: m, Letter: []byte("letter of " + m), Token: token, At: h.at}
}

func (h *hintTest) enter(m conversation.MessageID, token string) conversation.Admission {
	h.Helper()
	a, err := h.store.Enter(h.Context(), h.entry(m, token))
	if err != nil {
		h.Fatalf("Enter: %v", err)
	}
	return a
}

// lead enters and expects the lease.
func (h *hintTest) lead(m conversation.MessageID, token string) conversation.Admission {
	h.Helper()
	a := h.enter(m, token)
	if a.Done || a.Busy != 0 || a.Tries < 1 {
		h.Fatalf("Enter = done %v, busy %v, tries %d; want the lease", a.Done, a.Busy, a.Tries)
	}
	return a
}

// follow enters and expects somebody to be ahead.
func (h *hintTest) follow(m conversation.MessageID, token string) conversation.Admission {
	h.Helper()
	a := h.enter(m, token)
	if a.Done || a.Busy <= 0 || a.Busy > h.options.LeaseTTL || a.Tries != 0 || a.Letters != nil || a.Cached != nil {
		h.Fatalf("Enter = done %v, busy %v, tries %d, %d letters; want to be busy and nothing else", a.Done, a.Busy, a.Tries, len(a.Letters))
	}
	return a
}

func (h *hintTest) leave(d conversation.Departure) {
	h.Helper()
	if d.Conversation == "" {
		d.Conversation = hintRoom
	}
	if err := h.store.Leave(h.Context(), d); err != nil {
		h.Fatalf("Leave: %v", err)
	}
}

func (h *hintTest) renew(token string) bool {
	h.Helper()
	held, err := h.store.Renew(h.Context(), hintRoom, token)
	if err != nil {
		h.Fatalf("Renew: %v", err)
	}
	return held
}

func (h *hintTest) waiting() []conversation.Letter {
	h.Helper()
	letters, err := h.store.Waiting(h.Context(), hintRoom)
	if err != nil {
		h.Fatalf("Waiting: %v", err)
	}
	return letters
}

func (h *hintTest) standing(want conversation.Standing, m conversation.MessageID) {
	h.Helper()
	if got := h.arrive(m)[0].Standing; got != want {
		h.Fatalf("standing of %s = %d, want %d", m, got, want)
	}
}

// wantLetters compares messages and bodies, in order, and that the order is
// the one of seq.
func (h *hintTest) wantLetters(got []conversation.Letter, want ...conversation.MessageID) {
	h.Helper()
	var messages []conversation.MessageID
	for i, l := range got {
		messages = append(messages, l.Message)
		if body := "letter of " + string(l.Message); string(l.Body) != body {
			h.Errorf("letter of %s is altered: %d bytes", l.Message, len(l.Body))
		}
		if i > 0 && l.Seq <= got[i-1].Seq {
			h.Errorf("seq %d follows %d", l.Seq, got[i-1].Seq)
		}
	}
	if !slices.Equal(want, messages) {
		h.Errorf("letters are %v, want %v", messages, want)
	}
}

// noise is n bytes that do not compress, the same in every run.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // It never fails.
	return b
}

func mailboxKeepsTheOrderOfArrival(h *hintTest) {
	// Neither the order of names nor that of clocks is that of arrival.
	first := h.arrive("m9")[0]
	h.at = h.at.Add(-time.Second)
	second := h.arrive("m1")[0]
	h.at = h.at.Add(2 * time.Second)
	third := h.arrive("m5")[0]
	if first.Seq <= 0 || second.Seq <= first.Seq || third.Seq <= second.Seq {
		h.Errorf("seq = %d, %d, %d; want them to rise", first.Seq, second.Seq, third.Seq)
	}
	letters := h.waiting()
	h.wantLetters(letters, "m9", "m1", "m5")
	if letters[1].Seq != second.Seq {
		h.Errorf("the letter's seq is %d, its arrival's was %d", letters[1].Seq, second.Seq)
	}
	h.wantLetters(h.lead("m5", "t").Letters, "m9", "m1", "m5")
	h.leave(conversation.Departure{Token: "t", Done: []conversation.MessageID{"m9", "m1", "m5"}})
	if after := h.arrive("m0")[0]; after.Seq <= third.Seq {
		h.Errorf("seq after the mailbox was emptied = %d, want more than %d", after.Seq, third.Seq)
	}
}

func orderSurvivesAFlush(h *hintTest) {
	before := h.arrive("m2")[0]
	h.store.Flush()
	h.at = h.at.Add(time.Second)
	if after := h.arrive("m1")[0]; after.Seq <= before.Seq {
		h.Errorf("seq after a flush = %d, want more than %d", after.Seq, before.Seq)
	}
}

func batchAnswersInItsOrder(h *hintTest) {
	h.arrive("pending", "queued", "done")
	h.queued("queued")
	h.leave(conversation.Departure{Done: []conversation.MessageID{"done"}})
	var got []conversation.Standing
	for _, a := range h.arrive("done", "fresh", "pending", "queued", "fresh") {
		got = append(got, a.Standing)
	}
	want := []conversation.Standing{conversation.Done, conversation.Fresh, conversation.Pending, conversation.Queued, conversation.Pending}
	if diff := cmp.Diff(want, got); diff != "" {
		h.Errorf("standings differ (-want +got):\n%s", diff)
	}
	var many []conversation.MessageID
	for i := range 40 {
		many = append(many, conversation.MessageID(fmt.Sprintf("x%d", i)))
	}
	for i, a := range h.arrive(many...) {
		if a.Standing != conversation.Fresh {
			h.Fatalf("arrival %d of a batch stands at %d, want fresh", i, a.Standing)
		}
	}
}

func standingsOnlyRise(h *hintTest) {
	h.standing(conversation.Fresh, "m")
	h.standing(conversation.Pending, "m")
	h.queued("m")
	h.standing(conversation.Queued, "m")
	h.queued("m")
	h.standing(conversation.Queued, "m")
	h.lead("m", "t")
	h.standing(conversation.Queued, "m")
	h.leave(conversation.Departure{Token: "t", Done: []conversation.MessageID{"m"}})
	h.standing(conversation.Done, "m")
	h.queued("m")
	h.standing(conversation.Done, "m")
	if a := h.enter("m", "u"); !cmp.Equal(a, conversation.Admission{Done: true}) {
		h.Errorf("Enter of a message that is done = %+v, want done and nothing else", a)
	}
	h.wantLetters(h.waiting())
	h.lead("n", "v") // An entry that is done takes no lease.

	// A task may run to its end before the front door marks it.
	h.arrive("quick")
	h.leave(conversation.Departure{Token: "v", Done: []conversation.MessageID{"quick"}})
	h.queued("quick")
	h.standing(conversation.Done, "quick")
}

func duplicatesAreKeptOnce(h *hintTest) {
	got := h.arrive("m", "m", "m")
	if got[1].Standing != conversation.Pending || got[1].Seq != got[0].Seq || got[2].Seq != got[0].Seq {
		h.Errorf("the same message three times = %+v, want one seq, pending", got)
	}
	other := h.arrival("m")
	other.Letter = []byte("another letter")
	h.deliver(other)
	h.wantLetters(h.waiting(), "m")
	h.queued("m", "m")
	h.leave(conversation.Departure{Done: []conversation.MessageID{"m", "m"}})
	h.wantLetters(h.waiting())
	h.standing(conversation.Done, "m")
}

func entryHealsALostMailbox(h *hintTest) {
	h.arrive("m1", "m2")
	h.queued("m1", "m2")
	h.store.Flush()
	h.wantLetters(h.lead("m2", "t").Letters, "m2")
	h.wantLetters(h.waiting(), "m2")

	// Only the mailbox is lost; the mark that the task exists is still there.
	h.store.Flush()
	h.queued("m3")
	h.wantLetters(h.lead("m3", "t").Letters, "m3")
	h.wantLetters(h.waiting(), "m3")
	h.standing(conversation.Queued, "m3")

	// Without a letter there is nothing to heal with.
	h.store.Flush()
	e := h.entry("m4", "t")
	e.Letter = nil
	a, err := h.store.Enter(h.Context(), e)
	if err != nil || len(a.Letters) != 1 || a.Letters[0].Message != "m4" || len(a.Letters[0].Body) != 0 {
		h.Errorf("Enter without a letter = %d letters, %v; want the message itself", len(a.Letters), err)
	}
	h.wantLetters(h.waiting())
}

func followerHealsALostMailbox(h *hintTest) {
	h.lead("m1", "t")
	h.follow("m2", "u")
	h.wantLetters(h.waiting(), "m1", "m2")
	h.follow("m2", "v")
	h.wantLetters(h.waiting(), "m1", "m2")
}

func leaseIsExclusive(h *hintTest) {
	h.lead("m1", "t")
	h.follow("m2", "u")
	h.follow("m1", "v") // The same message again is another turn all the same.
	h.leave(conversation.Departure{Token: "t"})
	h.lead("m2", "u")
	h.follow("m1", "t")
}

func leaseExpires(h *hintTest) {
	h.lead("m1", "t")
	h.store.Advance(h.options.LeaseTTL / 2)
	if a := h.follow("m2", "u"); a.Busy > h.options.LeaseTTL/2 {
		h.Errorf("busy for %v, want at most half of the lease", a.Busy)
	}
	h.store.Advance(h.options.LeaseTTL/2 + time.Second)
	if h.renew("t") {
		h.Error("a lease that expired was renewed")
	}
	h.lead("m2", "u")
}

func renewalKeepsALease(h *hintTest) {
	h.lead("m1", "t")
	for range 4 {
		h.store.Advance(h.options.LeaseTTL * 2 / 3)
		if !h.renew("t") {
			h.Fatal("the holder's renewal says that the lease was lost")
		}
		h.follow("m2", "u")
	}
	h.store.Advance(h.options.LeaseTTL + time.Second)
	h.lead("m2", "u")
}

func foreignTokenHasNoPower(h *hintTest) {
	if h.renew("t") {
		h.Error("renewed a lease that nobody took")
	}
	h.lead("m1", "t")
	for _, foreign := range []string{"", "u", "t ", "T", "m1|t", "tt", "|t"} {
		if h.renew(foreign) {
			h.Errorf("token %q renewed the lease of another", foreign)
		}
		h.leave(conversation.Departure{Token: foreign})
		h.follow("m2", "v")
	}
	h.store.Advance(h.options.LeaseTTL * 2 / 3)
	h.renew("u")
	h.store.Advance(h.options.LeaseTTL * 2 / 3)
	h.lead("m2", "v") // The foreign renewal did not prolong it.
}

func lateLeaveStillSettles(h *hintTest) {
	h.arrive("m1")
	h.lead("m1", "t")
	h.store.Advance(h.options.LeaseTTL + time.Second)
	h.lead("m2", "u")
	h.leave(conversation.Departure{Token: "t", Version: 4, Snapshot: []byte("four"), Done: []conversation.MessageID{"m1"}})
	h.follow("m3", "v")
	h.standing(conversation.Done, "m1")
	h.leave(conversation.Departure{Token: "u", Done: []conversation.MessageID{"m2"}})
	a := h.lead("m3", "v")
	h.wantLetters(a.Letters, "m3")
	if string(a.Cached) != "four" {
		h.Errorf("cached = %q, want what the late turn left", a.Cached)
	}
}

func triesCountSilentDeaths(h *hintTest) {
	tries := func(m conversation.MessageID, token string, want int) {
		h.Helper()
		if got := h.lead(m, token).Tries; got != want {
			h.Errorf("tries of %s = %d, want %d", m, got, want)
		}
	}
	die := func() { h.store.Advance(h.options.LeaseTTL + time.Second) }
	tries("m1", "a", 1)
	die()
	tries("m1", "b", 2)
	h.follow("m1", "c") // Whoever waits does not die.
	h.follow("m2", "d")
	die()
	tries("m2", "e", 1) // Each message has its own count.
	die()
	tries("m1", "f", 3)
	h.leave(conversation.Departure{Token: "f"}) // Left, but without an end or an excuse.
	tries("m1", "g", 4)
	h.leave(conversation.Departure{Token: "g", Excused: []conversation.MessageID{"m1", "unheard of"}})
	tries("m1", "h", 4)
	die() // An excuse that comes late is one all the same.
	h.leave(conversation.Departure{Token: "h", Excused: []conversation.MessageID{"m1"}})
	tries("m1", "i", 4)
	die()
	tries("m3", "j", 1)
	h.leave(conversation.Departure{
		Token: "j", Done: []conversation.MessageID{"m3", "m1"}, Excused: []conversation.MessageID{"m1", "m2", "m2", "m2"},
	})
	tries("m2", "k", 1) // Excuses do not run up a credit.
	h.leave(conversation.Departure{Token: "k"})
	h.store.Advance(h.options.DedupeTTL + time.Second)
	tries("m1", "l", 1)
	die()
	h.store.Flush()
	h.leave(conversation.Departure{Token: "l", Excused: []conversation.MessageID{"m1"}})
	tries("m1", "m", 1)
}

func olderSnapshotNeverWins(h *hintTest) {
	cached := func(want string) {
		h.Helper()
		a := h.lead("m", "t")
		if string(a.Cached) != want || (want == "") != (a.Cached == nil) {
			h.Errorf("cached = %q, want %q", a.Cached, want)
		}
		h.leave(conversation.Departure{Token: "t"})
	}
	save := func(version int64, snapshot string) {
		h.Helper()
		h.leave(conversation.Departure{Token: "w", Version: version, Snapshot: []byte(snapshot)})
	}
	cached("")
	save(9, "nine")
	cached("nine")
	save(10, "ten") // A comparison of strings would keep nine.
	cached("ten")
	save(9, "nine again")
	cached("ten")
	save(10, "ten again")
	cached("ten again")
	save(1<<53-1, "huge")
	cached("huge")
	save(1<<53-2, "less")
	cached("huge")
	h.store.Flush()
	cached("")
	save(1, "1|2|\x00\xff\r\n")
	cached("1|2|\x00\xff\r\n")
}

func cacheExpires(h *hintTest) {
	h.leave(conversation.Departure{Version: 7, Snapshot: []byte("seven")})
	h.store.Advance(h.options.SessionTTL - time.Minute)
	if a := h.lead("m", "t"); string(a.Cached) != "seven" {
		h.Errorf("cached = %q before its time", a.Cached)
	}
	h.leave(conversation.Departure{Token: "t"})
	h.store.Advance(2 * time.Minute)
	if a := h.lead("m", "t"); a.Cached != nil {
		h.Errorf("cached = %q after its time", a.Cached)
	}
	h.leave(conversation.Departure{Token: "t", Version: 1, Snapshot: []byte("one")})
	if a := h.lead("m", "t"); string(a.Cached) != "one" {
		h.Errorf("cached = %q, want what was saved after the newer one was gone", a.Cached)
	}
}

func forgetDropsTheCacheOnly(h *hintTest) {
	forget := func(id conversation.ID) {
		h.Helper()
		if err := h.store.Forget(h.Context(), id); err != nil {
			h.Fatalf("Forget: %v", err)
		}
	}
	forget(hintRoom)
	h.arrive("m1")
	h.leave(conversation.Departure{Version: 3, Snapshot: []byte("three")})
	h.lead("m1", "t")
	forget(hintOther)
	forget(hintRoom)
	if !h.renew("t") {
		h.Error("the lease was forgotten")
	}
	h.leave(conversation.Departure{Token: "t"})
	a := h.lead("m1", "u")
	h.wantLetters(a.Letters, "m1")
	if a.Cached != nil {
		h.Errorf("cached = %q, want it forgotten", a.Cached)
	}
	h.leave(conversation.Departure{Token: "u", Version: 2, Snapshot: []byte("two")})
	if a := h.lead("m1", "v"); string(a.Cached) != "two" {
		h.Errorf("cached = %q, want what was saved after forgetting", a.Cached)
	}
}

func marksExpire(h *hintTest) {
	h.queued("q")
	h.leave(conversation.Departure{Done: []conversation.MessageID{"d"}})
	h.store.Advance(h.options.DedupeTTL - time.Hour)
	h.standing(conversation.Queued, "q")
	h.standing(conversation.Done, "d")
	h.store.Advance(2 * time.Hour)
	h.standing(conversation.Fresh, "q")
	h.standing(conversation.Fresh, "d")
}

func mailboxExpires(h *hintTest) {
	h.arrive("m1")
	h.store.Advance(20 * time.Hour)
	h.arrive("m2")
	h.store.Advance(20 * time.Hour)
	h.wantLetters(h.waiting(), "m1", "m2") // Each arrival keeps the mailbox alive.
	h.store.Advance(20 * time.Hour)
	h.wantLetters(h.waiting())
	h.standing(conversation.Fresh, "m1")
}

func mailboxIsBoundedInNumber(h *hintTest) {
	var kept []conversation.MessageID
	for i := range hintMaxLetters + 10 {
		m := conversation.MessageID(fmt.Sprintf("m%02d", i))
		if i < hintMaxLetters {
			kept = append(kept, m)
		}
		h.standing(conversation.Fresh, m)
	}
	h.wantLetters(h.waiting(), kept...)
	h.standing(conversation.Fresh, "m55") // What was not kept is not known.
	h.queued("m55")
	h.standing(conversation.Queued, "m55") // Unless its task is.
	a := h.lead("m55", "t")
	if n := len(a.Letters); n != hintMaxLetters+1 {
		h.Errorf("%d letters, want those of the mailbox and the message's own", n)
	}
	h.wantLetters(a.Letters, append(kept, "m55")...)
}

func mailboxIsBoundedInSize(h *hintTest) {
	letter := noise(10_000)
	for i := range 12 {
		a := h.arrival(conversation.MessageID(fmt.Sprintf("m%02d", i)))
		a.Letter = letter
		if got := h.deliver(a)[0]; got.Standing != conversation.Fresh || got.Seq == 0 {
			h.Fatalf("arrival %d = %+v, want fresh", i, got)
		}
	}
	letters := h.waiting()
	if n := len(letters); n != hintMaxBytes/len(letter) {
		h.Errorf("%d letters of %d bytes are kept, want as many as fit %d bytes", n, len(letter), hintMaxBytes)
	}
	if letters[0].Message != "m00" {
		h.Errorf("the oldest letter kept is %s, want m00", letters[0].Message)
	}
}

func roomIsFreedByLeaving(h *hintTest) {
	letter := noise(20_000)
	for i := range 20 {
		m := conversation.MessageID(fmt.Sprintf("m%02d", i))
		a := h.arrival(m)
		a.Letter = letter
		h.deliver(a)
		if n := len(h.waiting()); n != 1 {
			h.Fatalf("round %d: %d letters, want 1", i, n)
		}
		// Leaving twice must not free the room twice.
		for range 2 {
			h.leave(conversation.Departure{Done: []conversation.MessageID{m, "unheard of"}})
		}
	}
	var fill []conversation.Arrival
	for i := range 6 {
		a := h.arrival(conversation.MessageID(fmt.Sprintf("f%d", i)))
		a.Letter = letter
		fill = append(fill, a)
	}
	h.deliver(fill...)
	if n := len(h.waiting()); n != 3 {
		h.Errorf("%d letters of 20 kB fit after the mailbox was emptied, want 3", n)
	}
}

func lettersOfAnySize(h *hintTest) {
	huge := noise(300_000)
	for _, tt := range []struct {
		name   string
		letter []byte
		kept   bool
	}{
		{"empty", []byte{}, true},
		{"zeros", []byte("\x00\x00|\r\n#$"), true},
		{"one", []byte{0xff}, true},
		{"large", huge[:60_000], true},
		{"over", huge[:70_000], false},
		{"huge", huge, false},
	} {
		h.store.Flush()
		m := conversation.MessageID(tt.name)
		a := h.arrival(m)
		a.Letter = tt.letter
		if got := h.deliver(a)[0]; got.Standing != conversation.Fresh {
			h.Errorf("%s: standing %d, want fresh", tt.name, got.Standing)
		}
		waiting := h.waiting()
		if got := len(waiting) == 1; got != tt.kept {
			h.Errorf("%s: kept %v, want %v", tt.name, got, tt.kept)
		}
		if tt.kept && string(waiting[0].Body) != string(tt.letter) {
			h.Errorf("%s: the letter is altered", tt.name)
		}
		e := h.entry(m, "t")
		e.Letter = tt.letter
		admission, err := h.store.Enter(h.Context(), e)
		if err != nil || len(admission.Letters) != 1 || string(admission.Letters[0].Body) != string(tt.letter) {
			h.Errorf("%s: entered with %d letters, %v; want its own", tt.name, len(admission.Letters), err)
		}
		h.leave(conversation.Departure{Token: "t", Version: 1, Snapshot: tt.letter})
		if got := h.lead("next", "u").Cached; string(got) != string(tt.letter) || got == nil {
			h.Errorf("%s: the snapshot is altered: %d bytes", tt.name, len(got))
		}
	}
}

func oddTokens(h *hintTest) {
	for _, token := range []string{"a|b", "a b", "", "%w+", strings.Repeat("x", 2000), "é\x00\n"} {
		h.store.Flush()
		h.lead("m1", token)
		h.follow("m2", "other")
		if !h.renew(token) {
			h.Errorf("token %.20q does not renew its lease", token)
		}
		h.leave(conversation.Departure{Token: token})
		h.lead("m2", "other")
	}
}

func conversationsAreApart(h *hintTest) {
	other := h.arrival("m1")
	other.Conversation = hintOther
	got := h.deliver(h.arrival("m1"), other)
	if got[1].Standing != conversation.Fresh {
		h.Errorf("the same message elsewhere stands at %d, want fresh", got[1].Standing)
	}
	h.lead("m1", "t")
	e := h.entry("m1", "t")
	e.Conversation = hintOther
	if a, err := h.store.Enter(h.Context(), e); err != nil || a.Busy != 0 || a.Tries != 1 {
		h.Errorf("Enter elsewhere = %+v, %v; want the lease", a, err)
	}
	h.leave(conversation.Departure{Conversation: hintOther, Token: "t", Version: 2, Snapshot: []byte("two"), Done: []conversation.MessageID{"m1"}})
	if !h.renew("t") {
		h.Error("leaving one conversation freed another")
	}
	h.wantLetters(h.waiting(), "m1")
	h.leave(conversation.Departure{Token: "t"})
	if a := h.lead("m1", "u"); a.Cached != nil {
		h.Error("the snapshot of another conversation came back")
	}
}

func nothingIsShared(h *hintTest) {
	a := h.arrival("m")
	h.deliver(a)
	copy(a.Letter, "XXXXXX")
	h.wantLetters(h.waiting(), "m")
	copy(h.waiting()[0].Body, "XXXXXX")
	h.wantLetters(h.waiting(), "m")

	snapshot := []byte("snapshot")
	h.leave(conversation.Departure{Version: 1, Snapshot: snapshot})
	copy(snapshot, "XXXXXX")
	first := h.lead("m", "t")
	copy(first.Cached, "XXXXXX")
	copy(first.Letters[0].Body, "XXXXXX")
	h.leave(conversation.Departure{Token: "t"})
	second := h.lead("m", "t")
	h.wantLetters(second.Letters, "m")
	if string(second.Cached) != "snapshot" {
		h.Errorf("cached = %q, want what was left", second.Cached)
	}
}

func emptyCalls(h *hintTest) {
	if got, err := h.store.Arrive(h.Context(), nil); err != nil || len(got) != 0 {
		h.Errorf("Arrive of nothing = %v, %v", got, err)
	}
	if err := h.store.Queued(h.Context(), nil); err != nil {
		h.Errorf("Queued of nothing: %v", err)
	}
	h.leave(conversation.Departure{})
	h.wantLetters(h.waiting())
	h.leave(conversation.Departure{Version: 1, Snapshot: nil, Done: nil})
	if a := h.lead("m", "t"); a.Cached != nil || a.Tries != 1 {
		h.Errorf("Enter of an empty store = %d tries, cached %q", a.Tries, a.Cached)
	}
}

func cancelledContext(h *hintTest) {
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	calls := map[string]func() error{
		"Arrive": func() error {
			_, err := h.store.Arrive(ctx, []conversation.Arrival{h.arrival("m")})
			return err
		},
		"Queued": func() error { return h.store.Queued(ctx, []conversation.Arrival{h.arrival("m")}) },
		"Enter": func() error {
			_, err := h.store.Enter(ctx, h.entry("m", "t"))
			return err
		},
		"Renew": func() error {
			held, err := h.store.Renew(ctx, hintRoom, "t")
			if held {
				h.Error("Renew says held with an error")
			}
			return err
		},
		"Leave": func() error { return h.store.Leave(ctx, conversation.Departure{Conversation: hintRoom}) },
		"Waiting": func() error {
			_, err := h.store.Waiting(ctx, hintRoom)
			return err
		},
		"Forget": func() error { return h.store.Forget(ctx, hintRoom) },
		"Spent": func() error {
			_, err := h.store.Spent(ctx, hintAccount)
			return err
		},
		"Spend": func() error { return h.store.Spend(ctx, hintAccount, 1) },
	}
	for range 10 { // Callers that give up say nothing against the store.
		for name, call := range calls {
			if err := call(); !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Dependency) {
				h.Errorf("%s with a cancelled context: %v, kind %v", name, err, fault.KindOf(err))
			}
		}
	}
	h.standing(conversation.Fresh, "m")
	h.wantSpent(hintAccount, 0)
}

func oneLeaderOfMany(h *hintTest) {
	const many = 64
	for round := range 3 {
		var wg sync.WaitGroup
		admissions := make([]conversation.Admission, many)
		for i := range many {
			wg.Go(func() {
				a, err := h.store.Enter(h.Context(), h.entry(conversation.MessageID(fmt.Sprintf("m%d", i%8)), fmt.Sprintf("t%d", i)))
				if err != nil {
					h.Errorf("Enter: %v", err)
				}
				admissions[i] = a
			})
		}
		wg.Wait()
		leader := -1
		for i, a := range admissions {
			switch {
			case a.Busy == 0 && leader >= 0:
				h.Fatalf("round %d: both %d and %d lead", round, leader, i)
			case a.Busy == 0:
				leader = i
			}
		}
		if leader < 0 {
			h.Fatalf("round %d: nobody leads", round)
		}
		if n := len(h.waiting()); n != 8 {
			h.Errorf("round %d: %d letters, want one a message", round, n)
		}
		h.leave(conversation.Departure{Token: fmt.Sprintf("t%d", leader)})
	}
}

func concurrentArrivals(h *hintTest) {
	const many = 64
	var wg sync.WaitGroup
	answers := make([]conversation.Arrived, many)
	for i := range many {
		wg.Go(func() {
			got, err := h.store.Arrive(h.Context(), []conversation.Arrival{h.arrival(conversation.MessageID(fmt.Sprintf("m%02d", i/2)))})
			if err != nil || len(got) != 1 {
				h.Errorf("Arrive = %v, %v", got, err)
				return
			}
			answers[i] = got[0]
		})
	}
	wg.Wait()
	seqs := map[int64]bool{}
	for i := 0; i < many; i += 2 {
		if answers[i].Seq != answers[i+1].Seq || answers[i].Standing+answers[i+1].Standing != conversation.Fresh+conversation.Pending {
			h.Errorf("the same message twice at once = %+v, %+v; want one fresh, one pending, one seq", answers[i], answers[i+1])
		}
		seqs[answers[i].Seq] = true
	}
	if len(seqs) != many/2 {
		h.Errorf("%d seqs for %d messages", len(seqs), many/2)
	}
}

// flushBetweenAnyTwoCalls loses everything at each single point of a story,
// and again at each pair of points. Every call must still be answered, and no
// answer may claim what was not so.
func flushBetweenAnyTwoCalls(h *hintTest) {
	steps := []func(){
		func() { h.arrive("m1") },
		func() { h.queued("m1") },
		func() { h.arrive("m2") },
		func() {
			if a := h.enter("m1", "t"); a.Done || !slices.ContainsFunc(a.Letters, func(l conversation.Letter) bool { return l.Message == "m1" }) {
				h.Errorf("m1 entered: done %v, %d letters; want its own among them", a.Done, len(a.Letters))
			}
		},
		func() { h.queued("m2") },
		func() { h.renew("t") },
		func() { h.waiting() },
		func() {
			h.leave(conversation.Departure{Token: "t", Version: 1, Snapshot: []byte("one"), Done: []conversation.MessageID{"m1"}})
		},
		func() {
			a := h.enter("m2", "u")
			if a.Done || a.Busy != 0 || !slices.ContainsFunc(a.Letters, func(l conversation.Letter) bool { return l.Message == "m2" }) {
				h.Errorf("m2 entered: done %v, busy %v, %d letters; want the lease and its own among them", a.Done, a.Busy, len(a.Letters))
			}
			if a.Cached != nil && string(a.Cached) != "one" {
				h.Errorf("cached = %q", a.Cached)
			}
		},
		func() {
			h.leave(conversation.Departure{Token: "u", Version: 2, Snapshot: []byte("two"), Done: []conversation.MessageID{"m2"}})
		},
		func() { h.standing(conversation.Done, "m2") },
	}
	last := len(steps) - 1 // Nothing is flushed between marking m2 as done and asking.
	for first := range last {
		for second := first; second < last; second++ {
			h.store.Flush()
			for i, step := range steps {
				if i == first || i == second {
					h.store.Flush()
				}
				step()
			}
		}
	}
}
