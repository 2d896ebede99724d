package whatsapp_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp"
)

func TestErrorClass(t *testing.T) {
	tests := map[whatsapp.Class][]int{
		whatsapp.ClassTransient:  {1, 2, 131000, 131016, 131057, 133004, 135000},
		whatsapp.ClassRateNumber: {4, 613, 80007, 130429, 131208, 132069},
		whatsapp.ClassRatePair:   {131056},
		whatsapp.ClassAuth:       {0, 3, 10, 190, 200, 250, 299, 131005},
		whatsapp.ClassWindow:     {131047},
		whatsapp.ClassTemplate:   {132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018},
		whatsapp.ClassRecipient:  {130472, 131020, 131021, 131026, 131062, 137000},
		whatsapp.ClassPolicy:     {368, 130497, 131031, 131048, 131049, 131050, 131064},
		whatsapp.ClassRequest:    {100, 131008, 131009, 131030, 131051, 131055, 131201, 131215},
		whatsapp.ClassOps:        {33, 131037, 131042, 131045, 132068, 133000, 133010, 133016, 134011, 2388001, 2388299, 1752041},
		whatsapp.ClassMedia:      {131053},
		whatsapp.ClassInbound:    {131052, 131060},
	}
	for class, codes := range tests {
		for _, code := range codes {
			e := &whatsapp.Error{Code: code}
			if got := e.Class(); got != class || !e.Known() {
				t.Errorf("code %d: class %s, known %v, want %s", code, got, e.Known(), class)
			}
		}
	}
}

func TestErrorClassOfTheUnknown(t *testing.T) {
	tests := []struct {
		name  string
		err   whatsapp.Error
		want  whatsapp.Class
		known bool
	}{
		{"unknown code in a status", whatsapp.Error{Code: 139999}, whatsapp.ClassRecipient, false},
		{"unknown code, 400", whatsapp.Error{Code: 139999, HTTPStatus: 400}, whatsapp.ClassRecipient, false},
		{"negative code", whatsapp.Error{Code: -1}, whatsapp.ClassRecipient, false},
		{"unknown code, 500", whatsapp.Error{Code: 139999, HTTPStatus: 500}, whatsapp.ClassTransient, false},
		{"unknown code, transient", whatsapp.Error{Code: 139999, HTTPStatus: 400, Transient: true}, whatsapp.ClassTransient, false},
		{"unknown code, 429", whatsapp.Error{Code: 139999, HTTPStatus: 429}, whatsapp.ClassRateNumber, false},
		{"no code, 429", whatsapp.Error{HTTPStatus: 429}, whatsapp.ClassRateNumber, false},
		{"no code, 503", whatsapp.Error{HTTPStatus: 503}, whatsapp.ClassTransient, false},
		{"no code, 401", whatsapp.Error{HTTPStatus: 401}, whatsapp.ClassAuth, true},
		{"known code with another status", whatsapp.Error{Code: 131047, HTTPStatus: 500}, whatsapp.ClassWindow, true},
		{"pair limit as 429", whatsapp.Error{Code: 131056, HTTPStatus: 429}, whatsapp.ClassRatePair, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.err.Class(); got != test.want || test.err.Known() != test.known {
				t.Errorf("class %s, known %v, want %s, %v", got, test.err.Known(), test.want, test.known)
			}
		})
	}
}

func TestAmbiguous(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"no error", nil, false},
		{"somebody else's error", errors.New("x"), false},
		{"limit", &whatsapp.LimitError{Field: "to", Rule: whatsapp.RuleRequired}, false},
		{"refused", &whatsapp.Error{HTTPStatus: 400, Code: 131047}, false},
		{"throttled", &whatsapp.Error{HTTPStatus: 429, Code: 130429}, false},
		{"unknown refusal", &whatsapp.Error{HTTPStatus: 400, Code: 139999}, false},
		{"server error", &whatsapp.Error{HTTPStatus: 500, Code: 131047}, true},
		{"code 1", &whatsapp.Error{HTTPStatus: 400, Code: 1}, true},
		{"code 2", &whatsapp.Error{HTTPStatus: 400, Code: 2}, true},
		{"code 131000", &whatsapp.Error{HTTPStatus: 400, Code: 131000}, true},
		{"code 131016", &whatsapp.Error{HTTPStatus: 400, Code: 131016}, true},
		{"transient", &whatsapp.Error{HTTPStatus: 400, Code: 131056, Transient: true}, true},
		{"not written", &whatsapp.TransportError{Cause: "dial"}, false},
		{"written", &whatsapp.TransportError{Cause: "timeout", Written: true}, true},
		{"wrapped", fmt.Errorf("send: %w", &whatsapp.TransportError{Written: true}), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := whatsapp.Ambiguous(test.err); got != test.want {
				t.Errorf("Ambiguous = %v, want %v", got, test.want)
			}
		})
	}
}
