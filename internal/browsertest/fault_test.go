//go:build browser

package browsertest

import (
	"testing"
)

func TestAFaultIsSeenAndHealed(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)

	// Graph is down: the answer is decided, and waits where everybody can see it.
	p.click("button", "/^Graph fora do ar/")
	p.sees("list", "Falhas armadas")
	p.writes("quanto custa a automação simples?")
	p.until("nothing waits", `/No caminho: .*tarefa/.test(document.querySelector("#tools").innerText)`)
	p.sees("heading", "/^Turno 2/")
	p.reads("a caminho, ou sem notícia da Meta")
	p.shot("6-graph-down")
	p.audit("a fault")

	p.click("button", "Desfazer todas")
	p.reads("Nada está quebrado agora.")
	// Nobody knows whether the message was sent. That becomes clear with time, and
	// with somebody else's receipt, which proves that receipts arrive.
	p.advance("+2 minutos")
	p.sends("5521977776666", "oi")
	p.answers(2)
}

func TestAFailedMessageSaysWhy(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.click("button", "/^Falha depois de aceitar/")
	p.sees("button", "Desfazer todas")
	p.writes("quanto custa a automação simples?")
	p.reads("Mensagem não entregue: o WhatsApp não consegue entregar a este número (131026).")
	p.reads("1 sem entrega")
	p.shot("7-failed")
}

func TestTheSameWebhookFortyTimes(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.click("button", "/^Quarenta ao mesmo tempo/")
	p.reads("40 entregas: aceita (200)")
	p.writes("quanto custa a automação simples?")
	p.answers(2)
	if n := eval[int](p, `told().filter((m) => m.startsWith("Otto: ")).length`); n != 2 {
		t.Errorf("Otto answered %d times", n)
	}
}

func TestAKilledWorkerAnswersOnce(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.click("button", "/^Morre antes de gravar/")
	p.sees("list", "Falhas armadas")
	p.writes("quanto custa a automação simples?")
	p.reads("Nada está quebrado agora.")
	p.shot("8-killed")
	// The dead worker holds the conversation until its lease ends.
	p.advance("+1 hora")
	p.answers(2)
	if n := eval[int](p, `told().filter((m) => m.startsWith("Otto: ")).length`); n != 2 {
		t.Errorf("Otto answered %d times", n)
	}
}

func TestTimePasses(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.reads("Janela: 23 h")
	p.advance("+24 horas")
	p.reads("Encerrada por inatividade")
	p.reads("Janela fechada")
	p.click("tab", "Estado")
	p.reads("Agora: Encerrada por inatividade.")
	p.shot("9-timeout")
	p.advance("/^Próximo expediente/")
	p.audit("after a day")
}

func TestAPersonTakesOverAndReturns(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.writes("quero falar com uma pessoa")
	p.answers(1)
	p.reads("O cliente espera uma pessoa")
	p.audit("a handoff")
	p.click("button", "Assumir")
	p.reads("Uma pessoa cuida desta conversa: Otto fica em silêncio.")
	p.click("radio", "Equipe, no celular da empresa")
	p.focus("textbox", "Resposta da equipe")
	p.press("Oi! Aqui é a Ana, da equipe.")
	p.press("\r")
	p.until("the team's message is not shown", `told().some((m) => m.startsWith("Equipe: Oi! Aqui é a Ana"))`)
	p.click("radio", "Cliente")
	p.writes("obrigada, Ana!")
	p.until("the lead's message is not shown", `told().some((m) => m.startsWith("Você: obrigada"))`)
	p.shot("10-person")
	p.click("button", "Devolver ao Otto")
	p.reads("Otto responde")
	p.writes("quanto custa a automação simples?")
	p.answers(2)
	p.click("tab", "Auditoria")
	p.reads("a conversa voltou para Otto")
}

// advance skips time with the machine.
func (p *page) advance(by string) {
	p.t.Helper()
	p.click("button", "/^Máquina do tempo/")
	p.click("button", by)
	p.until("time does not move", `/agora é/.test(document.querySelector("dialog[open] .told").innerText)`)
	p.click("button", "Fechar")
}

// sends writes as somebody who is not shown.
func (p *page) sends(from, text string) {
	p.t.Helper()
	p.ask("POST", "/api/messages", `{"from":"`+from+`","name":"Bruno","text":"`+text+`"}`)
}
