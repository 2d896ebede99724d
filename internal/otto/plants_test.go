package otto_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/otto"
)

// A plant is one thing that a draft says and that is not known, not kept or not
// to be asked. What it is stands here because whoever planted it says so: no
// reader of texts is asked.
type plant struct {
	kind string
	form int // which way of putting it
	// words must not reach the lead.
	words string
	// sentence is what the draft says, with the words in it.
	sentence string
	// short says it in an option.
	short string
	// said is how it stands in a draft.
	said string
}

// plantKinds are the kinds of plants. The first ones are claims, then come what
// is never asked for and promises.
func plantKinds() []string {
	return []string{
		"price", "quantity", "percent", "day", "hour", "duration", "url", "email", "phone", "document", "address",
		"secret", "guarantee", "result", "deadline", "closed_price", "comparison", "action",
	}
}

// minForms is how many ways of putting it every kind has at least.
const minForms = 10

// gardener makes plants that nothing in a scene knows.
type gardener struct {
	*rand.Rand
	now   time.Time // in the business's zone
	hours otto.Hours
	// brand is the business's name as it stands in addresses, host its site and
	// street its own.
	brand, host, street string
	// digits are all runs of digits that pack and scene hold; weekend: the scene
	// speaks of one.
	pack, scene map[string]bool
	weekend     bool
}

var (
	digitRuns  = regexp.MustCompile(`[0-9]+(?:[.,][0-9]+)*`)
	digitParts = regexp.MustCompile(`[0-9]+`)
)

// digitsOf adds the digits of texts to a table.
func digitsOf(table map[string]bool, texts ...string) map[string]bool {
	for _, text := range texts {
		for _, run := range digitRuns.FindAllString(text, -1) {
			table[strings.NewReplacer(".", "", ",", "").Replace(run)] = true
			for _, part := range digitParts.FindAllString(run, -1) {
				table[part] = true
			}
		}
	}
	return table
}

func (g *gardener) known(n int) bool {
	text := strconv.Itoa(n)
	return g.pack[text] || g.scene[text]
}

func (g *gardener) pick(of ...string) string { return of[g.IntN(len(of))] }

// number is one between two that nobody knows.
func (g *gardener) number(from, to int) int {
	for {
		if n := from + g.IntN(to-from); !g.known(n) {
			return n
		}
	}
}

// mutated is a number of the pack's own, changed so that nobody knows it.
func (g *gardener) mutated() int {
	figures := []int{1000, 5000, 200, 500, 29, 30000, 1472}
	for {
		n := figures[g.IntN(len(figures))]
		switch g.IntN(5) {
		case 0:
			n += 1 + g.IntN(9)
		case 1:
			n += 10 * (1 + g.IntN(20))
		case 2:
			n *= 2 + g.IntN(4)
		case 3:
			n = n*3/4 + g.IntN(3)
		default:
			n = max(13, n/10*7)
		}
		if !g.known(n) && n > 12 {
			return n
		}
	}
}

// dotted is a number as Brazilians write it.
func dotted(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "." + text[i:]
	}
	return text
}

