package claim_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/claim"
)

// now is a Saturday.
var now = time.Date(2026, time.November, 28, 10, 0, 0, 0, time.FixedZone("BRT", -3*60*60))

// brief is what a claim states, in a line: "price 200-500 /mes from".
func brief(c claim.Claim) string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	parts := []string{string(c.Kind)}
	switch c.Kind {
	case claim.Day:
		switch {
		case c.Unit == claim.Season:
			parts[0] = c.Unit + " " + c.Text
		case c.Unit == claim.Weekdays:
			parts[0] = fmt.Sprintf("%s %d-%d", c.Unit, c.First, c.Last)
		case c.Day.IsZero():
			parts[0] = c.Unit + " none"
		default:
			parts[0] = c.Unit + " " + c.Day.Format(time.DateOnly)
		}
	case claim.Hour:
		clock := func(f float64) string { return fmt.Sprintf("%02d:%02d", int(f)/60, int(f)%60) }
		parts = append(parts, clock(c.Low))
		if c.High != c.Low {
			parts[1] += "-" + clock(c.High)
		}
	case claim.URL, claim.Email, claim.Phone, claim.Document:
		parts = append(parts, c.Text)
	default:
		if c.Text == "" || c.Low != 0 {
			parts = append(parts, number(c.Low))
			if c.High != c.Low {
				parts[1] += "-" + number(c.High)
			}
		}
		if c.Text != "" {
			parts = append(parts, "~"+c.Text)
		}
		if c.Currency != "" && c.Currency != "BRL" {
			parts = append(parts, c.Currency)
		}
		if c.Unit != "" && c.Kind == claim.Money {
			parts = append(parts, "/"+c.Unit)
		} else if c.Unit != "" {
			parts = append(parts, c.Unit)
		}
		if c.Per != "" {
			parts = append(parts, "/"+c.Per)
		}
	}
	if c.From {
		parts = append(parts, "from")
	}
	if c.UpTo {
		parts = append(parts, "upto")
	}
	return strings.Join(parts, " ")
}

func briefs(claims []claim.Claim) string {
	var all []string
	for _, c := range claims {
		all = append(all, brief(c))
	}
	return strings.Join(all, "; ")
}

