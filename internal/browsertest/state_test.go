//go:build browser

package browsertest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/chromedp"

	"github.com/pyloto/atende/internal/scenario"
)

// TestASavedConversationRunsGreen saves what was said on the page and has it
// played as a scenario.
func TestASavedConversationRunsGreen(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.click("button", "Ver assuntos")
	p.click("button", "/^Automação/")
	p.answers(2)
	p.writes("quanto custa a automação simples?")
	p.answers(3)
	file := p.saves("link", "Salvar como cenário")
	played, err := scenario.LoadFile(fstest.MapFS{"conversa.yaml": {Data: file}}, "conversa.yaml")
	if err != nil {
		t.Fatalf("the file is no scenario: %v\n%s", err, file)
	}
	report, err := scenario.Run(t.Context(), played)
	if err != nil || len(report.Results) != 1 || len(report.Results[0].Failures) > 0 {
		t.Errorf("the conversation came out otherwise: %v %+v\n%s", err, report, file)
	}
}

func TestATurnIsRepeatedWithAnotherPack(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.writes("quanto custa a automação simples?")
	p.answers(2)
	p.sees("heading", "/^Turno 2/")
	p.reads("Lida") // Nothing of the turn is to come.
	p.click("button", "Repetir")
	p.reads("Nada muda")
	p.focus("combobox", "Pack")
	p.press("pizz") // As a list is chosen from by keyboard.
	p.click("button", "Repetir")
	p.until("nothing differs", `document.querySelector(".repeat tr.changed")`)
	p.run(`document.querySelector(".repeat .result").scrollIntoView()`)
	p.shot("11-repeat")
	p.audit("a repeated turn")
}

// TestEverybodyCanUseIt audits every part of the page, light and dark, on a desk
// and on a phone.
func TestEverybodyCanUseIt(t *testing.T) {
	t.Parallel()
	for _, look := range []struct {
		name   string
		size   screen
		scheme string
	}{{"desk-light", desk, "light"}, {"desk-dark", desk, "dark"}, {"phone-light", phone, "light"}, {"phone-dark", phone, "dark"}} {
		t.Run(look.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, look.size)
			p.prefers("prefers-color-scheme", look.scheme)
			view := func(name string) {
				if look.size == phone {
					p.click("button", name)
				}
			}
			view("WhatsApp")
			p.writes("oi")
			p.answers(1)
			p.writes("meu nome é Iara Souza, quanto custa a automação simples?")
			p.answers(2)
			p.shot(look.name + "-chat")
			p.audit("chat")
			view("Inspetor")
			p.eachTab(func(tab string) {
				p.shot(look.name + "-" + strings.ToLower(tab))
				p.audit(tab)
			})
			view("Falhas")
			p.shot(look.name + "-faults")
			p.audit("faults")
			view("Conversas")
			p.shot(look.name + "-people")
			p.audit("conversations")
			p.click("button", "Novo contato")
			p.audit("new contact")
			p.click("button", "Cancelar")
			p.eachDialog(p.audit, "/^Máquina do tempo/", "/Gráfico e origem dos números$/", "Ajuda e teclas")
			view("WhatsApp")
			p.click("button", "Anexar")
			p.shot(look.name + "-attach")
			p.audit("attachments")
		})
	}
}

// TestTheTabKeyComesToEveryControl walks through every part of the page.
func TestTheTabKeyComesToEveryControl(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.sees("heading", "Converse com Otto")
	p.tabsEverywhere("first use")
	p.click("button", "Lento")
	p.writes("oi")
	p.answers(1)
	p.reads("Lida") // Nothing of the turn is to come.
	p.eachTab(p.tabsEverywhere)
	p.eachDialog(p.tabsEverywhere, "Ver assuntos", "Anexar", "Novo contato", "/^Máquina do tempo/", "/Gráfico e origem dos números$/", "Ajuda e teclas")
}

func TestWhoeverWantsNoMotionGetsNone(t *testing.T) {
	t.Parallel()
	p := greeted(t, desk)
	p.click("button", "Lento")
	p.sees("list", "Falhas armadas")
	p.writes("quanto custa a automação simples?")
	p.until("Otto is not seen typing", `document.querySelector(".typing i")`)
	moves := func() bool { return eval[bool](p, `document.querySelector(".typing i").getAnimations().length > 0`) }
	if !moves() {
		t.Error("nothing moves, so nothing can be stilled")
	}
	p.prefers("prefers-reduced-motion", "reduce")
	if moves() {
		t.Error("the dots still move")
	}
}

// TestAnAddressLeadsToItsTurn passes the address of a turn on.
func TestAnAddressLeadsToItsTurn(t *testing.T) {
	t.Parallel()
	p := open(t, desk)
	p.click("button", "/^Bruno/")
	p.writes("oi")
	p.answers(1)
	p.writes("quanto custa a automação simples?")
	p.answers(2)
	p.sees("heading", "Turno 2 de 2")
	p.click("button", "Turno anterior")
	p.sees("heading", "Turno 1 de 2")
	address := eval[string](p, "location.href")

	// Put into a page that shows somebody else, and then as the first that a page is asked for.
	other := show(t, p.street, desk)
	other.do(chromedp.Navigate(address))
	other.sees("heading", "Turno 1 de 2")
	other.do(chromedp.Reload())
	other.sees("heading", "Turno 1 de 2")
	other.until("it is somebody else's", `document.querySelector(".who").innerText.includes("Bruno")`)
}
