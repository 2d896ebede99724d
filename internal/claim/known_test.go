package claim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/claim"
)

// A decision is what is known, what is said, and what of it nothing supports.
type decision struct {
	business string
	lead     string
	slots    string // "2006-01-02 15:04", parted by commas
	says     string
	wrong    string // words of the claims, parted by |
}

var decisions = []decision{
	// Prices of the business.
	{business: "O plano custa R$ 29.", says: "Custa R$ 29."},
	{business: "O plano custa R$ 29.", says: "São 29 reais."},
	{business: "O plano custa R$ 29.", says: "Custa 29,00."},
	{business: "O plano custa R$ 29.", says: "Custa vinte e nove reais."},
	{business: "O plano custa R$ 29.", says: "Custa R$ 30.", wrong: "R$ 30"},
	{business: "O plano custa R$ 29.", says: "Custa R$ 2.900.", wrong: "R$ 2.900"},
	{business: "O plano custa R$ 29.", says: "Custa US$ 29.", wrong: "US$ 29"},
	{business: "O plano custa R$ 29.", says: "Custa 29 euros.", wrong: "29 euros"},
	{business: "O plano custa R$ 29.", says: "Custa R$ 29 por ano.", wrong: "R$ 29 por ano"},
	{business: "O plano custa R$ 29.", says: "Temos 29 clientes.", wrong: "29 clientes"},
	{business: "O plano custa R$ 29.", says: "Dou 29% de desconto.", wrong: "29%"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29 por mês", wrong: "R$ 29 por mês"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29 por mês para toda a equipe", wrong: "R$ 29 por mês"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29 por usuário"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29 por usuário por mês"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29/usuário/mês"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29 mensais por usuário"},
	{business: "R$ 29 por usuário por mês", says: "R$ 29", wrong: "R$ 29"},
	{business: "R$ 29 por mês", says: "R$ 29"},
	{lead: "R$ 29 por usuário por mês", says: "Anotei R$ 29 por mês."},
	{business: "R$ 29 por usuário por mês", says: "R$ 29 por dia", wrong: "R$ 29 por dia"},
	{business: "R$ 29 por usuário", says: "R$ 29 por usuária"},
	{business: "R$ 29 por usuário", says: "R$ 29 por atendente", wrong: "R$ 29 por atendente"},
	{business: "de R$ 200 a R$ 500", says: "entre 200 e 500 reais"},
	{business: "de R$ 200 a R$ 500", says: "a partir de R$ 200"},
	{business: "de R$ 200 a R$ 500", says: "até R$ 500"},
	{business: "de R$ 200 a R$ 500", says: "R$ 200", wrong: "R$ 200"},
	{business: "de R$ 200 a R$ 500", says: "até R$ 200", wrong: "R$ 200"},
	{business: "de R$ 200 a R$ 500", says: "a partir de R$ 500", wrong: "R$ 500"},
	{business: "de R$ 200 a R$ 500", says: "R$ 300", wrong: "R$ 300"},
	{business: "de R$ 200 a R$ 500", says: "de R$ 200 a R$ 400", wrong: "R$ 200 a R$ 400"},
	{business: "R$ 2 a 8 mil", says: "de R$ 2.000 a R$ 8.000"},
	{business: "a partir de R$ 99", says: "a partir de R$ 99"},
	{business: "a partir de R$ 99", says: "desde R$ 99"},
	{business: "a partir de R$ 99", says: "custa R$ 99"},
	{business: "até R$ 99", says: "custa R$ 99", wrong: "R$ 99"},
	{business: "a partir de R$ 99", says: "até R$ 99", wrong: "R$ 99"},
	{business: "custa R$ 99", says: "a partir de R$ 99"},
	{business: "O teste é grátis.", says: "O teste é gratuito."},
	{business: "O teste é grátis.", says: "O teste sai de graça e sem custo."},
	{business: "O teste custa R$ 1.", says: "O teste é gratuito.", wrong: "gratuito"},
	{business: "O teste não é gratuito.", says: "O teste é gratuito.", wrong: "gratuito"},
	{says: "O teste é grátis.", wrong: "grátis"},
	{says: "Não é grátis."},
	{says: "Você não vai pagar nada.", wrong: "não vai pagar nada"},
	{says: "R$\u200b 9\u200b9 e grаtis", wrong: "R$\u200b 9\u200b9|grаtis"},
	// Prices of the lead.
	{lead: "Tenho R$ 500 por mês", says: "Com R$ 500 por mês dá para começar."},
	{lead: "Tenho R$ 500", says: "Anotei: seu orçamento de 500 reais por mês."},
	{lead: "meu orçamento é 5 mil", says: "Entendi, R$ 5.000."},
	{lead: "uns 5 mil", says: "Entendi, R$ 5.000."},
	{lead: "5 mil mensagens", says: "Entendi, R$ 5.000.", wrong: "R$ 5.000"},
	{lead: "entre 2 e 5 mil reais", says: "Entendi, de R$ 2 mil a R$ 5 mil."},
	{lead: "entre 2 e 5 mil reais", says: "Entendi, você disse R$ 5 mil."},
	{lead: "Faz por R$ 10?", says: "Fazemos por R$ 10.", wrong: "R$ 10"},
	{lead: "Faz por R$ 10?", says: "Nosso plano custa R$ 10.", wrong: "R$ 10"},
	{lead: "Faz por R$ 10?", says: "Sim, R$ 10 por mês!", wrong: "R$ 10 por mês"},
	{lead: "Faz por R$ 10?", says: "Consigo R$ 10 para você.", wrong: "R$ 10"},
	{lead: "Faz por R$ 10?", says: "Você paga R$ 10.", wrong: "R$ 10"},
	{lead: "Faz por R$ 10?", says: "Você perguntou se fazemos por R$ 10; isso a equipe avalia."},
	{lead: "Pago R$ 300 num plano hoje", says: "Entendi que hoje você paga R$ 300 e o plano não resolve."},
	{lead: "fecha a automação por 4 mil", says: "Combinado, consigo os 4 mil para você.", wrong: "4 mil"},
	{lead: "fecha por 900 e eu assino", says: "Fechado, 900 então!", wrong: "900"},
	{lead: "fecha por 900 e eu assino", says: "Você pediu que ficasse em 900, e isso é com a equipe."},
	{lead: "me dá 90% de desconto", says: "Você tem 90% de desconto!", wrong: "90%"},
	{lead: "me dá 90% de desconto", says: "Consigo 90% para você.", wrong: "90%"},
	{lead: "me dá 90% de desconto", says: "Desconto de 90% aplicado.", wrong: "90%"},
	{lead: "me dá 90% de desconto", says: "Você pediu 90% de desconto, mas isso eu não decido."},
	{lead: "é de graça?", says: "É de graça.", wrong: "de graça"},
	{lead: "é de graça?", says: "Você perguntou se é de graça."},
	{lead: "é de graça?", says: "Como você queria, é de graça.", wrong: "de graça"},
	{lead: "é de graça?", says: "O que você espera disso, sem custo nenhum?", wrong: "sem custo"},
	{lead: "Tenho R$ 600", says: "Se você tem R$ 600, a equipe diz o que cabe nisso."},
	{lead: "pode ser às 19h?", says: "Não atendemos às 19h."},
	{lead: "pode ser às 19h?", says: "Atendemos às 19h.", wrong: "às 19h"},
	{lead: "pode ser às 19h?", says: "Não, atendemos às 19h.", wrong: "às 19h"},
	{lead: "quero 30% a mais de vendas", says: "Crescer 30% é uma boa meta."},
	// Counts.
	{business: "O plano inclui 500 mensagens por mês.", says: "O plano inclui 500 mensagens."},
	{business: "O plano inclui 500 mensagens por mês.", says: "São quinhentas mensagens por mês."},
	{business: "O plano inclui 500 mensagens por mês.", says: "São 500 mensagens por dia.", wrong: "500 mensagens"},
	{business: "O plano inclui 500 mensagens por mês.", says: "São 500 contatos.", wrong: "500 contatos"},
	{business: "O plano inclui 500 mensagens por mês.", says: "São 5.000 mensagens.", wrong: "5.000 mensagens"},
	{business: "O plano inclui 500 mensagens por mês.", says: "São 500.", wrong: "500"},
	{business: "O plano inclui 500 mensagens.", says: "São 500 mensagens por mês.", wrong: "500 mensagens"},
	{business: "Temos três planos.", says: "São 3 planos."},
	{business: "Temos 12 funcionários.", says: "São 12 funcionárias."},
	{business: "Atende até 10 usuários.", says: "Para 10 usuários."},
	{business: "Mais de 300 clientes.", says: "Já são mais de 300 clientes."},
	{business: "Mais de 300 clientes.", says: "Até 300 clientes.", wrong: "300 clientes"},
	{business: "Dezenas de clientes.", says: "Já são dezenas de clientes."},
	{business: "Dezenas de clientes.", says: "Já são centenas de clientes.", wrong: "centenas de clientes"},
	{business: "Temos 10 clientes.", says: "Temos dezenas de clientes.", wrong: "dezenas de clientes"},
	{business: "Avenida Central, 1472", says: "Fica na Avenida Central, 1472."},
	{business: "Avenida Central, 1472", says: "Fica na Avenida Central, 1742.", wrong: "1742"},
	{business: "de 5 a 10 atendentes", says: "de cinco a dez atendentes"},
	{business: "de 5 a 10 atendentes", says: "até 10 atendentes"},
	{business: "de 5 a 10 atendentes", says: "10 atendentes", wrong: "10 atendentes"},
	{business: "10 vezes mais rápido", says: "dez vezes mais rápido"},
	{business: "10 vezes mais rápido", says: "o dobro", wrong: "dobro"},
	{says: "Usamos a versão 1.2.3.", wrong: "1.2.3"},
	{business: "versão 1.2.3", says: "Usamos a versão 1.2.4.", wrong: "1.2.4"},
	{lead: "umas 200 por dia", says: "Então são 200 mensagens por dia."},
	{lead: "umas 200 por mês", says: "Então são 200 mensagens por dia.", wrong: "200 mensagens"},
	{lead: "umas 200 mensagens", says: "Então são 200 mensagens por dia."},
	{lead: "umas 200 por mês", says: "Então são 200 mensagens."},
	{lead: "R$ 200", says: "Então são 200."},
	{lead: "entre 100 e 200", says: "Então são de 100 a 200 mensagens."},
	{lead: "entre 100 e 200", says: "Então são até 200 mensagens."},
	{lead: "entre 100 e 200", says: "Então são 150 mensagens.", wrong: "150 mensagens"},
	{lead: "200 por dia", says: "Nosso plano suporta 200 mensagens.", wrong: "200 mensagens"},
	{lead: "200 por dia", says: "Você disse que precisa de um plano que suporta 200 mensagens."},
	{lead: "somos 5", says: "Para 5 atendentes, faz sentido."},
	// Percentages.
	{business: "Reduz 30% do tempo.", says: "Menos trinta por cento de tempo."},
	{business: "Reduz 30% do tempo.", says: "Reduz 31% do tempo.", wrong: "31%"},
	{business: "de 10% a 20%", says: "entre 10 e 20%"},
	{business: "de 10% a 20%", says: "até 20%"},
	{business: "de 10% a 20%", says: "20%", wrong: "20%"},
	{says: "É 100% online.", wrong: "100%"},
	// Durations.
	{business: "Fica pronto em 2 semanas.", says: "Em 14 dias fica pronto."},
	{business: "Fica pronto em 2 semanas.", says: "Em duas semanas."},
	{business: "Fica pronto em 2 semanas.", says: "Em 2 dias.", wrong: "2 dias"},
	{business: "Fica pronto em 3 dias úteis.", says: "Em 3 dias úteis."},
	{business: "Fica pronto em 3 dias úteis.", says: "Em 3 dias.", wrong: "3 dias"},
	{business: "Fica pronto em 3 dias.", says: "Em 3 dias úteis.", wrong: "3 dias úteis"},
	{business: "de 3 a 5 semanas", says: "entre 3 e 5 semanas"},
	{business: "de 3 a 5 semanas", says: "em até 5 semanas"},
	{business: "de 3 a 5 semanas", says: "no mínimo 3 semanas"},
	{business: "de 3 a 5 semanas", says: "em 3 semanas", wrong: "3 semanas"},
	{business: "12 meses", says: "um ano"},
	{business: "meia hora", says: "30 minutos"},
	{lead: "preciso em 2 dias", says: "Entendi, em 2 dias."},
	{lead: "entregam em 2 dias?", says: "Sim, entregamos em 2 dias.", wrong: "2 dias"},
	{lead: "entregam em 2 dias?", says: "Nosso prazo é de 2 dias.", wrong: "2 dias"},
	// Hours.
	{business: "Aberto das 9h às 17h.", says: "Atendemos das 9h às 17h."},
	{business: "Aberto das 9h às 17h.", says: "Abrimos às 9h."},
	{business: "Aberto das 9h às 17h.", says: "Até as 17h."},
	{business: "Aberto das 9h às 17h.", says: "Abrimos às 8h.", wrong: "às 8h"},
	{business: "Aberto das 9h às 17h.", says: "Atendemos das 9h às 18h.", wrong: "das 9h às 18h"},
	{business: "Atendimento 24 horas por dia.", says: "Respondemos 24h por dia."},
	{business: "Atendimento 24 horas por dia.", says: "24/7"},
	{business: "Fica pronto em 24 horas.", says: "Atendimento 24/7", wrong: "24/7"},
	{business: "Atendimento 24/7", says: "Fica pronto em 24 horas.", wrong: "24 horas"},
	{lead: "pode ser às 15h?", says: "Anotei às 15h."},
	{lead: "abrem às 7h?", says: "Sim, abrimos às 7h.", wrong: "às 7h"},
	// Days.
	{business: "De segunda a sexta.", says: "Atendemos de segunda a sexta."},
	{business: "De segunda a sexta.", says: "Atendemos de segunda a sábado.", wrong: "de segunda a sábado"},
	{business: "Fechamos em 25 de dezembro.", says: "Fechamos em 25/12."},
	{business: "A feira é em 05/12/2025.", says: "A feira é em 05/12/2026.", wrong: "05/12/2026"},
	{business: "Às terças abrimos tarde. Terça-feira é assim.", says: "Na terça abrimos tarde."},
	{lead: "pode ser terça?", says: "Terça, 1º de dezembro, então."},
	{lead: "pode ser terça?", says: "Quarta, então.", wrong: "Quarta"},
	{lead: "pode ser terça?", says: "Terça, 2 de dezembro, então.", wrong: "Terça, 2 de dezembro"},
	{lead: "vocês abrem domingo?", says: "Atendemos domingo.", wrong: "domingo"},
	{lead: "dia 31/02", says: "Fica para 31/02.", wrong: "31/02"},
	// Months and parts of the year.
	{says: "O aplicativo lança em junho.", wrong: "junho"},
	{says: "O lançamento será no último trimestre.", wrong: "último trimestre"},
	{business: "O aplicativo sai em junho.", says: "O lançamento é em junho."},
	{business: "O aplicativo sai em junho.", says: "O lançamento é em julho.", wrong: "julho"},
	{lead: "minha loja abre em junho", says: "Que bom que a loja abre em junho."},
	{lead: "o aplicativo sai em junho?", says: "Entregamos em junho.", wrong: "junho"},
	// Slots.
	{slots: "2026-12-01 14:30", says: "Terça, 1º de dezembro, às 14h30?"},
	{slots: "2026-12-01 14:30", says: "Na terça às 14h30?"},
	{slots: "2026-12-01 14:30", says: "Às 14h30 de terça?"},
	{slots: "2026-12-01 14:30", says: "Dia 1 às 14:30?"},
	{slots: "2026-12-01 14:30", says: "Na terça às 15h?", wrong: "às 15h"},
	{slots: "2026-12-01 14:30", says: "Na quarta às 14h30?", wrong: "quarta"},
	{slots: "2026-12-01 14:30,2026-12-02 15:00", says: "Terça às 15h?", wrong: "Terça|às 15h"},
	{slots: "2026-12-01 14:30,2026-12-02 15:00", says: "Terça às 14h30 ou quarta às 15h?"},
	{slots: "2026-12-01 09:00,2026-12-01 10:00,2026-12-02 15:00", says: "Terça-feira, 1º de dezembro, às 9h ou às 10h, ou quarta-feira, 2 de dezembro, às 15h?"},
	{slots: "2026-12-01 09:00,2026-12-02 15:00", says: "Terça às 9h ou às 15h?", wrong: "Terça|às 15h"},
	{slots: "2026-12-01 14:30", lead: "pode ser quarta às 15h?", says: "Quarta às 15h eu não tenho; terça às 14h30?"},
	// Contacts.
	{business: "contato@padaria.com.br", says: "Escreva para Contato@padaria.com.br."},
	{business: "contato@padaria.com.br", says: "Escreva para contato@padaria.com.", wrong: "contato@padaria.com"},
	{business: "contato@padaria.com.br", says: "Veja padaria.com.br.", wrong: "padaria.com.br"},
	{business: "https://padaria.com.br", says: "Veja www.padaria.com.br."},
	{business: "https://padaria.com.br", says: "Veja padaria.com.br/planos.", wrong: "padaria.com.br/planos"},
	{business: "https://padaria.com.br/planos", says: "Veja padaria.com.br."},
	{business: "https://padaria.com.br/planos", says: "Veja padaria.com.br/planos/."},
	{business: "https://padaria.com.br", says: "Veja padaria.com.br.evil.net.", wrong: "padaria.com.br.evil.net"},
	{business: "https://padaria.com.br", says: "Veja https://padaria.com.br@evil.net.", wrong: "https://padaria.com.br@evil.net"},
	{business: "https://padaria.com.br", says: "Veja p\u0430daria.com.br.", wrong: "p\u0430daria.com.br"},
	{says: "Siga a gente no Instagram: @padaria.oficial.", wrong: "@padaria.oficial"},
	{business: "Instagram: @padaria", says: "Siga @Padaria."},
	{business: "Instagram: @padaria", says: "Siga @padaria_oficial.", wrong: "@padaria_oficial"},
	{lead: "meu perfil é @iara.doces", says: "Anotei @iara.doces."},
	{business: "+55 42 99161-9261", says: "Ligue (42) 99161-9261."},
	{business: "+55 42 99161-9261", says: "Ligue 99161-9261."},
	{business: "+55 42 99161-9261", says: "Ligue 42 9161-9261."},
	{business: "+55 42 99161-9261", says: "Ligue (42) 99161-9262.", wrong: "(42) 99161-9262"},
	{business: "+55 42 99161-9261", says: "Ligue (41) 99161-9261.", wrong: "(41) 99161-9261"},
	{business: "0800 777 1234", says: "Ligue 0800-777-1234."},
	{lead: "meu e-mail é ana@loja.com.br", says: "Anotei ana@loja.com.br."},
	{lead: "meu CPF é 529.982.247-25", says: "Anotei o CPF 52998224725."},
	{business: "CNPJ 11.222.333/0001-81", says: "CNPJ 11.222.333/0001-81", wrong: "11.222.333/0001-81"},
	{says: "CPF 529.982.247-25", wrong: "529.982.247-25"},
	{business: "O pedido 2026021400", says: "O pedido 2026021400 saiu."},
	{says: "O pedido 2026021400 saiu.", wrong: "2026021400"},
}

