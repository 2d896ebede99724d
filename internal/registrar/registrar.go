// Package registrar has Meta send its webhooks here: it registers the callback of
// the app, and the app with the business account. Without the second nothing is
// sent, whatever the first says.
//
// It promises to say what was registered before and after, to change nothing that
// is as it should be, and to take no field away that somebody else has subscribed
// to. It refuses to work with secrets that are not the app's: what it registers has
// to be signed with one that the ingress knows.
package registrar

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	// secretPatience is how long references may take to resolve: somebody waits.
	secretPatience = 10 * time.Second
	// callPatience bounds one call to Meta, which challenges the callback meanwhile.
	callPatience = 30 * time.Second
)

// Messages is the field without which no message arrives.
const Messages = "messages"

// Fields are what the ingress wants to be told of: the messages, and what goes
// wrong with the account, its numbers and its templates.
func Fields() []string {
	return []string{
		"account_alerts", "account_review_update", "account_update", "message_template_quality_update",
		"message_template_status_update", Messages, "phone_number_name_update", "phone_number_quality_update",
		"security", "user_preferences",
	}
}

// Options are what is to be registered.
type Options struct {
	// Environ is the environment of both programs in the form of os.Environ.
	Environ []string
	// SecretManager are options for reaching Secret Manager.
	SecretManager []option.ClientOption
	// Callback is the address of the ingress's webhook. Empty is the one that is
	// registered, which then has to be there.
	Callback string
	// Override registers Callback for the business account alone, and leaves the
	// app's own callback as it is.
	Override bool
	// DryRun changes nothing.
	DryRun bool
}

// Registration is what Meta has noted.
type Registration struct {
	// Callback is the app's; empty when it has none.
	Callback string `json:"callback"`
	Active   bool   `json:"active"`
	// Fields are sorted.
	Fields []string `json:"fields"`
	// Subscribed: the account's webhooks go to this app.
	Subscribed bool `json:"subscribed"`
	// Override is where this account's messages go instead; mostly empty.
	Override string `json:"override,omitempty"`
}

// Outcome is what became of it.
type Outcome struct {
	// App is Meta's id of the app that the token is of.
	App    string `json:"app"`
	DryRun bool   `json:"dry_run"`
	// Deeds are what was done, or would be; none when all was as it should be.
	Deeds  []string     `json:"deeds"`
	Before Registration `json:"before"`
	After  Registration `json:"after"`
}

// Subscribe registers. Its error says by [program.Exit] which code to end with,
// and what to do about it.
func Subscribe(ctx context.Context, o Options) (Outcome, error) {
	r, release, err := open(ctx, o)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	out := Outcome{App: r.app.ID, DryRun: o.DryRun, Deeds: []string{}}
	if out.Before, err = r.read(ctx); err != nil {
		return Outcome{}, err
	}
	steps, err := r.plan(o, out.Before)
	if err != nil {
		return Outcome{}, program.Refuse(err)
	}
	for _, s := range steps {
		if !o.DryRun {
			if err := s.do(ctx); err != nil {
				return Outcome{}, explain(s.says, err)
			}
		}
		out.Deeds = append(out.Deeds, s.says)
	}
	out.After = out.Before
	if !o.DryRun && len(steps) > 0 {
		if out.After, err = r.read(ctx); err != nil {
			return Outcome{}, err
		}
	}
	return out, nil
}

// registrar is one use.
type registrar struct {
	graph   *whatsapp.Client
	app     whatsapp.App
	account string
	verify  pii.Secret
	env     config.Environment
}

func open(ctx context.Context, o Options) (r *registrar, release func(), err error) {
	in, _, err := config.LoadIngress(o.Environ)
	if err != nil {
		return nil, nil, program.Refuse(err)
	}
	out, _, err := config.LoadWorker(config.Elsewhere(o.Environ))
	if err != nil {
		return nil, nil, program.Refuse(err)
	}
	resolver := secrets.New(secrets.Options{Client: o.SecretManager})
	closeResolver := func() { _ = resolver.Close() } // What fails to close has nobody to tell.
	defer func() {
		if err != nil {
			closeResolver()
		}
	}()
	waiting, cancel := context.WithTimeout(ctx, secretPatience)
	defer cancel()
	r = &registrar{account: in.BusinessAccountID, env: in.Environment}
	if r.verify, err = secrets.One(resolver, in.VerifyToken)(waiting); err != nil {
		return nil, nil, fmt.Errorf("WHATSAPP_VERIFY_TOKEN: %w", err)
	}
	app, err := secrets.List(resolver, in.AppSecrets)(waiting)
	if err != nil {
		return nil, nil, fmt.Errorf("WHATSAPP_APP_SECRET: %w", err)
	}
	token := secrets.One(resolver, out.Graph.AccessToken)
	if _, err := token(waiting); err != nil {
		return nil, nil, fmt.Errorf("WHATSAPP_ACCESS_TOKEN: %w", err)
	}
	r.graph, err = whatsapp.NewClient(whatsapp.Options{
		BaseURL: out.Graph.BaseURL, APIVersion: out.Graph.APIVersion, Timeout: callPatience,
		Token: func(ctx context.Context) (string, error) {
			value, err := token(ctx)
			return value.Reveal(), err
		},
	})
	if err != nil {
		return nil, nil, program.Refuse(err)
	}
	info, err := r.graph.Token(ctx)
	if err != nil {
		return nil, nil, explain("ask whose app the token is", err)
	}
	if r.app, _, _, err = Prove(ctx, r.graph, info.AppID, app); err != nil {
		return nil, nil, explain("prove to be the app", err)
	}
	return r, closeResolver, nil
}

