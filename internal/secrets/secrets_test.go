package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/secrets/secretstest"
)

const (
	name   = "projects/p/secrets/app-secret-staging"
	latest = name + "/versions/latest"
)

// inBubble runs a story in fake time against the real client and a stand-in.
func inBubble(t *testing.T, story func(t *testing.T, r *secrets.Resolver, s *secretstest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := secretstest.StartInMemory()
		r := secrets.New(secrets.Options{Client: s.ClientOptions()})
		story(t, r, s)
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		s.Close()
	})
}

// pass lets fake time pass.
func pass(d time.Duration) { <-time.After(d) }

func expect(t *testing.T, r *secrets.Resolver, resource, want string) {
	t.Helper()
	got, err := r.Value(t.Context(), resource)
	if err != nil || got.Reveal() != want {
		t.Errorf("Value = %q, %v; want %q", got.Reveal(), err, want)
	}
}

func expectKind(t *testing.T, r *secrets.Resolver, resource string, want fault.Kind) {
	t.Helper()
	got, err := r.Value(t.Context(), resource)
	if got != "" || !fault.Is(err, want) {
		t.Errorf("Value = %q, %v (%v); want an error of kind %v", got.Reveal(), err, fault.KindOf(err), want)
	}
}

func TestValueOverLoopback(t *testing.T) {
	s, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.AddVersion(name, []byte("old\r\n"))
	s.AddVersion(name, []byte("new\n\n"))
	r := secrets.New(secrets.Options{Client: s.ClientOptions()})
	expect(t, r, latest, "new")
	expect(t, r, name+"/versions/1", "old")
	expect(t, r, name+"/versions/2", "new")
	expectKind(t, r, name+"/versions/3", fault.Refused)
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestNewTouchesNoNetwork(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	r := secrets.New(secrets.Options{Client: []option.ClientOption{
		option.WithEndpoint(listener.Addr().String()), option.WithoutAuthentication(),
	}})
	literal := secrets.One(r, item{literal: "l"})
	if got, err := literal(t.Context()); err != nil || got.Reveal() != "l" {
		t.Errorf("literal: %q, %v", got.Reveal(), err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	// The first connection that arrives must be the one made here.
	own, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close() }()
	first, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	if first.RemoteAddr().String() != own.LocalAddr().String() {
		t.Error("a connection was made although no reference was asked for")
	}
}

func TestRotationIsInUseWithinFiveMinutes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		expect(t, r, latest, "one")
		s.AddVersion(name, []byte("two"))
		for range 100 {
			expect(t, r, latest, "one")
		}
		if calls := s.Calls(latest); calls != 1 {
			t.Errorf("%d calls for a fresh value", calls)
		}
		pass(5*time.Minute - time.Second)
		expect(t, r, latest, "two")
		expect(t, r, latest, "two")
		if calls := s.Calls(latest); calls != 2 {
			t.Errorf("%d calls, want 2", calls)
		}
	})
}

func TestRotationIsInUseInSpiteOfAFailedCall(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		expect(t, r, latest, "one")
		s.AddVersion(name, []byte("two"))
		pass(4 * time.Minute)
		s.Fail(codes.Unavailable)
		expect(t, r, latest, "one")
		s.Fail(codes.OK)
		pass(30 * time.Second)
		expect(t, r, latest, "two")
	})
}

func TestOutageIsRiddenOut(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		expect(t, r, latest, "one")
		start := time.Now()
		s.Fail(codes.Unavailable)
		for time.Since(start) < time.Hour+3*time.Minute {
			pass(time.Second)
			expect(t, r, latest, "one")
		}
		// One call in ten seconds from the fourth minute on, not one a second.
		if calls := s.Calls(latest); calls < 300 || calls > 370 {
			t.Errorf("%d calls in an hour of outage", calls)
		}
		pass(2 * time.Minute)
		expectKind(t, r, latest, fault.Dependency)
		s.Fail(codes.OK)
		expectKind(t, r, latest, fault.Dependency) // Still resting.
		pass(11 * time.Second)
		expect(t, r, latest, "one")
	})
}