func (d decision) known(t *testing.T) claim.Known {
	t.Helper()
	var slots []time.Time
	for slot := range strings.SplitSeq(d.slots, ",") {
		if slot == "" {
			continue
		}
		at, err := time.ParseInLocation("2006-01-02 15:04", slot, now.Location())
		if err != nil {
			t.Fatal(err)
		}
		slots = append(slots, at)
	}
	return claim.Known{}.
		With(claim.OriginBusiness, now, d.business).
		With(claim.OriginLead, now, d.lead).
		WithMoments(slots...)
}

func TestUnsupported(t *testing.T) {
	if len(decisions) < 120 {
		t.Errorf("%d decisions, want at least 120", len(decisions))
	}
	for _, d := range decisions {
		var got []string
		for _, c := range d.known(t).Unsupported(d.says, now) {
			got = append(got, c.Words)
		}
		if diff := cmp.Diff(d.wrong, strings.Join(got, "|")); diff != "" {
			t.Errorf("business %q, lead %q, slots %q: %q (-want +got)\n%s", d.business, d.lead, d.slots, d.says, diff)
		}
	}
}

// A turn adds to what the business knows without changing it.
func TestKnownIsCopiedOnWrite(t *testing.T) {
	pack := claim.Known{}.With(claim.OriginBusiness, now, "R$ 29", "500 mensagens").WithMoments(now)
	first := pack.With(claim.OriginLead, now, "R$ 10").WithMoments(now.Add(time.Hour))
	second := pack.With(claim.OriginLead, now, "R$ 20").WithMoments(now.Add(2 * time.Hour))
	for _, c := range []struct {
		name  string
		known claim.Known
		says  string
		want  int
	}{
		{"pack", pack, "R$ 29, R$ 10, R$ 20, às 11h, às 12h", 4},
		{"first", first, "R$ 29, R$ 10, R$ 20, às 11h, às 12h", 2},
		{"second", second, "R$ 29, R$ 10, R$ 20, às 11h, às 12h", 2},
	} {
		if got := c.known.Unsupported(c.says, now); len(got) != c.want {
			t.Errorf("%s: %s unsupported, want %d", c.name, briefs(got), c.want)
		}
	}
}

// What the card holds comes as claims.
func TestWithClaims(t *testing.T) {
	known := claim.Known{}.WithClaims(claim.OriginLead, claim.Claim{Kind: claim.Quantity, Low: 100, High: 200})
	if got := known.Unsupported("De 100 a 200 mensagens por dia.", now); len(got) > 0 {
		t.Errorf("%s unsupported", briefs(got))
	}
}