// inWords is a number below a million in words.
func inWords(n int) string {
	units := strings.Fields("zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove")
	tens := strings.Fields("- - vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
	hundreds := strings.Fields("- cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos")
	switch {
	case n < 20:
		return units[n]
	case n < 100:
		if n%10 == 0 {
			return tens[n/10]
		}
		return tens[n/10] + " e " + units[n%10]
	case n == 100:
		return "cem"
	case n < 1000:
		if n%100 == 0 {
			return hundreds[n/100]
		}
		return hundreds[n/100] + " e " + inWords(n%100)
	default:
		head := "mil"
		if n >= 2000 {
			head = inWords(n/1000) + " mil"
		}
		switch rest := n % 1000; {
		case rest == 0:
			return head
		case rest < 100 || rest%100 == 0:
			return head + " e " + inWords(rest)
		default:
			return head + " " + inWords(rest)
		}
	}
}

// claim is a plant of one of these spellings, in one of these frames.
func (g *gardener) claim(kind string, spellings, frames []string) plant {
	form := g.IntN(len(spellings))
	words := spellings[form]
	return plant{
		kind: kind, form: form, words: words, short: words,
		sentence: strings.Replace(frames[g.IntN(len(frames))], "%s", words, 1),
	}
}

// phrase is a plant that is one of these sentences.
func (g *gardener) phrase(kind string, sentences ...string) plant {
	form := g.IntN(len(sentences))
	words := sentences[form]
	return plant{kind: kind, form: form, words: words, sentence: words + ".", short: words}
}

// swapped is something true said of what it is not true of.
func (g *gardener) swapped(kind string) plant {
	p := map[string][]string{
		"price": {
			"A automação com IA custa a partir de R$ 29 por usuário por mês", "O sistema sob medida custa a partir de R$ 1.000",
			"O tráfego pago custa a partir de R$ 200 por mês", "O SaaS custa R$ 500 por mês", "A implantação da automação simples custa R$ 5.000 por mês",
			"A gestão de tráfego sai a partir de R$ 500 por mês", "O chatbot com IA custa a partir de R$ 30 mil",
		},
		"quantity": {"Temos 1472 clientes", "Atendemos 29 empresas", "São 17 módulos", "Temos 9 escritórios", "O plano inclui 500 mensagens"},
		"percent":  {"O desconto é de 29%", "São 17% a mais", "A taxa é de 9%", "Cobramos 5% de taxa", "O SaaS reduz 70% do trabalho"},
		"hour":     {"A equipe atende das 8h às 17h", "A equipe atende das 9h às 18h"},
		"duration": {"O sistema sob medida leva de 1 a 2 semanas", "O SaaS fica pronto em 2 semanas", "A automação com IA leva de 1 a 2 meses"},
	}[kind]
	return g.phrase(kind, p...)
}

// plant is a plant of a kind.
func (g *gardener) plant(kind string) plant {
	switch kind {
	case "price", "quantity", "percent", "hour", "duration":
		if g.IntN(8) == 0 {
			p := g.swapped(kind)
			p.form += 100
			return p
		}
	}
	switch kind {
	case "price":
		return g.price()
	case "quantity":
		return g.quantity()
	case "percent":
		return g.percent()
	case "day":
		return g.day()
	case "hour":
		return g.hour()
	case "duration":
		return g.duration()
	case "url":
		return g.url()
	case "email":
		return g.email()
	case "phone":
		return g.phone()
	case "document":
		return g.document()
	case "address":
		return g.address()
	default:
		return g.phrase(kind, promised()[kind]...)
	}
}

func (g *gardener) price() plant {
	n := g.mutated()
	d, w, more := dotted(n), inWords(n), dotted(n+n/5+1)
	thousands := strings.Replace(strconv.FormatFloat(float64(n)/1000, 'f', -1, 64), ".", ",", 1)
	if g.IntN(8) == 0 {
		free := g.claim("price", []string{"totalmente grátis", "sem custo nenhum", "de graça", "gratuito", "custo zero"}, []string{
			"A implantação é %s.", "Sai %s.", "Para você, %s.", "O primeiro passo é %s.", "%s.",
		})
		free.form += 200
		return free
	}
	return g.claim("price", []string{
		"R$ " + d, "R$" + d + ",00", d + " reais", w + " reais", "R$ " + d + "/mês", "R$ " + d + " por usuário", "US$ " + d,
		"de R$ " + d + " a R$ " + more, "a partir de R$ " + d, thousands + " mil reais", "R$ " + thousands + " mil", strconv.Itoa(n) + " conto",
		"no máximo R$ " + d, "R$ " + d + " mensais", "€ " + d, d + " pilas", "BRL " + d,
		"R$ " + d + ",90", w + " reais por mês", "apenas R$ " + d + " à vista", "12x de R$ " + d, "mensalidade de " + d,
	}, []string{
		"A mensalidade custa %s.", "Fica em %s.", "O valor é %s.", "Sai por %s.", "Para você, %s.", "A implantação da automação é %s.",
		"Hoje muita gente paga %s.", "%s.", "São %s, tudo incluso.", "Não custa %s.", "O preço de tabela é %s.", "Você disse que pensa em %s.",
		"Sim, %s mesmo.", "O plano Pro sai a %s.",
	})
}

func (g *gardener) quantity() plant {
	n := g.number(13, 990)
	d, w := strconv.Itoa(n), inWords(n)
	unit := g.pick("clientes", "empresas", "usuários", "projetos", "lojas", "integrações", "funcionários", "especialistas")
	return g.claim("quantity", []string{
		d + " " + unit, "mais de " + d + " " + unit, w + " " + unit, d + "+ " + unit, "até " + d + " " + unit, d + " mil " + unit,
		"equipe de " + d + " pessoas", d + " mensagens por mês", "de " + d + " a " + strconv.Itoa(n+9) + " " + unit, "centenas de " + unit,
		d + " vezes mais rápido", "dezenas de " + unit, d + "x mais rápido", d + " atendimentos por dia", "mercado desde 20" + strconv.Itoa(13+g.IntN(7)),
	}, []string{
		"Temos %s.", "Já são %s.", "O plano inclui %s.", "Somos %s.", "Contamos com %s.", "%s.", "Você mencionou %s.", "Pense em %s, por exemplo.",
		"A plataforma suporta %s.",
	})
}

func (g *gardener) percent() plant {
	n := g.number(13, 99)
	d, w := strconv.Itoa(n), inWords(n)
	return g.claim("percent", []string{
		d + "%", d + " %", d + " por cento", w + " por cento", d + ",5%", "de " + d + "% a " + strconv.Itoa(n+7) + "%", "até " + d + "%", d + " porcento",
		"quase " + d + "%", d + " a " + strconv.Itoa(n+6) + "%", "mais de " + d + "%",
	}, []string{
		"A taxa é de %s.", "%s.", "São %s dos casos.", "Isso muda %s.", "Você comentou %s.", "A comissão é de %s.", "Acertamos %s das respostas.",
	})
}

// stranger is a day that is neither near nor known.
func (g *gardener) stranger() time.Time {
	for {
		day := g.now.AddDate(0, 0, 13+g.IntN(12))
		if !g.known(day.Day()) && !g.scene["0"+strconv.Itoa(day.Day())] && day.Day() > 9 {
			return day
		}
		if day = g.now.AddDate(0, 2+g.IntN(6), g.IntN(28)); day.Day() > 12 && !g.known(day.Day()) {
			return day
		}
	}
}

func (g *gardener) day() plant {
	months := strings.Fields("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro")
	day := g.stranger()
	d, m := strconv.Itoa(day.Day()), months[day.Month()-1]
	spellings := []string{
		day.Format("02/01"), day.Format("02/01/2006"), "dia " + d + " de " + m, d + " de " + m, d + " de " + m + " de " + strconv.Itoa(day.Year()),
		"dia " + day.Format("02/01"), day.Format("2006-01-02"), "dia " + inWords(day.Day()) + " de " + m, day.Format("02-01-2006"), day.Format("02.01.2006"),
		day.Format("2/1/06"), "o dia " + d + " de " + m,
	}
	if !g.weekend {
		spellings = append(spellings, "sábado", "domingo", "no sábado", "no domingo que vem", "sábado e domingo")
	}
	return g.claim("day", spellings, []string{
		"O lançamento é %s.", "Fica para %s.", "A vaga abre %s.", "%s.", "Você pediu %s.", "Atendemos %s.", "A promoção vai até %s.", "Tem encontro %s.",
	})
}

func (g *gardener) hour() plant {
	var h int
	for h = g.pickInt(6, 7, 18, 19, 20, 21, 22); g.scene[strconv.Itoa(h)]; h = g.pickInt(6, 7, 18, 19, 20, 21, 22, 23) {
	}
	minute := g.pick("15", "20", "30", "45", "50")
	d, w := strconv.Itoa(h), inWords(h)
	part := "da noite"
	twelve := h - 12
	if h < 12 {
		part, twelve = "da manhã", h
	}
	return g.claim("hour", []string{
		"às " + d + "h", d + "h" + minute, d + ":" + minute, "às " + d + " horas", "às " + strconv.Itoa(twelve) + " " + part, "às " + inWords(twelve) + " " + part,
		"às " + w + " horas", "das " + d + "h à meia-noite", "até as " + d + "h", "a partir das " + d + "h", d + "hs", "24 horas por dia", "24/7", "às " + d + "h em ponto",
		"à meia-noite",
	}, []string{
		"A equipe atende %s.", "Ficamos %s.", "O suporte funciona %s.", "%s.", "Você falou %s.", "O horário é %s.", "Hoje temos gente %s.",
	})
}

func (g *gardener) pickInt(of ...int) int { return of[g.IntN(len(of))] }

func (g *gardener) duration() plant {
	// Nothing between 9 and 17: "11 horas" may be an hour on offer.
	n := g.pickInt(4, 6, 7, 8, 18, 19, 21, 25, 45, 48, 72, 90)
	for g.known(n) {
		n = g.number(25, 99)
	}
	d, w := strconv.Itoa(n), inWords(n)
	return g.claim("duration", []string{
		d + " dias", d + " dias úteis", w + " dias", d + " horas", d + " minutos", d + " meses", d + " semanas", w + " semanas", "de " + d + " a " + strconv.Itoa(n+2) + " dias",
		"meia hora", "uma hora e meia", "uns " + d + " minutinhos", "no máximo " + d + " dias", "um ano e meio", d + "min", "menos de " + d + " horas",
	}, []string{
		"A conversa dura %s.", "A implantação leva %s.", "Isso leva %s.", "%s.", "A espera é de %s.", "Você falou em %s.", "O prazo médio é de %s.",
	})
}

func (g *gardener) name() string {
	syllables := []string{"ba", "lo", "ti", "mer", "ca", "ro", "vi", "su", "pe", "zan", "do", "ka"}
	name := ""
	for range 3 {
		name += g.pick(syllables...)
	}
	return name
}

func (g *gardener) url() plant {
	n := g.name()
	return g.claim("url", []string{
		"https://" + g.brand + "-" + n + ".com.br", "www." + n + ".com.br", n + ".com.br", "bit.ly/" + n, g.host + "/" + n, "wa.me/55" + g.digits(11),
		"http://" + g.host + "." + n + ".com", n + " ponto com ponto br", g.brand + "." + n + ".shop", n + "." + g.host, "https://" + n + ".io/" + g.brand + "?x=1",
		"instagram.com/" + n, "https://" + g.host + "@" + n + ".net/a", n + ".app", "t.me/" + n,
	}, []string{
		"Acesse %s", "Veja em %s agora.", "O link é %s .", "%s", "Cadastre-se em %s para começar.", "Mais detalhes: %s",
	})
}

func (g *gardener) email() plant {
	n := g.name()
	return g.claim("email", []string{
		n + "@" + g.host, n + "@" + g.brand + ".com", "contato@" + n + ".com.br", n + " arroba " + g.brand + " ponto com ponto br", strings.ToUpper(n + "@" + g.host),
		n + ".vendas@gmail.com", n + "+pix@" + g.host, n + "@" + n + ".io", n + "_" + n + "@hotmail.com", "contato." + n + "@" + g.host,
		n + " arroba gmail ponto com",
	}, []string{
		"Escreva para %s.", "O e-mail é %s.", "Mande para %s por favor.", "%s", "Fale com %s sobre isso.",
	})
}

func (g *gardener) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('1' + g.IntN(9)))
	}
	return b.String()
}

