//go:build browser

package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestTheFirstMessage(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.sees("heading", "Converse com Otto")
	p.shot("1-first-use")
	p.audit("first use")
	p.writes("oi")
	if answer := p.answers(1); !strings.Contains(answer, "assistente virtual") {
		t.Errorf("the answer is %q", answer)
	}
	p.sees("heading", "/^Turno 1/")
	p.shot("2-first-answer")
}

func TestABurstIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	// However slow the machine, the burst is one.
	p := greeted(t, desk, "COALESCE_WINDOW=4s")
	p.focus("textbox", "Mensagem")
	for _, words := range []string{"queria", "automatizar", "o meu atendimento"} {
		p.press(words)
		p.press(kb.Enter, chromedp.ModifierShift)
	}
	p.sees("list", "Rajada, ainda não enviada")
	p.shot("3-burst")
	p.press(kb.Enter)
	p.answers(2)
	p.reads("(3 mensagens, uma resposta)")
	if n := eval[int](p, `told().filter((m) => m.startsWith("Otto: ")).length`); n != 2 {
		t.Errorf("Otto answered %d times", n)
	}
}

// TestABurstReachesWhomItWasWrittenTo looks at somebody else while the webhooks of
// a burst are still on their way.
func TestABurstReachesWhomItWasWrittenTo(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.ask("POST", "/api/faults", `{"point":"webhook","kind":"hang","times":3}`)
	p.focus("textbox", "Mensagem")
	for _, words := range []string{"queria", "automatizar", "o meu atendimento"} {
		p.press(words)
		p.press(kb.Enter, chromedp.ModifierShift)
	}
	p.press(kb.Enter)
	p.click("button", "/^Bruno/")
	p.until("Bruno is not shown", `document.querySelector(".who").innerText.includes("Bruno")`)
	p.ask("DELETE", "/api/faults", "")
	p.click("button", "/^Iara/")
	p.until("the burst is not whole", `told().filter((m) => m.startsWith("Você: ")).length === 4`)
	p.click("button", "/^Bruno/")
	p.sees("heading", "Converse com Otto")
}

func TestTapping(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.click("button", "Ver assuntos")
	p.click("button", "/^Automação/")
	p.answers(2)
	if !eval[bool](p, `told().some((m) => m.startsWith("Você: Automação"))`) {
		t.Error("the tap is not in the conversation")
	}
	// The answer to a tap offers buttons of its own.
	p.click("button", "Falar com uma pessoa")
	p.reads("Uma pessoa responde")
}

func TestAVoiceNote(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.click("button", "Gravar áudio")
	p.sees("group", "Gravando áudio")
	p.until("nothing was recorded", `document.querySelector(".recording .number").textContent >= "0:02"`)
	p.click("button", "Enviar áudio")
	p.until("the voice note is not in the conversation", `document.querySelector(".row.mine audio")`)
	p.answers(1)

	// One that says something: its transcription is what Otto answers.
	p.focus("textbox", "Mensagem")
	p.press("quanto custa uma automação de atendimento?")
	p.click("button", "Anexar")
	p.click("button", "/^Enviar como áudio/")
	p.answers(2)
	p.reads("ouvido “quanto custa uma automação de atendimento?”")
	p.shot("4-voice-note")
}

func TestQuotingReactingAndSendingThings(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	// By keyboard alone: to the newest message, react to it, quote it.
	p.tabTo("article", "/^Otto: /", chromedp.ModifierShift)
	p.press("e")
	p.press(kb.Enter)
	p.sees("image", "Reação: 👍")
	p.tabTo("article", "/^Otto: /")
	p.press("r")
	p.reads("Resposta a:")
	p.press("quanto custa?")
	p.press(kb.Enter)
	p.until("the quotation is not shown", `document.querySelector(".row.mine .quote")`)
	p.click("button", "Anexar")
	p.click("button", "Figurinha 🎉")
	p.until("the sticker is not shown", `document.querySelector(".row.mine img.sticker")?.complete`)
	p.click("button", "Anexar")
	p.click("button", "Enviar localização")
	p.until("the place is not shown", `document.querySelector(".row.mine .place")`)
	p.reads("Recebi a sua localização")
	p.shot("5-things")
}

// What is too much for a voice note is refused in the page's language, and stays to
// be shortened.
func TestARefusalIsTold(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.complaints.spare("status of 400")
	p.focus("textbox", "Mensagem")
	p.run(`document.execCommand("insertText", false, "a".repeat(5000))`)
	p.click("button", "Anexar")
	p.click("button", "/^Enviar como áudio: /")
	p.reads("A mensagem não foi enviada: o texto está vazio ou é longo demais.")
	p.until("what was written is lost", found("textbox", "Mensagem")+".value.length === 5000")
}

func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.press("n", chromedp.ModifierAlt)
	p.sees("heading", "Novo contato")
	p.press(kb.Enter)
	p.until("the field has no focus", `document.activeElement.id === "text"`)
	p.press("oi")
	p.press(kb.Enter)
	p.answers(1)
	// Every part is reached by its key, and every control of it by Tab.
	p.press("3", chromedp.ModifierAlt)
	p.tabTo("tab", "Turno")
	for _, tab := range []string{"Estado", "Cartão", "Fatos", "Prompt", "Bruto", "Auditoria"} {
		p.press(kb.ArrowRight)
		p.until(tab+" is not chosen", found("tab", tab)+`?.ariaSelected === "true"`)
	}
	p.press("4", chromedp.ModifierAlt)
	p.tabTo("button", "/^429/")
	p.press(kb.Enter)
	p.sees("button", "Desfazer todas")
	p.tabTo("button", "Desfazer todas", chromedp.ModifierShift)
	p.press(kb.Enter)
	p.reads("Nada está quebrado agora.")
	p.press("b", chromedp.ModifierAlt)
	p.press("bruno")
	p.until("the search finds nobody", `document.querySelectorAll(".people .list li").length === 1`)
	p.tabTo("button", "/^Bruno/")
	p.press(kb.Enter)
	p.until("Bruno is not shown", `document.querySelector(".who").innerText.includes("Bruno")`)
	p.press("h", chromedp.ModifierAlt)
	p.sees("heading", "Como funciona")
	p.press(kb.Escape)
	p.until("the help stays", `document.querySelector("dialog[open]") === null`)
}