func TestSlowRefreshDelaysRequestsBriefly(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		expect(t, r, latest, "one")
		s.AddVersion(name, []byte("two"))
		pass(4 * time.Minute)
		s.Hold()
		start := time.Now()
		expect(t, r, latest, "one")
		if waited := time.Since(start); waited > 300*time.Millisecond {
			t.Errorf("a request waited %v", waited)
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := r.Value(canceled, latest); err != nil || got.Reveal() != "one" {
			t.Errorf("with an ended context: %q, %v; the known value needs no waiting", got.Reveal(), err)
		}
		s.Release()
		synctest.Wait()
		expect(t, r, latest, "two")
		if calls := s.Calls(latest); calls != 2 {
			t.Errorf("%d calls, want 2: the slow one is shared", calls)
		}
	})
}

func TestRefusalTakesEffectAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		expect(t, r, latest, "one")
		s.Deny(name)
		pass(5 * time.Minute)
		expectKind(t, r, latest, fault.Refused)
		expectKind(t, r, latest, fault.Refused)
		if calls := s.Calls(latest); calls != 2 {
			t.Errorf("%d calls, want 2: a refusal is remembered", calls)
		}
		// What was refused does not come back with an outage.
		pass(time.Minute)
		s.Fail(codes.Unavailable)
		expectKind(t, r, latest, fault.Dependency)
		s.Fail(codes.OK)
		s.Allow(name)
		pass(time.Minute)
		expect(t, r, latest, "one")
		s.Disable(name, 1)
		pass(5 * time.Minute)
		expectKind(t, r, latest, fault.Refused)
	})
}

func TestUnusableVersionDoesNotReplaceAGoodOne(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		expect(t, r, latest, "one")
		s.AddVersion(name, []byte("\n"))
		pass(5 * time.Minute)
		expect(t, r, latest, "one")
	})
}

func TestKindsOfFailure(t *testing.T) {
	for code, want := range map[codes.Code]fault.Kind{
		codes.NotFound:           fault.Refused,
		codes.PermissionDenied:   fault.Refused,
		codes.FailedPrecondition: fault.Refused,
		codes.InvalidArgument:    fault.Refused,
		codes.Unavailable:        fault.Dependency,
		codes.ResourceExhausted:  fault.Dependency,
		codes.DeadlineExceeded:   fault.Dependency,
		codes.Unauthenticated:    fault.Dependency,
		codes.Internal:           fault.Dependency,
		codes.Aborted:            fault.Dependency,
	} {
		t.Run(code.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
				s.AddVersion(name, []byte("one"))
				s.Fail(code)
				start := time.Now()
				_, err := r.Value(t.Context(), latest)
				if got := fault.KindOf(err); got != want {
					t.Errorf("kind %v, want %v", got, want)
				}
				if err == nil || !strings.Contains(err.Error(), latest) || !strings.Contains(err.Error(), code.String()) || strings.Contains(err.Error(), "on command") {
					t.Errorf("the error must name the reference and the code, and nothing of the message: %v", err)
				}
				if calls := s.Calls(latest); calls != 1 || time.Since(start) > 0 {
					t.Errorf("%d calls in %v: the client repeats by itself", calls, time.Since(start))
				}
			})
		})
	}
}

func TestPayloads(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	for _, c := range []struct {
		name, payload, want string
		kind                fault.Kind
	}{
		{"trailing line breaks", "v\r\n\n", "v", fault.Unknown},
		{"inner line breaks and spaces stay", " a\nb \n", " a\nb ", fault.Unknown},
		{"the longest there is", long, long, fault.Unknown},
		{"too long", long + "x", "", fault.Unreadable},
		{"empty", "", "", fault.Unreadable},
		{"line break alone", "\r\n", "", fault.Unreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
				s.AddVersion(name, []byte(c.payload))
				got, err := r.Value(t.Context(), latest)
				if got.Reveal() != c.want || fault.KindOf(err) != c.kind {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		})
	}
}