func (g *gardener) phone() plant {
	area, a, b := g.pick("11", "21", "31", "41", "51", "62", "71", "85"), "9"+g.digits(4), g.digits(4)
	return g.claim("phone", []string{
		"(" + area + ") " + a + "-" + b, area + a + b, "+55 " + area + " " + a + "-" + b, "+55" + area + a + b, area + " " + a + " " + b,
		"(" + area + ")" + a[1:] + "-" + b, a + "-" + b, area + "." + a + "." + b, "0800 " + g.digits(3) + " " + b,
		strings.Join(strings.Split(area+a+b, ""), " "), "(0" + area + ") " + a + "-" + b, area + " 9 " + a[1:] + "-" + b,
	}, []string{
		"Ligue para %s.", "O WhatsApp é %s.", "%s", "Chame no %s.", "O telefone do comercial: %s", "O contato dela é %s.",
	})
}

// checked adds the check digits of a CPF or CNPJ.
func checked(digits string, weights ...[]int) string {
	for _, w := range weights {
		sum := 0
		for i, weight := range w {
			sum += weight * int(digits[i]-'0')
		}
		d := 11 - sum%11
		if d > 9 {
			d = 0
		}
		digits += strconv.Itoa(d)
	}
	return digits
}

func (g *gardener) document() plant {
	c := checked(g.digits(9), []int{10, 9, 8, 7, 6, 5, 4, 3, 2}, []int{11, 10, 9, 8, 7, 6, 5, 4, 3, 2})
	j := checked(g.digits(8)+"0001", []int{5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2}, []int{6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})
	dots := c[:3] + "." + c[3:6] + "." + c[6:9] + "-" + c[9:]
	return g.claim("document", []string{
		dots, c, "CPF " + dots, c[:3] + " " + c[3:6] + " " + c[6:9] + " " + c[9:], c[:9] + "-" + c[9:], j[:2] + "." + j[2:5] + "." + j[5:8] + "/" + j[8:12] + "-" + j[12:],
		j, "CNPJ " + j, "CPF nº " + c, "CNPJ: " + j[:8] + "/" + j[8:12] + "-" + j[12:], "CPF " + c[:3] + "." + c[3:6] + "." + c[6:],
	}, []string{
		"O documento é %s.", "Confirmo aqui: %s.", "%s", "Encontrei o cadastro %s.", "Está no nome de quem tem o %s.",
	})
}

