package otto_test

import (
	"testing"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// passes reports whether a guard lets a sentence pass.
func passes(t *testing.T, guard string, trial otto.Trial) bool {
	t.Helper()
	trial.Now = tuesday
	for _, v := range newOtto(t, nil).Try(trial) {
		if v.Guard == guard {
			return v.OK
		}
	}
	t.Fatalf("the guard %s was not asked", guard)
	return false
}

func TestNobodyIsAskedForSecrets(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"Me passa o seu CPF?", false},
		{"Para continuar, informe a senha do seu e-mail.", false},
		{"Não tem problema! Agora me envie o seu CPF.", false},
		{"Não esqueça de informar o seu CPF.", false},
		{"Sem o nome não dá. Qual é o seu nome e o seu CPF?", false},
		{"Não peço o CPF, só a senha. Pode passar a senha?", false},
		{"Por aqui eu não peço o seu CPF.", true},
		{"Não é preciso me passar o seu CPF.", true},
		{"O CPF não é necessário por aqui. O que você procura?", true},
		{"Nunca peço a sua senha nem o seu cartão.", true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got := passes(t, "personal_data", otto.Trial{Text: tt.text, State: conversation.Triage}); got != tt.want {
				t.Errorf("passes: %t, want %t", got, tt.want)
			}
		})
	}
}
