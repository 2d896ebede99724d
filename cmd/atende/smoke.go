package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/simulator"
	"github.com/pyloto/atende/internal/smoke"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// A street's log has a line at once; Cloud Logging takes some seconds, and at
	// times a minute. Between two looks at it is more than its quota asks for.
	streetLogPatience, streetLogPause = 30 * time.Second, 100 * time.Millisecond
	cloudLogPatience, cloudLogPause   = 3 * time.Minute, 5 * time.Second
	// clockSkew is how far this machine's clock may be ahead of the cloud's.
	clockSkew = 5 * time.Minute
)

// streetContact is who writes to a local street: nobody's number.
const streetContact = "5511900000000"

// google reaches what a trial needs of Google.
type google struct{ secretManager, logging []option.ClientOption }

// smokeTest tries a running pair of services and prints what it saw, one line a check.
func smokeTest(ctx context.Context, c call) int { return smokeWith(ctx, c, google{}) }

func smokeWith(ctx context.Context, c call, g google) int {
	at, local, err := serviceAddress(c.args[0])
	if err != nil {
		return program.Exit(program.Refuse(err), c.stderr)
	}
	var o smoke.Options
	if local {
		o, err = tryStreet(ctx, c, at)
	} else {
		o, err = tryCloud(ctx, c, at, g)
	}
	if err != nil {
		return program.Exit(err, c.stderr)
	}
	try := smoke.Checklist
	if c.flags.has(flagQuiet) {
		try = smoke.Quiet
	}
	findings := try(ctx, o)
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		verdict := "ok"
		if !f.OK {
			verdict = "FAILED"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", f.Check, verdict, f.Saw)
	}
	_ = table.Flush()
	if !smoke.Passed(findings) {
		return exitWrong
	}
	return exitDone
}

// serviceAddress reads an address and says whether it is on this machine.
func serviceAddress(given string) (at *url.URL, local bool, err error) {
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, false, errors.New("URL: is not the address of an ingress; give scheme and host alone")
	}
	ip := net.ParseIP(u.Hostname())
	local = u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, false, errors.New("URL: is neither https nor http on this machine")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, local, nil
}

// tryStreet tries a street of this machine, which needs to be told nothing.
func tryStreet(ctx context.Context, c call, at *url.URL) (smoke.Options, error) {
	street, err := smoke.FindStreet(ctx, at)
	if err != nil {
		return smoke.Options{}, err
	}
	return smoke.Options{
		Ingress:     street.Ingress,
		AppSecret:   pii.Secret(c.environment("WHATSAPP_APP_SECRET", simulator.AppSecret)),
		VerifyToken: pii.Secret(c.environment("WHATSAPP_VERIFY_TOKEN", simulator.VerifyToken)),
		Number:      firstOf(c.environment("WHATSAPP_PHONE_NUMBER_ID", whatsapptest.DefaultPhoneNumberID)),
		Contact:     c.environment("SMOKE_CONTACT", streetContact),
		Log:         street, Patience: streetLogPatience, Pause: streetLogPause, WithoutRedis: street.WithoutRedis,
	}, nil
}

// tryCloud tries an environment in the cloud. What it must know is in that
// project's Secret Manager unless the environment says otherwise.
func tryCloud(ctx context.Context, c call, at *url.URL, g google) (smoke.Options, error) {
	project, environment := c.environment("GCP_PROJECT", ""), c.environment("ENVIRONMENT", "")
	if project == "" || environment != "staging" && environment != "production" {
		return smoke.Options{}, program.Refuse(errors.New(
			"GCP_PROJECT, ENVIRONMENT: name the project and staging or production, whose secrets and log are read"))
	}
	resolver := secrets.New(secrets.Options{Client: g.secretManager})
	defer func() { _ = resolver.Close() }()
	var failure error
	told := func(variable, secret string) pii.Secret {
		item := reference{project: project, environment: environment, value: c.environment(variable, "secret:"+secret)}
		value, err := secrets.One(resolver, item)(ctx)
		if err != nil {
			failure = errors.Join(failure, fmt.Errorf("%s: %w", variable, err))
		}
		return value
	}
	log, err := smoke.NewCloudLog(ctx, project, time.Now().Add(-clockSkew), g.logging...)
	if err != nil {
		return smoke.Options{}, err
	}
	o := smoke.Options{
		Ingress:     at,
		AppSecret:   told("WHATSAPP_APP_SECRET", "whatsapp-webhook-secret"),
		VerifyToken: told("WHATSAPP_VERIFY_TOKEN", "whatsapp-verify-token"),
		Number:      firstOf(told("WHATSAPP_PHONE_NUMBER_ID", "whatsapp-phone-number-id").Reveal()),
		Log:         log, Patience: cloudLogPatience, Pause: cloudLogPause,
		Revision: c.environment("WORKER_REVISION", ""),
	}
	if !c.flags.has(flagQuiet) {
		o.Contact = told("SMOKE_CONTACT", "smoke-contact").Reveal()
	}
	return o, failure
}

// reference is a secret as an environment tells it: the value, or secret:NAME.
type reference struct{ project, environment, value string }

func (r reference) Resource() (name string, isRef bool) {
	id, isRef := strings.CutPrefix(r.value, "secret:")
	if !isRef {
		return "", false
	}
	return fmt.Sprintf("projects/%s/secrets/%s-%s/versions/latest", r.project, id, r.environment), true
}

func (r reference) Literal() pii.Secret { return pii.Secret(r.value) }

// environment is a variable's value, or what is assumed when it has none.
func (c call) environment(name, otherwise string) string {
	value := ""
	for _, line := range c.environ {
		if key, given, _ := strings.Cut(line, "="); key == name {
			value = strings.TrimSpace(given)
		}
	}
	if value == "" {
		return otherwise
	}
	return value
}

// firstOf is the first of a list with commas.
func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(first)
}
