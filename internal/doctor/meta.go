package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/registrar"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	// soon is how long before its end a token deserves to be renewed.
	soon = 14 * 24 * time.Hour
	// webhookPath is where the ingress takes webhooks.
	webhookPath = "/webhook/whatsapp"
	// nothing is a webhook without content: there is nothing in it to put into a
	// queue.
	nothing = `{"object":"whatsapp_business_account","entry":[]}`
	// probe is what the ingress is challenged with.
	probe = "atende-doctor"
)

// graph is Meta's API with the token of the environment.
func (p *patient) graph() (*whatsapp.Client, error) {
	source := secrets.One(p.resolver, p.worker.Graph.AccessToken)
	return whatsapp.NewClient(whatsapp.Options{
		BaseURL: p.worker.Graph.BaseURL, APIVersion: p.worker.Graph.APIVersion, Timeout: p.worker.Send.GraphTimeout,
		Token: func(ctx context.Context) (string, error) {
			value, err := source(ctx)
			return value.Reveal(), err
		},
	})
}

// newToken is what to do about a token that does not do.
func (p *patient) newToken() string {
	return "gcloud secrets versions add whatsapp-access-token-" + p.name() + p.project() +
		" --data-file=-   # Business settings, System users: a token of the permissions " + whatsapp.ScopeMessaging + " and " + whatsapp.ScopeManagement + ", which never expires"
}