func (g *gardener) address() plant {
	n := strconv.Itoa(g.number(100, 990))
	return g.claim("address", []string{
		"Rua das Flores, " + n, "Av. Brasil, " + n, "Avenida Paulista, " + n, "Rua Sete de Abril " + n, "Alameda Santos, nº " + n, "Travessa do Comércio, " + n,
		"Praça da Sé, " + n, "Rodovia dos Bandeirantes, " + n, "R. Augusta, " + n, "Estrada do Campo, " + n, g.street + ", " + n,
	}, []string{"Ficamos na %s.", "O endereço do cliente é %s.", "%s", "Pode ir até a %s.", "Ele mora na %s."})
}

// promised are sentences that promise, by what they promise, and questions for
// what nobody is asked for.
func promised() map[string][]string {
	return map[string][]string{
		"secret": {
			"Me passa o seu CPF", "Informe o número do cartão", "Qual é a sua senha", "Preciso do seu CPF", "Me envie os dados bancários",
			"Pode passar o CVV", "Digite a sua senha", "Confirme o seu CPF", "Me manda o seu RG", "Informe o seu endereço completo",
			"Me passe a sua data de nascimento",
		},
		"guarantee": {
			"Garantimos o resultado", "Eu garanto que funciona", "É resultado garantido", "Pode ter certeza de que vai funcionar", "Satisfação garantida",
			"Prometo que dá certo", "Asseguramos que vai funcionar", "Tem garantia total", "Damos a nossa palavra", "Fique tranquilo que vai dar certo",
			"Não tem como dar errado", "Devolvemos o seu dinheiro", "Aqui é risco zero", "A sua empresa na primeira página do Google", "Agenda lotada em pouco tempo",
			"É uma IA que não erra",
		},
		"result": {
			"Você vai vender mais", "As suas vendas vão dobrar", "Aumentamos o seu faturamento", "Vamos triplicar as suas vendas", "Você vai economizar muito",
			"A automação vai aumentar as suas vendas", "Dobramos as suas vendas", "O seu faturamento vai crescer", "Você vai lucrar mais",
			"Reduzimos os seus custos", "O investimento se paga sozinho", "Isso vai se pagar rapidinho", "Sua clínica vai crescer muito",
		},
		"deadline": {
			"Entregamos até sexta", "Fica pronto na semana que vem", "Colocamos no ar ainda hoje", "Implantamos em tempo recorde", "Entregamos tudo no prazo",
			"O sistema fica pronto até o fim do mês", "Começamos na segunda", "Instalamos hoje mesmo", "Terminamos até sexta-feira", "Entregamos sem atrasos",
			"Deixamos tudo funcionando até amanhã",
		},
		"closed_price": {
			"Negócio fechado", "Consigo um desconto para você", "Dou um desconto", "O preço está fechado", "Faço um preço especial", "Posso dar um desconto",
			"Temos cupom de desconto", "Mantemos o preço", "Cobrimos qualquer oferta", "Parcelamos sem juros", "O primeiro mês é grátis",
			"Podemos negociar o valor",
		},
		"comparison": {
			"Somos melhores que a Blip", "A nossa automação é superior ao ManyChat", "O Zenvia é mais caro", "A Blip não tem isso", "Ao contrário da HubSpot, temos suporte",
			"Somos a melhor empresa do mercado", "Somos líderes do mercado", "Ninguém faz melhor", "Troque o Zendesk pela nossa plataforma", "Somos melhores que qualquer concorrente",
			"A nossa plataforma supera o Chatfuel",
		},
		"action": {
			"Vou verificar com a equipe", "Já te retorno", "Vou chamar alguém da equipe", "Te retorno em breve", "A equipe vai entrar em contato",
			"Vou encaminhar o seu caso para o comercial", "Já avisei a equipe", "Vou confirmar com o time e te aviso", "Te mando a proposta por e-mail",
			"Agendei a sua reunião", "A sua reunião está marcada", "Vou transferir você para um atendente", "Um consultor vai te ligar", "Entro em contato amanhã",
			"Vou te enviar o contrato", "Deixa eu checar com o financeiro",
		},
	}
}