// Prove finds the secret that Meta knows an app by, and reads with it what the app
// has subscribed to; subscribed is false for nothing. When none of the secrets is
// the app's, the error is Meta's refusal of the last one.
func Prove(ctx context.Context, graph *whatsapp.Client, appID string, secrets []pii.Secret) (app whatsapp.App, s whatsapp.Subscription, subscribed bool, err error) {
	err = errors.New("no app secret")
	for _, secret := range secrets {
		app = whatsapp.App{ID: appID, Secret: secret.Reveal()}
		if s, subscribed, err = graph.Subscription(ctx, app); err == nil || !Refused(err) {
			return app, s, subscribed, err
		}
	}
	return whatsapp.App{}, whatsapp.Subscription{}, false, err
}

// Refused reports whether Meta did not accept a token or a secret.
func Refused(err error) bool {
	said, ok := errors.AsType[*whatsapp.Error](err)
	return ok && said.Class() == whatsapp.ClassAuth
}

// read asks Meta what is registered.
func (r *registrar) read(ctx context.Context) (Registration, error) {
	s, _, err := r.graph.Subscription(ctx, r.app)
	if err != nil {
		return Registration{}, explain("read the app's subscription", err)
	}
	apps, err := r.graph.Subscribers(ctx, r.account)
	if err != nil {
		return Registration{}, explain("read who is subscribed to the account", err)
	}
	noted := Registration{Callback: s.Callback, Active: s.Active, Fields: s.Fields}
	if noted.Fields == nil {
		noted.Fields = []string{}
	}
	for _, app := range apps {
		if app.AppID == r.app.ID {
			noted.Subscribed, noted.Override = true, app.Override
		}
	}
	return noted, nil
}

// step is one change.
type step struct {
	says string
	do   func(context.Context) error
}

// plan is what has to change.
func (r *registrar) plan(o Options, is Registration) ([]step, error) {
	callback := o.Callback
	switch {
	case callback == "" && o.Override:
		return nil, errors.New("--override needs --callback: where this account's messages are to go")
	case callback == "":
		callback = is.Callback
	}
	if callback == "" {
		return nil, errors.New("no callback is registered yet: give --callback, the address of the ingress (terraform -chdir=infra output -raw webhook_url)")
	}
	if err := r.check(callback); err != nil {
		return nil, err
	}
	var steps []step
	if !o.Override {
		fields := slices.Clone(is.Fields)
		for _, field := range Fields() {
			if !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
		slices.Sort(fields)
		if callback != is.Callback || !is.Active || !slices.Equal(fields, is.Fields) {
			steps = append(steps, step{
				fmt.Sprintf("subscribe the app to %d fields at %s", len(fields), callback),
				func(ctx context.Context) error {
					return r.graph.Subscribe(ctx, r.app, callback, r.verify.Reveal(), fields)
				},
			})
		}
	}
	override, says := whatsapp.Override{}, "subscribe the app to the account"
	if o.Override {
		override = whatsapp.Override{Callback: callback, VerifyToken: r.verify.Reveal()}
		says = "have the account's messages sent to " + callback
	} else if is.Override != "" {
		says = "take the account's own callback away"
	}
	if !is.Subscribed || is.Override != override.Callback {
		steps = append(steps, step{says, func(ctx context.Context) error {
			return r.graph.SubscribeAccount(ctx, r.account, override)
		}})
	}
	return steps, nil
}

// path is where the ingress takes webhooks.
const path = "/webhook/whatsapp"

// check refuses an address that would be registered and never work.
func (r *registrar) check(callback string) error {
	at, err := url.Parse(callback)
	secure := err == nil && (at.Scheme == "https" || at.Scheme == "http" && r.env == config.Development)
	switch {
	case !secure || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "":
		return errors.New("--callback is no https address; give the one that terraform -chdir=infra output -raw webhook_url prints")
	case strings.TrimSuffix(at.Path, "/") != path:
		return errors.New("--callback does not end with " + path + ", where the ingress takes webhooks")
	}
	return nil
}

// explain says what a refusal of Meta's asks for.
func explain(doing string, err error) error {
	said, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case ok && said.Code == whatsapp.CallbackRefused:
		return fmt.Errorf("%s: %w: Meta's challenge was not answered as it should be. Is that the address of the ingress, can it be reached from "+
			"outside (curl its /health), and does it run with the same WHATSAPP_VERIFY_TOKEN as this command? Its log says webhook_verified or why not", doing, err)
	case Refused(err):
		return fmt.Errorf("%s: %w: Meta accepts the token or the app's secret no more, or they are of different apps; "+
			"atende doctor says which (WHATSAPP_ACCESS_TOKEN, WHATSAPP_APP_SECRET)", doing, err)
	case ok && said.Code == 100:
		return fmt.Errorf("%s: %w: Meta knows no such object, or the token may not see it; "+
			"look at WHATSAPP_BUSINESS_ACCOUNT_ID, and whether the token's system user has the account as its asset", doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}