func TestDamagedPayloadIsNotUsed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("canary"))
		s.Corrupt(true)
		_, err := r.Value(t.Context(), latest)
		if !fault.Is(err, fault.Dependency) || strings.Contains(err.Error(), "canary") {
			t.Errorf("error %v", err)
		}
		s.Corrupt(false)
		pass(time.Minute)
		expect(t, r, latest, "canary")
	})
}

func TestConcurrentCallersShareOneCall(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		s.Hold()
		ctx, cancel := context.WithCancel(t.Context())
		var gone error
		var group sync.WaitGroup
		group.Go(func() { _, gone = r.Value(ctx, latest) })
		synctest.Wait()
		for range 50 {
			group.Go(func() { expect(t, r, latest, "one") })
		}
		synctest.Wait()
		// The caller that started the call goes away; the others do not suffer.
		cancel()
		synctest.Wait()
		s.Release()
		group.Wait()
		if !errors.Is(gone, context.Canceled) {
			t.Errorf("the caller that went away got %v", gone)
		}
		if calls := s.Calls(latest); calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

func TestCallIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		s.Hold()
		start := time.Now()
		expectKind(t, r, latest, fault.Dependency)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("the call took %v", took)
		}
	})
}

func TestCloseCutsOffCalls(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		s.Hold()
		var group sync.WaitGroup
		group.Go(func() { expectKind(t, r, latest, fault.Dependency) })
		synctest.Wait()
		start := time.Now()
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		group.Wait()
		if took := time.Since(start); took > 0 {
			t.Errorf("the call ended %v after Close", took)
		}
		pass(time.Minute)
		expectKind(t, r, latest, fault.Dependency)
	})
}

func TestUnusableClientIsADependency(t *testing.T) {
	r := secrets.New(secrets.Options{Client: []option.ClientOption{
		option.WithAuthCredentialsJSON(option.ServiceAccount, []byte(`{"type":"service_account","private_key":"canary`)),
	}})
	_, err := r.Value(t.Context(), latest)
	if !fault.Is(err, fault.Dependency) || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestAwait(t *testing.T) {
	const second = "projects/p/secrets/second/versions/latest"
	t.Run("nothing to await", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *secrets.Resolver, _ *secretstest.Server) {
			if err := r.Await(t.Context(), nil, time.Second); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("arrives late", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
			s.AddVersion(name, []byte("one"))
			go func() {
				pass(20 * time.Second)
				s.AddVersion("projects/p/secrets/second", []byte("two"))
			}()
			start := time.Now()
			if err := r.Await(t.Context(), []string{latest, second, latest}, 30*time.Second); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took < 20*time.Second || took > 23*time.Second {
				t.Errorf("took %v", took)
			}
			if calls := s.Calls(latest); calls != 1 {
				t.Errorf("%d calls for what was there from the start", calls)
			}
			expect(t, r, second, "two")
		})
	})
	t.Run("never arrives", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
			s.AddVersion(name, []byte("one"))
			s.AddVersion("projects/p/secrets/third", []byte("three"))
			s.Deny("projects/p/secrets/third")
			start := time.Now()
			err := r.Await(t.Context(), []string{second, latest, second, "projects/p/secrets/third/versions/1"}, 30*time.Second)
			if took := time.Since(start); took != 30*time.Second {
				t.Errorf("took %v", took)
			}
			if !fault.Is(err, fault.Refused) {
				t.Fatalf("error %v", err)
			}
			for _, part := range []string{second + ": NotFound", "third/versions/1: PermissionDenied"} {
				if strings.Count(err.Error(), part) != 1 {
					t.Errorf("%q is not in it once: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), latest) {
				t.Errorf("what resolved is blamed: %v", err)
			}
		})
	})
	t.Run("outage", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
			s.Fail(codes.Unavailable)
			if err := r.Await(t.Context(), []string{latest}, 30*time.Second); !fault.Is(err, fault.Dependency) || !strings.Contains(err.Error(), latest) {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("no answer at all", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
			s.Hold()
			if err := r.Await(t.Context(), []string{latest}, 3*time.Second); !fault.Is(err, fault.Dependency) || !strings.Contains(err.Error(), latest) {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("program is told to stop", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *secrets.Resolver, _ *secretstest.Server) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := r.Await(ctx, []string{latest}, 30*time.Second); !errors.Is(err, context.DeadlineExceeded) || fault.Is(err, fault.Refused) {
				t.Errorf("error %v", err)
			}
		})
	})
}