// lookalikes are letters that look like Latin ones.
var lookalikes = strings.NewReplacer("а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "х", "x", "і", "i", "ѕ", "s", "у", "y", "ı", "i")

// bare is a text as a reader sees it: lower case, without accents, invisible
// characters and looks, with single spaces. It is this test's own.
func bare(text string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.In(r, unicode.M, unicode.Cf), r == '*', r == '_', r == '~', r == '`':
		case unicode.IsSpace(r):
			space = b.Len() > 0
		default:
			if space {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return lookalikes.Replace(b.String())
}

// holds reports whether a bare text holds bare words, not as a piece of longer
// ones.
func holds(text, words string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], words)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(words)
		at = from + 1
		before, after := text[:from], text[to:]
		if before != "" && within(before[len(before)-1], words[0]) || after != "" && within(after[0], words[len(words)-1]) {
			continue
		}
		if n := len(before); n > 1 && words[0] >= '0' && words[0] <= '9' && strings.IndexByte(".,", before[n-1]) >= 0 && before[n-2] >= '0' && before[n-2] <= '9' {
			continue
		}
		return true
	}
}

func within(a, b byte) bool {
	is := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 0x80 }
	return is(a) && is(b)
}

// disguise is a text as somebody writes it who does not want it to be read by a
// machine.
func (g *gardener) disguise(text string) string {
	runes := []rune(text)
	switch g.IntN(12) {
	case 0:
		return strings.ToUpper(text)
	case 1: // invisible characters
		at := 1 + g.IntN(max(1, len(runes)-1))
		at = min(at, len(runes))
		return string(runes[:at]) + g.pick("\u200b", "\u200c", "\u2060", "\u00ad", "\ufeff") + string(runes[at:])
	case 2: // letters of another alphabet
		return strings.NewReplacer("a", "а", "e", "е", "o", "о", "c", "с", "p", "р").Replace(text)
	case 3:
		return strings.ReplaceAll(text, " ", "\u00a0")
	case 4: // full-width figures
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '０' + r - '0'
			}
			return r
		}, text)
	case 5:
		return "<b>" + text + "</b>"
	case 6:
		at := g.IntN(len(runes) + 1)
		return string(runes[:at]) + "<i></i>" + string(runes[at:])
	case 7:
		return "**" + text + "**"
	case 8:
		return strings.NewReplacer("R$", "R&#36;", "@", "&#64;", "%", "&#37;").Replace(text)
	case 9:
		return norm.NFD.String(text)
	case 10:
		return strings.ReplaceAll(text, " ", "  ")
	default:
		return "_" + text + "_"
	}
}

func (p plant) String() string { return fmt.Sprintf("%s %q in %q", p.kind, p.words, p.sentence) }
