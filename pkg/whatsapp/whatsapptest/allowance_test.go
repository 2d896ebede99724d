package whatsapptest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func TestAllowance(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	a := whatsapptest.Meta()
	for n := range 45 {
		if !a.Take(start) {
			t.Fatalf("message %d of the burst is refused", n+1)
		}
	}
	for _, step := range []struct {
		seconds float64
		allowed bool
	}{
		{0, false}, {5.9, false}, {6, true}, {6, false}, {17.9, true}, {17.9, false}, {18, true}, {18, false},
		{270, true}, {1000, true},
	} {
		if got := a.Take(at(step.seconds)); got != step.allowed {
			t.Fatalf("after %v s: allowed %v", step.seconds, got)
		}
	}
	n := 0
	for a.Take(at(2000)) {
		n++
	}
	if n != 45 {
		t.Errorf("%d at once after a long rest", n)
	}
	var free whatsapptest.Allowance
	for range 1000 {
		if !free.Take(start) {
			t.Fatal("the zero value refuses")
		}
	}
}

func TestGraphLimitsOnePersonAndNoOther(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	graph := whatsapptest.NewServer(whatsapptest.Options{
		PairLimit: whatsapptest.Allowance{Burst: 2, Every: time.Minute}, Now: func() time.Time { return now },
	})
	defer graph.Close()
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: graph.URL, Token: func(context.Context) (string, error) { return "token", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	send := func(phone string) error {
		_, err := client.Send(t.Context(), whatsapp.Send{
			PhoneNumberID: "1", To: whatsapp.Phone(phone), Message: whatsapp.TextMessage{Body: "Olá"},
		})
		return err
	}
	for _, step := range []struct {
		phone string
		code  int
	}{{"5511900000001", 0}, {"5511900000001", 0}, {"5511900000001", 131056}, {"5511900000002", 0}} {
		err := send(step.phone)
		var refusal *whatsapp.Error
		if (err == nil) != (step.code == 0) || err != nil && (!errors.As(err, &refusal) || refusal.Code != step.code) {
			t.Errorf("%s: %v, want code %d", step.phone, err, step.code)
		}
	}
	now = now.Add(time.Minute)
	if err := send("5511900000001"); err != nil {
		t.Errorf("after a minute: %v", err)
	}
}