// claims are texts and what they claim.
var claims = []struct{ text, want string }{
	// Months and parts of the year.
	{"O sistema sai em junho.", "season junho"},
	{"O lançamento é no último trimestre.", "season ultimo trimestre"},
	{"Lança no mês que vem.", "season mes que vem"},
	{"Fica pronto até o fim do ano.", "season fim do ano"},
	{"Em dezembro o movimento aumenta.", ""},
	{"Podemos conversar no mês que vem.", ""},
	{"Sai em 5 de junho.", "date 2027-06-05"},
	// Amounts.
	{"R$ 1.500", "price 1500"},
	{"R$ 1.500,00", "price 1500"},
	{"R$1500", "price 1500"},
	{"R$ 1500,5", "price 1500.5"},
	{"R$1.234.567,89", "price 1234567.89"},
	{"R$ 1,500.00", "price 1500"},
	{"R$ 1,500", "price 1500"},
	{"R$ 0,50", "price 0.5"},
	{"R$ 99.90", "price 99.9"},
	{"R$99", "price 99"},
	{"R $ 99", "price 99"},
	{"RS 99", "price 99"},
	{"rs99,90", "price 99.9"},
	{"R＄ 99", "price 99"},
	{"$ 99", "price 99"},
	{"R$ 1 500", "price 1500"},
	{"R$ 1\u00a0500,00", "price 1500"},
	{"1 500 reais", "price 1500"},
	{"1.500 reais", "price 1500"},
	{"1500 Reais", "price 1500"},
	{"1,5 mil", "quantity 1500"},
	{"1,5 mil reais", "price 1500"},
	{"R$ 1,5 mil", "price 1500"},
	{"R$ 2k", "price 2000"},
	{"2k", "quantity 2000"},
	{"R$ 1,2 mi", "price 1200000"},
	{"R$ 1,2mi", "price 1200000"},
	{"R$ 3 mil e 500", "price 3500"},
	{"3 mil e quinhentos reais", "price 3500"},
	{"mil e quinhentos reais", "price 1500"},
	{"mil e quinhentos", "quantity 1500"},
	{"mil quinhentos e vinte reais", "price 1520"},
	{"dois mil", "quantity 2000"},
	{"dois mil reais", "price 2000"},
	{"cem reais", "price 100"},
	{"duzentos e noventa e nove reais", "price 299"},
	{"trinta e cinco mil reais", "price 35000"},
	{"cento e vinte e cinco mil quatrocentos e dez reais", "price 125410"},
	{"um milhão", "quantity 1000000"},
	{"um milhão de reais", "price 1000000"},
	{"um milhão e meio de reais", "price 1500000"},
	{"R$ 2 milhões", "price 2000000"},
	{"2,5 milhões de reais", "price 2500000"},
	{"um real por mensagem", "price 1 /mensagem"},
	{"Cada envio custa um real.", "price 1"},
	{"1 real", "price 1"},
	{"99 contos", "price 99"},
	{"99 conto", "price 99"},
	{"99 pila", "price 99"},
	{"50 pilas", "price 50"},
	{"USD 50", "price 50 USD"},
	{"US$ 50", "price 50 USD"},
	{"US$50.00", "price 50 USD"},
	{"50 dólares", "price 50 USD"},
	{"€ 20", "price 20 EUR"},
	{"20 euros", "price 20 EUR"},
	{"£ 20", "price 20 GBP"},
	{"BRL 300", "price 300"},
	{"300 BRL", "price 300"},
	{"50 centavos", "price 0.5"},
	{"cinquenta centavos", "price 0.5"},
	{"99 reais e 90 centavos", "price 99.9"},
	{"noventa e nove reais e noventa centavos", "price 99.9"},
	// Ranges and bounds.
	{"R$ 2 a 8 mil", "price 2000-8000"},
	{"de R$ 2 mil a R$ 8 mil", "price 2000-8000"},
	{"de R$ 200 a R$ 500", "price 200-500"},
	{"de 200 a 500 reais", "price 200-500"},
	{"de 200 reais a 500 reais", "price 200-500"},
	{"entre 200 e 500 reais", "price 200-500"},
	{"entre R$ 200 e R$ 500", "price 200-500"},
	{"R$ 200-500", "price 200-500"},
	{"R$ 200 – R$ 500", "price 200-500"},
	{"R$ 200 até R$ 500", "price 200-500"},
	{"R$ 200 ou R$ 300", "price 200-300"},
	{"R$ 800 a 2 mil", "price 800-2000"},
	{"entre dois e três mil reais", "price 2000-3000"},
	{"de R$ 500 por R$ 300", "price 500; price 300"},
	{"a partir de R$ 99,90", "price 99.9 from"},
	{"desde R$ 99", "price 99 from"},
	{"no mínimo R$ 99", "price 99 from"},
	{"pelo menos 300 reais", "price 300 from"},
	{"acima de R$ 1.000", "price 1000 from"},
	{"até R$ 500", "price 500 upto"},
	{"no máximo 500 reais", "price 500 upto"},
	{"menos de R$ 100", "price 100 upto"},
	{"a partir de apenas R$ 99", "price 99 from"},
	// What a price refers to.
	{"R$ 200/mês", "price 200 /mes"},
	{"R$ 200 / mês", "price 200 /mes"},
	{"R$ 200 por mês", "price 200 /mes"},
	{"R$ 200 ao mês", "price 200 /mes"},
	{"R$ 200 mensais", "price 200 /mes"},
	{"200 mensais", "price 200 /mes"},
	{"duzentos reais mensais", "price 200 /mes"},
	{"R$ 2.400 por ano", "price 2400 /ano"},
	{"R$ 2.400 anuais", "price 2400 /ano"},
	{"mensalidade de 200", "price 200 /mes"},
	{"A mensalidade é R$ 200", "price 200 /mes"},
	{"R$ 200 de mensalidade", "price 200 /mes"},
	{"anuidade de R$ 900", "price 900 /ano"},
	{"R$ 29 por usuário", "price 29 /usuario"},
	{"R$ 29/usuário/mês", "price 29 /mes+usuario"},
	{"R$ 29 por usuário por mês", "price 29 /mes+usuario"},
	{"R$ 29 por usuário ao mês", "price 29 /mes+usuario"},
	{"R$ 29 mensais por usuário", "price 29 /mes+usuario"},
	{"R$ 50 por hora", "price 50 /hora"},
	{"R$ 50 a hora", "price 50 /hora"},
	{"R$ 29 cada atendente", "price 29 /atendente"},
	{"R$ 99 por enquanto", "price 99"},
	// Prices without a currency.
	{"custa 99", "price 99"},
	{"custa só 99", "price 99"},
	{"custa cerca de 99", "price 99"},
	{"sai por 99,90", "price 99.9"},
	{"sai a 99", "price 99"},
	{"fica em 450", "price 450"},
	{"fica por 450", "price 450"},
	{"por apenas 99", "price 99"},
	{"valor de 300", "price 300"},
	{"o valor é 300", "price 300"},
	{"Valor: 300", "price 300"},
	{"preço: 49,90", "price 49.9"},
	{"investimento de 5 mil", "price 5000"},
	{"investimento inicial de 5 mil", "price 5000"},
	{"cobramos 150", "price 150"},
	{"você paga 80", "price 80"},
	{"custa 99 por mês", "price 99 /mes"},
	{"custa entre 200 e 300", "price 200-300"},
	{"fechamos por 700", "price 700"},
	{"plano de 99", "price 99"},
	{"10x de 199", "quantity 10 vez; price 199"},
	{"custando 99", "price 99"},
	{"desconto de 50", "price 50"},
	{"custa mil e duzentos", "price 1200"},
	// No cost.
	{"grátis", "price 0"},
	{"É gratuito!", "price 0"},
	{"gratuita", "price 0"},
	{"gratuitamente", "price 0"},
	{"de graça", "price 0"},
	{"sem custo", "price 0"},
	{"sem nenhum custo", "price 0"},
	{"cortesia", "price 0"},
	{"custo zero", "price 0"},
	{"zero custo", "price 0"},
	{"não cobramos nada", "price 0"},
	{"isento de taxa", "price 0"},
	{"sem taxa de adesão", "price 0"},
	{"não custa nada", "price 0"},
	{"R$ 0", "price 0"},
	{"R$ 0,00", "price 0"},
	{"zero reais", "price 0"},
	// Counts.
	{"500 mensagens", "quantity 500 mensagem"},
	{"quinhentas mensagens", "quantity 500 mensagem"},
	{"500 mensagens por mês", "quantity 500 mensagem /mes"},
	{"500 mensagens/dia", "quantity 500 mensagem /dia"},
	{"500 mensagens mensais", "quantity 500 mensagem /mes"},
	{"mais de 300 clientes", "quantity 300 cliente from"},
	{"+ de 300 clientes", "quantity 300 cliente"},
	{"300+ clientes", "quantity 300 cliente"},
	{"até 10 usuários", "quantity 10 usuario upto"},
	{"três planos", "quantity 3 plano"},
	{"3 planos", "quantity 3 plano"},
	{"uma equipe de 12 pessoas", "quantity 12 pessoa"},
	{"dezenas de clientes", "quantity 10 ~dezena cliente"},
	{"centenas de empresas", "quantity 100 ~centena empresa"},
	{"milhares de mensagens", "quantity 1000 ~milhar mensagem"},
	{"uma dúzia de pessoas", "quantity 12 ~duzia pessoa"},
	{"meia dúzia", "quantity 6 ~duzia"},
	{"vinte e cinco atendentes", "quantity 25 atendente"},
	{"duzentas e cinquenta conversas", "quantity 250 conversa"},
	{"mil e duzentos pedidos", "quantity 1200 pedido"},
	{"1.200 pedidos", "quantity 1200 pedido"},
	{"10 mil seguidores", "quantity 10000 seguidor"},
	{"10k seguidores", "quantity 10000 seguidor"},
	{"2 milhões de mensagens", "quantity 2000000 mensagem"},
	{"um milhão de mensagens", "quantity 1000000 mensagem"},
	{"300 novos clientes", "quantity 300 cliente"},
	{"5 a 10 atendentes", "quantity 5-10 atendente"},
	{"de 5 a 10 atendentes", "quantity 5-10 atendente"},
	{"entre 5 e 10 atendentes", "quantity 5-10 atendente"},
	{"entre cinco e dez atendentes", "quantity 5-10 atendente"},
	{"2 ou 3 filiais", "quantity 2-3 filial"},
	{"4 canais", "quantity 4 canal"},
	{"10GB", "quantity 10 gb"},
	{"10 vezes", "quantity 10 vez"},
	{"dez vezes mais rápido", "quantity 10 vez"},
	{"2x mais vendas", "quantity 2 vez"},
	{"2× mais", "quantity 2 vez"},
	{"12x sem juros", "quantity 12 vez"},
	{"12x de R$ 99", "quantity 12 vez; price 99"},
	{"o dobro de vendas", "quantity 2 vez"},
	{"o triplo", "quantity 3 vez"},
	{"Desde 2015", "quantity 2015 from"},
	{"Temos 40", "quantity 40"},
	{"pedido 2026021400", "quantity 2026021400"},
	{"protocolo 42991619261", "quantity 42991619261"},
	{"Avenida Central, 1472, Centro", "quantity 1472"},
	{"zero burocracia", "quantity 0 burocracia"},
	{"versão 1.2.3", "quantity ~1.2.3"},
	{"3/4 das empresas", "quantity ~3/4"},
	{"nota 10", "quantity 10"},
	{"7 opções", "quantity 7 opcao"},
	// Percentages.
	{"30%", "percent 30"},
	{"30 %", "percent 30"},
	{"30 por cento", "percent 30"},
	{"trinta por cento", "percent 30"},
	{"vinte e cinco por cento", "percent 25"},
	{"12,5%", "percent 12.5"},
	{"100% online", "percent 100"},
	{"cem por cento seguro", "percent 100"},
	{"até 30%", "percent 30 upto"},
	{"mais de 90%", "percent 90 from"},
	{"10 a 20%", "percent 10-20"},
	{"10% a 20%", "percent 10-20"},
	{"entre 10% e 20%", "percent 10-20"},
	{"de 10 a 20 por cento", "percent 10-20"},
	{"３０％", "percent 30"},
	{"30٪", "percent 30"},
	{"desconto de 15%", "percent 15"},
	{"meio por cento", "percent 0.5"},
	// Durations.
	{"2 semanas", "duration 20160 semana"},
	{"duas semanas", "duration 20160 semana"},
	{"em 14 dias", "duration 20160 dia"},
	{"em 3 dias úteis", "duration 4320 dia util"},
	{"3 dias corridos", "duration 4320 dia"},
	{"15 minutos", "duration 15 minuto"},
	{"15min", "duration 15 minuto"},
	{"em 48 horas", "duration 2880 hora"},
	{"em até 24 horas", "duration 1440 hora upto"},
	{"em 24h", "duration 1440 hora"},
	{"a cada 24 horas", "duration 1440 hora"},
	{"24 horas úteis", "duration 1440 hora util"},
	{"meia hora", "duration 30 hora"},
	{"em meia hora", "duration 30 hora"},
	{"um mês", "duration 43200 mes"},
	{"em uma semana", "duration 10080 semana"},
	{"em um dia", "duration 1440 dia"},
	{"em um minuto", "duration 1 minuto"},
	{"leva um dia", "duration 1440 dia"},
	{"1 a 2 semanas", "duration 10080-20160 semana"},
	{"uma a duas semanas", "duration 10080-20160 semana"},
	{"de 3 a 5 semanas", "duration 30240-50400 semana"},
	{"entre 3 e 5 semanas", "duration 30240-50400 semana"},
	{"3 ou 4 meses", "duration 129600-172800 mes"},
	{"quinze dias", "duration 21600 dia"},
	{"uma quinzena", "duration 21600 quinzena"},
	{"6 meses", "duration 259200 mes"},
	{"10 anos de mercado", "duration 5184000 ano"},
	{"2 anos e meio", "duration 1296000 ano"},
	{"uma reunião de 2 horas e 30 minutos", "duration 150 hora"},
	{"leva uma hora e meia", "duration 90 hora"},
	{"leva 1h30", "duration 90 hora"},
	{"5 segundos", "duration 0.083 segundo"},
	{"no máximo 7 dias", "duration 10080 dia upto"},
	{"em até uma semana", "duration 10080 semana upto"},
	{"em até um dia", "duration 1440 dia upto"},
	{"cerca de 90 dias", "duration 129600 dia"},
	// All day.
	{"24 horas por dia", "hour 00:00-24:00"},
	{"24h por dia", "hour 00:00-24:00"},
	{"24/7", "hour 00:00-24:00"},
	{"24x7", "hour 00:00-24:00"},
	{"Atendimento 24h", "hour 00:00-24:00"},
	{"Funcionamos 24 horas", "hour 00:00-24:00"},
	{"24 horas por dia, 7 dias por semana", "hour 00:00-24:00"},
	{"24h todos os dias", "hour 00:00-24:00"},
	{"vinte e quatro horas por dia", "hour 00:00-24:00"},
	// Telephones.
	{"(42) 99161-9261", "phone 42991619261"},
	{"pedidos só pelo +55 42 99161-9261", "phone 5542991619261"},
	{"(42)99161-9261", "phone 42991619261"},
	{"42 99161-9261", "phone 42991619261"},
	{"42 99161 9261", "phone 42991619261"},
	{"42 9 9161 9261", "phone 42991619261"},
	{"42.99161.9261", "phone 42991619261"},
	{"42991619261", "phone 42991619261"},
	{"+55 42 99161-9261", "phone 5542991619261"},
	{"+5542991619261", "phone 5542991619261"},
	{"55 42 99161-9261", "phone 5542991619261"},
	{"(042) 99161-9261", "phone 042991619261"},
	{"4 2 9 9 1 6 1 9 2 6 1", "phone 42991619261"},
	{"99161-9261", "phone 991619261"},
	{"99161 9261", "phone 991619261"},
	{"3222-1234", "phone 32221234"},
	{"(42) 3222-1234", "phone 4232221234"},
	{"telefone 3222 1234", "phone 32221234"},
	{"0800 777 1234", "phone 08007771234"},
	{"0800-777-1234", "phone 08007771234"},
	{"+1 (415) 555-2671", "phone 14155552671"},
	{"４２ ９９１６１－９２６１", "phone 42991619261"},
	// Addresses.
	{"contato@padaria.com.br", "email contato@padaria.com.br"},
	{"Contato@Padaria.com.br.", "email contato@padaria.com.br"},
	{"(vendas+sp@a-b.com)", "email vendas+sp@a-b.com"},
	{"contato arroba padaria ponto com ponto br", "email contato@padaria.com.br"},
	{"https://padaria.com.br", "url padaria.com.br"},
	{"https://padaria.com.br/", "url padaria.com.br"},
	{"HTTPS://WWW.Padaria.com.br/Planos?x=1.", "url padaria.com.br/Planos?x=1"},
	{"www.padaria.com.br", "url padaria.com.br"},
	{"padaria.com.br", "url padaria.com.br"},
	{"acesse padaria.com.br, é rápido", "url padaria.com.br"},
	{"padaria.com.br/planos", "url padaria.com.br/planos"},
	{"wa.me/5542991619261", "url wa.me/5542991619261"},
	{"bit.ly/x", "url bit.ly/x"},
	{"(veja em bit.ly/x)", "url bit.ly/x"},
	{"site:padaria.com.br", "url padaria.com.br"},
	{"*padaria.com.br*", "url padaria.com.br"},
	{"padaria ponto com ponto br", "url padaria.com.br"},
	{"https://padaria.com.br@evil.example/x", "url evil.example/x"},
	{"http://192.168.0.1/a", "url 192.168.0.1/a"},
	{"p\u0430daria.com.br", "url p\u0430daria.com.br"},
	// Documents.
	{"529.982.247-25", "document 52998224725"},
	{"52998224725", "document 52998224725"},
	{"529 982 247 25", "document 52998224725"},
	{"CPF: 529.982.247-25.", "document 52998224725"},
	{"11.222.333/0001-81", "document 11222333000181"},
	{"11222333000181", "document 11222333000181"},
	// Days and hours.
	{"amanhã às 14h30", "date 2026-11-29; hour 14:30"},
	{"dia 5", "date 2026-12-05"},
	{"5 de dezembro", "date 2026-12-05"},
	{"05/12", "date 2026-12-05"},
	{"05/12/2026", "date 2026-12-05"},
	{"terça-feira", "weekday 2026-12-01"},
	{"terça-feira, 1º de dezembro", "date 2026-12-01"},
	{"terça-feira, 2 de dezembro", "date none"},
	{"terça, 15 de dezembro", "date 2026-12-15"},
	{"31/02", "date none"},
	{"terça ou quarta", "weekday 2026-12-01; weekday 2026-12-02"},
	{"de segunda a sexta", "weekdays 1-5"},
	{"de segunda a sexta, das 9h às 17h", "weekdays 1-5; hour 09:00-17:00"},
	{"às 15h", "hour 15:00"},
	{"Prefere 13h ou 15h?", "hour 13:00; hour 15:00"},
	{"das 17h em diante", "hour 17:00"},
	{"11 horas", "duration 660 hora"},
	{"às 3 da tarde", "hour 15:00"},
	{"meio-dia", "hour 12:00"},
	{"entre 14h e 16h", "hour 14:00-16:00"},
	{"hoje às 15h", "date 2026-11-28; hour 15:00"},
	{"ainda hoje", "date 2026-11-28"},
	{"hoje mesmo", "date 2026-11-28"},
	// Several at once.
	{"O plano Pro custa R$ 99/mês e inclui 500 mensagens e 3 usuários.", "price 99 /mes; quantity 500 mensagem; quantity 3 usuario"},
	{"Em 2 semanas, 30% mais vendas por R$ 1,5 mil!", "duration 20160 semana; percent 30; price 1500"},
	{"Fale com a gente: (42) 3222-1234 ou oi@loja.com.br.", "phone 4232221234; email oi@loja.com.br"},
	{"1. Plano básico: R$ 50\n2. Plano Pro: R$ 90", "price 50; price 90"},
	// Disguises.
	{"R$\u200b 9\u200b9", "price 99"},
	{"R$ ٩٩", "price 99"},
	{"R$ 9\u20639", "price 99"},
	{"gr\u0430tis", "price 0"},
	{"ｇｒátis", "price 0"},
	{"R$ 𝟵𝟵", "price 99"},
	{"R$ ⑨⑨", "price 99"},
	{"9️⃣9️⃣ reais", "price 99"},
	{"R$ *99*", "price 99"},
	{"R$: 99", "price 99"},
	{"R$ l00", "price ~l00"},
	{"contato [arroba] padaria.com.br", "email contato@; url padaria.com.br"},
	{"contato (at) padaria [ponto] com", "email contato@padaria.com"},
	{"padaria[.]com[.]br", "url padaria.com.br"},
	{"Em 2023 fizemos 40 projetos", "quantity 2023; quantity 40 projeto"},
	{"c\u0435m r\u0435ais", "price 100"},
}

func TestFind(t *testing.T) {
	if len(claims) < 250 {
		t.Errorf("%d texts, want at least 250", len(claims))
	}
	for _, c := range claims {
		if got := briefs(claim.Find(c.text, now)); got != c.want {
			t.Errorf("%q claims\n  %s\nwant\n  %s", c.text, got, c.want)
		}
	}
}
