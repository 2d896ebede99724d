package pii_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pyloto/atende/internal/pii"
)

func TestNothingPrintsTheValue(t *testing.T) {
	const canary = "5511900001111"
	values := []any{pii.Contact(canary), pii.Text(canary), pii.Secret(canary)}
	type holder struct {
		C pii.Contact
		P *pii.Text
	}
	text := pii.Text(canary)
	values = append(values, holder{C: canary, P: &text}, []pii.Secret{canary}, map[string]pii.Contact{"k": canary})
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, canary) || strings.Contains(got, "35353131") {
				t.Errorf("%T printed with %s shows the value: %s", v, verb, got)
			}
		}
	}
	if got := fmt.Errorf("send to %v: %s", pii.Contact(canary), pii.Text(canary)).Error(); got != "send to [contact]: [text]" {
		t.Errorf("error text = %q", got)
	}
	if got := pii.Secret("").String(); got != "[no secret]" {
		t.Errorf("empty secret prints %q", got)
	}
}

func TestRevealAndJSONCarryTheValue(t *testing.T) {
	if pii.Contact("a").Reveal() != "a" || pii.Text("b").Reveal() != "b" || pii.Secret("c").Reveal() != "c" {
		t.Error("Reveal does not return the value")
	}
	out, err := json.Marshal(pii.Text("olá"))
	if err != nil || string(out) != `"olá"` {
		t.Errorf("json = %s, %v", out, err)
	}
}

func hashKey(t *testing.T, fill byte) *pii.HashKey {
	t.Helper()
	k, err := pii.NewHashKey(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestIDIsTheDocumentedHash(t *testing.T) {
	k := hashKey(t, 7)
	mac := hmac.New(sha256.New, bytes.Repeat([]byte{7}, 32))
	mac.Write([]byte("cid\x00422\x005511900001111"))
	want := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)))
	if got := k.Conversation("422", "5511900001111"); got != want[:32] {
		t.Errorf("conversation id = %s, want %s", got, want[:32])
	}
	for name, id := range map[string]string{"message": k.Message("wamid.A"), "event": k.Event("a"), "timer": k.Timer("a")} {
		if len(id) != 26 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Errorf("%s id = %q", name, id)
		}
	}
	if k.Event("a") == k.Timer("a") {
		t.Error("ids of different kinds collide")
	}
	if k.ID(26, "x", "ab", "c") == k.ID(26, "x", "a", "bc") {
		t.Error("parts run together")
	}
	if k.Fingerprint() == hashKey(t, 8).Fingerprint() || k.Message("a") == hashKey(t, 8).Message("a") {
		t.Error("another key gives the same id")
	}
}

func TestHashKeyIsConcurrent(t *testing.T) {
	k := hashKey(t, 1)
	want := k.Message("wamid.A")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got := k.Message("wamid.A"); got != want {
					t.Errorf("id = %s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestShortKeysAreRefused(t *testing.T) {
	if _, err := pii.NewHashKey(make([]byte, 31)); err == nil {
		t.Error("a short hash key was accepted")
	}
	if _, err := pii.NewRing(); err == nil {
		t.Error("an empty ring was accepted")
	}
	if _, err := pii.NewRing(make([]byte, 32), make([]byte, 8)); err == nil {
		t.Error("a short ring key was accepted")
	}
}

func ring(t *testing.T, fills ...byte) *pii.Ring {
	t.Helper()
	var keys [][]byte
	for _, f := range fills {
		keys = append(keys, bytes.Repeat([]byte{f}, 32))
	}
	r, err := pii.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealOpens(t *testing.T) {
	r := ring(t, 1)
	for _, plain := range []string{"", "oi", strings.Repeat("preciso de ajuda ", 4000)} {
		sealed := r.Seal([]byte(plain), "place")
		if len(plain) > 1 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the plain text shows")
		}
		got, err := r.Open(sealed, "place")
		if err != nil || string(got) != plain {
			t.Errorf("%d bytes: opened %d, %v", len(plain), len(got), err)
		}
	}
	if long := r.Seal([]byte(strings.Repeat("a", 100_000)), "p"); len(long) > 5000 {
		t.Errorf("a long value takes %d bytes", len(long))
	}
	if bytes.Equal(r.Seal([]byte("x"), "p"), r.Seal([]byte("x"), "p")) {
		t.Error("sealing twice gives equal bytes")
	}
}

func TestSealedOpensOnlyWhereItBelongs(t *testing.T) {
	r := ring(t, 1)
	sealed := r.Seal([]byte("segredo"), "a")
	if _, err := r.Open(sealed, "b"); !errors.Is(err, pii.ErrOpen) {
		t.Errorf("opened at another place: %v", err)
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := r.Open(altered, "a"); !errors.Is(err, pii.ErrOpen) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
	for n := range sealed {
		if _, err := r.Open(sealed[:n], "a"); !errors.Is(err, pii.ErrOpen) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func TestRingRotates(t *testing.T) {
	old := ring(t, 1)
	sealed := old.Seal([]byte("x"), "p")
	if got, err := ring(t, 2, 1).Open(sealed, "p"); err != nil || string(got) != "x" {
		t.Errorf("the older key of the ring does not open: %q, %v", got, err)
	}
	if _, err := ring(t, 2).Open(sealed, "p"); !errors.Is(err, pii.ErrOpen) {
		t.Errorf("a ring without the key: %v", err)
	}
	if _, err := old.Open(ring(t, 2, 1).Seal([]byte("x"), "p"), "p"); err == nil {
		t.Error("the ring seals with an older key")
	}
}

func FuzzOpen(f *testing.F) {
	r, err := pii.NewRing(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Seal([]byte("oi"), "p"))
	f.Add(r.Seal(bytes.Repeat([]byte("a"), 20_000), "p"))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		plain, err := r.Open(sealed, "p")
		if err != nil && (plain != nil || !errors.Is(err, pii.ErrOpen)) {
			t.Errorf("opened %d bytes with %v", len(plain), err)
		}
	})
}

func BenchmarkMessageID(b *testing.B) {
	k, err := pii.NewHashKey(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		k.Message("wamid.HBgNNTUxMTk4ODg4MDAwMRUCABIYFjNFQjBDMUQ5")
	}
}

func BenchmarkSeal(b *testing.B) {
	r, err := pii.NewRing(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{400, 4_000, 40_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			plain := bytes.Repeat([]byte("a"), size)
			b.ReportAllocs()
			for b.Loop() {
				r.Seal(plain, "place")
			}
		})
	}
}
