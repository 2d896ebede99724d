package flow_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/pii"
)

func hashKey(t *testing.T, seed byte) *pii.HashKey {
	t.Helper()
	key, err := pii.NewHashKey(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestToken(t *testing.T) {
	key := hashKey(t, 1)
	id := conversation.ID(key.Conversation("422", "5511900001111"))
	token := flow.Mint(key, id, monday)
	if fmt.Sprint(token) != "[secret]" {
		t.Errorf("a token prints as %v", token)
	}
	pass, ok := flow.Read(key, token.Reveal())
	if !ok || pass.Conversation != id || !pass.Expires.Equal(monday.Add(24*time.Hour)) || len(pass.Appointment) != pii.EventIDLen {
		t.Fatalf("%v %+v", ok, pass)
	}
	if again, _ := flow.Read(key, flow.Mint(key, id, monday).Reveal()); again != pass {
		t.Errorf("the same form makes another appointment: %+v", again)
	}
	other, _ := flow.Read(key, flow.Mint(key, id, monday.Add(time.Second)).Reveal())
	if other.Appointment == pass.Appointment {
		t.Error("two forms make one appointment")
	}
	for after, want := range map[time.Duration][2]bool{
		0: {true, true}, 24*time.Hour - 1: {true, true}, 24 * time.Hour: {false, true},
		25*time.Hour - 1: {false, true}, 25 * time.Hour: {false, false},
	} {
		now := monday.Add(after)
		if pass.Open(now) != want[0] || pass.Returns(now) != want[1] {
			t.Errorf("after %s: open %v, returns %v", after, pass.Open(now), pass.Returns(now))
		}
	}
}

func TestForgedTokens(t *testing.T) {
	key := hashKey(t, 1)
	id := conversation.ID(key.Conversation("422", "5511900001111"))
	token := flow.Mint(key, id, monday).Reveal()
	parts := strings.Split(token, ".")
	join := func(version, id, expires, mac string) string {
		return strings.Join([]string{version, id, expires, mac}, ".")
	}
	other := conversation.ID(key.Conversation("422", "5511900002222"))
	foreign := strings.Split(flow.Mint(key, other, monday).Reveal(), ".")
	for name, forged := range map[string]string{
		"empty":                "",
		"Meta's own":           "unused",
		"another conversation": join("v1", string(other), parts[2], parts[3]),
		"another hash":         join("v1", parts[1], parts[2], foreign[3]),
		"a later end":          join("v1", parts[1], "9999999999", parts[3]),
		"the end written long": join("v1", parts[1], "0"+parts[2], parts[3]),
		"another version":      join("v2", parts[1], parts[2], parts[3]),
		"in capitals":          strings.ToUpper(token),
		"with more":            token + ".x",
		"with a line":          token + "\n",
		"under another key":    flow.Mint(hashKey(t, 2), id, monday).Reveal(),
		"a telephone number":   "5511900001111",
	} {
		if pass, ok := flow.Read(key, forged); ok {
			t.Errorf("%s: %+v", name, pass)
		}
	}
}