// item is a secret as a program was told it.
type item struct {
	literal  pii.Secret
	resource string
}

func (i item) Resource() (string, bool) { return i.resource, i.resource != "" }
func (i item) Literal() pii.Secret      { return i.literal }

func reveal(values []pii.Secret) []string {
	var plain []string
	for _, v := range values {
		plain = append(plain, v.Reveal())
	}
	return plain
}

func TestOne(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("one"))
		source := secrets.One(r, item{resource: latest})
		if got, err := source(t.Context()); err != nil || got.Reveal() != "one" {
			t.Errorf("%q, %v", got.Reveal(), err)
		}
		s.AddVersion(name, []byte("two"))
		pass(5 * time.Minute)
		if got, err := source(t.Context()); err != nil || got.Reveal() != "two" {
			t.Errorf("after rotation: %q, %v", got.Reveal(), err)
		}
	})
}

func TestList(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("new, old,\n"))
		source := secrets.List(r, []item{{literal: "first"}, {resource: latest}, {resource: "projects/p/secrets/gone/versions/1"}, {}})
		got, err := source(t.Context())
		if diff := cmp.Diff([]string{"first", "new", "old"}, reveal(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !fault.Is(err, fault.Refused) || !strings.Contains(err.Error(), "secrets/gone") || strings.Contains(err.Error(), latest) {
			t.Errorf("error %v", err)
		}
		s.AddVersion("projects/p/secrets/gone", []byte("found"))
		s.AddVersion(name, []byte("newest"))
		pass(5 * time.Minute)
		got, err = source(t.Context())
		if diff := cmp.Diff([]string{"first", "newest", "found"}, reveal(got)); diff != "" || err != nil {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestListUnderRotationFromManySides(t *testing.T) {
	inBubble(t, func(t *testing.T, r *secrets.Resolver, s *secretstest.Server) {
		s.AddVersion(name, []byte("1"))
		source := secrets.List(r, []item{{literal: "0"}, {resource: latest}})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 200 {
					got, err := source(t.Context())
					if err != nil || len(got) != 2 || got[0].Reveal() != "0" {
						t.Errorf("%v, %v", reveal(got), err)
					}
					pass(10 * time.Second)
				}
			})
		}
		for i := range 10 {
			s.AddVersion(name, fmt.Append(nil, i+2))
			pass(3 * time.Minute)
		}
		group.Wait()
	})
}

func TestLiteralsCostNothing(t *testing.T) {
	r := secrets.New(secrets.Options{})
	one := secrets.One(r, item{literal: "l"})
	all := secrets.List(r, []item{{literal: "a"}, {}, {literal: "b"}})
	got, err := all(t.Context())
	if diff := cmp.Diff([]string{"a", "b"}, reveal(got)); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		_, _ = one(ctx)
		_, _ = all(ctx)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkValueKnown(b *testing.B) {
	s, err := secretstest.Start()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.AddVersion(name, []byte("one"))
	r := secrets.New(secrets.Options{Client: s.ClientOptions()})
	b.Cleanup(func() { _ = r.Close() })
	list := secrets.List(r, []item{{resource: latest}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := list(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