func (p *patient) checkToken(ctx context.Context) result {
	graph, err := p.graph()
	if err != nil {
		return failed(err.Error(), "export WHATSAPP_API_BASE_URL=https://graph.facebook.com")
	}
	before := p.o.Now()
	info, err := graph.Token(ctx)
	switch {
	case registrar.Refused(err) || err == nil && !info.Valid:
		return failed("Meta does not accept WHATSAPP_ACCESS_TOKEN any more, or never did", p.newToken())
	case err != nil:
		return failed("Meta does not say anything of the token: "+err.Error(), "look at https://metastatus.com, and whether WHATSAPP_API_BASE_URL ("+p.worker.Graph.BaseURL+") is right")
	}
	if !info.At.IsZero() {
		p.read("meta", before, info.At)
	}
	p.note(func() { p.meta, p.app = graph, info.AppID })
	var lacks []string
	for _, scope := range []string{whatsapp.ScopeMessaging, whatsapp.ScopeManagement} {
		if !slices.Contains(info.Scopes, scope) {
			lacks = append(lacks, scope)
		}
	}
	left := info.Expires.Sub(before)
	switch {
	case len(lacks) > 0:
		return failed("the token lacks the permission "+strings.Join(lacks, " and "), p.newToken())
	case info.Expires.IsZero():
		return ok("valid, never expires, and has both permissions")
	case left <= 0:
		return failed("the token has expired", p.newToken())
	case left < soon:
		return warning(fmt.Sprintf("valid, but only until %s, %d days from now", day(info.Expires), int(left.Hours()/24)), p.newToken())
	default:
		return ok("valid until %s, and has both permissions", day(info.Expires))
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func (p *patient) checkNumbers(ctx context.Context) result {
	graph, _, _ := p.seen()
	manager := "business.facebook.com/wa/manage/phone-numbers/   # "
	var bad, odd, fine, fix []string
	for _, id := range p.worker.PhoneNumberIDs {
		n, err := graph.Number(ctx, id)
		said, known := errors.AsType[*whatsapp.Error](err)
		switch {
		case known && said.Code == 100:
			bad = append(bad, "Meta knows no number "+id+", or the token may not see it")
			fix = append(fix, "export WHATSAPP_PHONE_NUMBER_ID=…   # WhatsApp, API setup: the id of the number, not the number")
		case err != nil:
			bad = append(bad, id+": "+err.Error())
			fix = append(fix, "look at https://metastatus.com")
		case n.Status != "CONNECTED":
			bad = append(bad, fmt.Sprintf("%s is %s, not CONNECTED: nothing can be sent from it", id, or(n.Status, "without a status")))
			fix = append(fix, manager+"see why; a number that is PENDING or DISCONNECTED has to be registered")
		case n.Quality == "RED":
			odd = append(odd, id+" is rated RED: people block it or report it, and Meta will restrict it")
			fix = append(fix, manager+"see what people object to, and send nothing unasked until it is green again")
		case n.NameStatus == "DECLINED" || n.NameStatus == "EXPIRED":
			odd = append(odd, id+": its display name is "+n.NameStatus)
			fix = append(fix, manager+"give another display name")
		default:
			fine = append(fine, fmt.Sprintf("%s is connected, quality %s, throughput %s", id, or(n.Quality, "UNKNOWN"), or(n.Throughput, "not told")))
		}
	}
	return weighed(bad, odd, fine, fix)
}

// checkAppSecret proves the secret to Meta itself: with it the app may ask about
// itself, and with another nobody may. That is the secret which webhooks are signed
// with, and asking changes nothing.
func (p *patient) checkAppSecret(ctx context.Context) result {
	put := "gcloud secrets versions add whatsapp-webhook-secret-" + p.name() + p.project() + " --data-file=-   # App settings, Basic, App secret, of the app that the token is of"
	graph, _, _ := p.seen()
	all, err := secrets.List(p.resolver, p.ingress.AppSecrets)(ctx)
	if err != nil {
		return failed("WHATSAPP_APP_SECRET was not resolved", "atende doctor   # again: it resolved a moment ago")
	}
	id := known(p, func() string { return p.app })
	app, subscription, subscribed, err := registrar.Prove(ctx, graph, id, all)
	switch {
	case registrar.Refused(err):
		return failed("WHATSAPP_APP_SECRET is not the secret of the token's app ("+id+"): every webhook would be refused", put)
	case err != nil:
		return failed("Meta does not answer the app: "+err.Error(), "look at https://metastatus.com")
	}
	p.note(func() {
		p.proven = app
		if subscribed {
			p.subscribed = &subscription
		}
	})
	if len(all) > 1 {
		return ok("one of %d is the secret of app %s; take the others away once none of them is in use", len(all), id)
	}
	return ok("it is the secret of app %s", id)
}

// checkWebhook asks Meta where it sends webhooks, and of what.
func (p *patient) checkWebhook(ctx context.Context) result {
	graph, app, s := p.seen()
	const register = "atende webhook subscribe --callback "
	address := "$(terraform -chdir=infra output -raw webhook_url)"
	if s == nil || s.Callback == "" {
		return failed("the app has no callback: Meta sends nothing", register+address)
	}
	apps, err := graph.Subscribers(ctx, p.worker.BusinessAccountID)
	if said, known := errors.AsType[*whatsapp.Error](err); known && said.Code == 100 {
		return failed("Meta knows no account "+p.worker.BusinessAccountID+", or the token may not see it",
			"export WHATSAPP_BUSINESS_ACCOUNT_ID=…   # WhatsApp, API setup; the token's system user needs the account as its asset")
	}
	if err != nil {
		return failed("Meta does not say whom the account's webhooks go to: "+err.Error(), "look at https://metastatus.com")
	}
	at := slices.IndexFunc(apps, func(a whatsapp.Subscriber) bool { return a.AppID == app.ID })
	var lacks []string
	for _, field := range registrar.Fields() {
		if !slices.Contains(s.Fields, field) {
			lacks = append(lacks, field)
		}
	}
	again := "atende webhook subscribe"
	switch {
	case at < 0:
		return failed("the account's webhooks do not go to app "+app.ID+": Meta sends nothing", again)
	case !s.Active:
		return failed("the app's subscription is not active: Meta sends nothing", again)
	case slices.Contains(lacks, registrar.Messages):
		return failed("the app is not subscribed to "+registrar.Messages+": no message arrives", again)
	}
	callback := or(apps[at].Override, s.Callback)
	p.note(func() { p.callback = callback })
	if len(lacks) > 0 {
		return warning("not subscribed to "+strings.Join(lacks, ", ")+": what happens there is not noticed", again)
	}
	if callback != s.Callback {
		return ok("%d fields go to %s, messages of this account to its own callback, %s", len(s.Fields), s.Callback, callback)
	}
	return ok("%d fields go to %s", len(s.Fields), callback)
}

// seen is Meta's API, the app as it proved itself there, and what it is subscribed
// to: each once the check that brings it is over.
func (p *patient) seen() (*whatsapp.Client, whatsapp.App, *whatsapp.Subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.meta, p.proven, p.subscribed
}

// checkIngress does what Meta does, at the address that Meta has: the challenge, a
// webhook that is signed with the secret that Meta knows, and one that is not
// signed. There is nothing in either, so nothing follows from them.
func (p *patient) checkIngress(ctx context.Context) result {
	callback := known(p, func() string { return p.callback })
	_, app, _ := p.seen()
	at, err := url.Parse(callback)
	register := "atende webhook subscribe --callback $(terraform -chdir=infra output -raw webhook_url)"
	switch {
	case err != nil || at.Host == "" || at.User != nil || at.RawQuery != "" || strings.TrimSuffix(at.Path, "/") != webhookPath,
		at.Scheme != "https" && (at.Scheme != "http" || !p.local()):
		return failed("the callback that Meta has is no address of an ingress", register)
	}
	logs := "gcloud run services logs read atende-ingress --region " + p.region() + p.project()
	if p.local() {
		logs = "make run   # or start the ingress that the callback names"
	}
	before := p.o.Now()
	status, body, err := p.ask(ctx, http.MethodGet, at.Scheme+"://"+at.Host+healthPath, "", nil)
	said := readHealth(body)
	switch {
	case err != nil:
		return failed("nothing answers at "+callback+": "+err.Error(), logs)
	case status == http.StatusForbidden:
		return failed("the ingress may not be invoked by Meta", "gcloud run services add-iam-policy-binding atende-ingress --region "+p.region()+p.project()+" --member allUsers --role roles/run.invoker")
	case status != http.StatusOK || !strings.HasSuffix(said.Service, "ingress"):
		return failed(fmt.Sprintf("what answers at %s is no ingress (status %d)", callback, status), register)
	}
	p.read(ingress, before, said.Timestamp)
	verify, err := p.reveal(ctx, p.ingress.VerifyToken)
	if err != nil {
		return failed("WHATSAPP_VERIFY_TOKEN was not resolved", "atende doctor   # again: it resolved a moment ago")
	}
	query := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {probe}, "hub.verify_token": {verify.Reveal()}}
	challenge, echoed, err := p.ask(ctx, http.MethodGet, callback+"?"+query.Encode(), "", nil)
	if err != nil {
		return failed("the ingress does not answer a challenge: "+err.Error(), logs)
	}
	signed, _, err := p.ask(ctx, http.MethodPost, callback, nothing, http.Header{
		"Content-Type": {"application/json"}, whatsapp.SignatureHeader: {whatsapp.Sign([]byte(nothing), []byte(app.Secret))},
	})
	if err != nil {
		return failed("the ingress does not answer a webhook: "+err.Error(), logs)
	}
	unsigned, _, err := p.ask(ctx, http.MethodPost, callback, nothing, http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return failed("the ingress does not answer a webhook: "+err.Error(), logs)
	}
	restart := "gcloud run services update atende-ingress --region " + p.region() + p.project() + " --update-labels restarted=$(date +%s)   # it reads the newest version; then: atende doctor"
	if p.local() {
		restart = "start the ingress again with this environment"
	}
	switch {
	case signed == http.StatusServiceUnavailable || challenge == http.StatusServiceUnavailable:
		return failed("the ingress is not ready to take webhooks", logs)
	case signed == http.StatusUnauthorized:
		return failed("the ingress refuses a webhook that is signed with the app's secret: it runs with another WHATSAPP_APP_SECRET", restart)
	case signed != http.StatusOK:
		return failed(fmt.Sprintf("the ingress answers a signed webhook with %d", signed), logs)
	case unsigned != http.StatusUnauthorized:
		return failed(fmt.Sprintf("the ingress answers a webhook without signature with %d: anybody could write it one", unsigned), logs)
	case challenge != http.StatusOK || string(echoed) != probe:
		return failed("the ingress does not answer the challenge: it runs with another WHATSAPP_VERIFY_TOKEN, and no callback can be registered", restart)
	}
	return ok("answers the challenge, takes what is signed and refuses what is not")
}
