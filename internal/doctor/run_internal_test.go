package doctor

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// names are findings as "check status".
func names(findings []Finding) string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Check+" "+string(f.Status))
	}
	return strings.Join(list, ", ")
}

func passes(context.Context) result { return ok("fine") }

func fails(context.Context) result { return failed("broken", "mend it") }

func hint() string { return "shake it" }

func TestChecksRunWhereTheirGroundHolds(t *testing.T) {
	order := make(chan string, 9)
	saying := func(name string, run func(context.Context) result) func(context.Context) result {
		return func(ctx context.Context) result {
			order <- name
			return run(ctx)
		}
	}
	got := run(t.Context(), []check{
		{name: "ground", run: saying("ground", passes)},
		{name: "ill", needs: []string{"ground"}, run: saying("ill", fails)},
		{name: "on the ill", needs: []string{"ill"}, run: saying("on the ill", passes)},
		{name: "on that", needs: []string{"on the ill"}, run: saying("on that", passes)},
		{name: "after the ill", needs: []string{"ground"}, follows: []string{"ill", "on that"}, run: saying("after the ill", passes)},
		{name: "in the dark", needs: []string{"ground"}, unknown: func() []string { return []string{"A", "B"} }, run: saying("in the dark", passes)},
	}, time.Minute)
	if want := "ground ok, ill failed, on the ill skipped, on that skipped, after the ill ok, in the dark skipped"; names(got) != want {
		t.Errorf("%s, want %s", names(got), want)
	}
	if found := got[2].Found + "; " + got[5].Found; found != "because of ill; because of secrets: A, B is not known" {
		t.Errorf("skipped %q", found)
	}
	close(order)
	var ran []string
	for name := range order {
		ran = append(ran, name)
	}
	if strings.Join(ran, ", ") != "ground, ill, after the ill" {
		t.Errorf("ran %q", ran)
	}
}

func TestWhatHangsIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		defer close(over)
		deaf := func(context.Context) result {
			<-over
			return ok("too late")
		}
		patient := func(ctx context.Context) result {
			<-ctx.Done()
			return failed(ctx.Err().Error())
		}
		checks := []check{
			{name: "deaf", hangs: hint, run: deaf},
			{name: "patient", hangs: hint, run: patient},
			{name: "well", hangs: hint, run: passes},
			{name: "on the deaf", needs: []string{"deaf"}, hangs: hint, run: passes},
		}
		began := time.Now()
		got := run(t.Context(), checks, 10*time.Second)
		if want := "deaf failed, patient failed, well ok, on the deaf skipped"; names(got) != want {
			t.Errorf("%s, want %s", names(got), want)
		}
		for _, f := range got[:2] {
			if f.Found != "gave no answer within 10s" || len(f.Fix) != 1 || f.Fix[0] != "shake it" || f.Took != 10_000 {
				t.Errorf("%+v", f)
			}
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it took %v", took)
		}

		// The whole ends too, and says so.
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if f := run(ctx, checks, 10*time.Second)[0]; f.Status != Failed || !strings.Contains(f.Found, "as a whole") {
			t.Errorf("%+v", f)
		}
	})
}

// What all clocks agree on is right, and ours is not.
func TestOwnClockIsBlamedWhenAllAgree(t *testing.T) {
	for _, c := range []struct {
		name   string
		times  []reading
		status Status
		found  string
	}{
		{"nobody said", nil, Skipped, "nobody"},
		{"close", []reading{{"meta", time.Second, time.Second}, {"redis", -2 * time.Second, 0}}, OK, "meta 1s ahead, redis 2s behind"},
		{"as exact as can be told", []reading{{"meta", 5 * time.Second, 3 * time.Second}}, OK, "meta 5s ahead"},
		{"one of two", []reading{{"redis", 0, 0}, {"meta", time.Minute, 0}}, Failed, "clocks are apart: meta 1m0s ahead"},
		{"all", []reading{{"redis", time.Minute, 0}, {"meta", 61 * time.Second, 0}}, Failed, "this machine's clock is wrong"},
		{"all, each otherwise", []reading{{"redis", time.Minute, 0}, {"meta", -time.Minute, 0}}, Failed, "clocks are apart"},
	} {
		p := &patient{times: c.times}
		if got := p.checkClock(t.Context()); got.status != c.status || !strings.Contains(got.found, c.found) || (got.status == Failed) != (len(got.fix) == 1) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
