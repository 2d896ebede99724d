package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The permissions that a token needs: the first to send and to be told of
// messages, the second for everything that concerns the account
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview).
const (
	ScopeMessaging  = "whatsapp_business_messaging"
	ScopeManagement = "whatsapp_business_management"
)

// CallbackRefused is the code with which Meta refuses a callback that does not
// answer its challenge.
const CallbackRefused = 2200

// MaxCallback is how long the address of an override may be, in characters
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override).
const MaxCallback = 200

// webhookObject is what an app subscribes to for WhatsApp.
const webhookObject = "whatsapp_business_account"

// TokenInfo is what Meta says of an access token.
type TokenInfo struct {
	Valid bool
	// AppID is the app that the token was issued for.
	AppID string
	// Expires is zero for a token that never does.
	Expires time.Time
	Scopes  []string
	// At is Meta's clock when it answered, to the second; zero when it did not say.
	At time.Time
}

// Token asks Meta about the client's own token. A token that Meta does not accept
// any more may not even ask: that is an *Error of [ClassAuth]. The error is as for
// [Client.Send], but that asking may be repeated without harm; so it is for every
// method of this file.
//
// https://developers.facebook.com/docs/graph-api/reference/debug_token
func (c *Client) Token(ctx context.Context) (TokenInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.accessToken(ctx)
	if err != nil {
		return TokenInfo{}, err
	}
	answer, header, err := c.administer(ctx, token, http.MethodGet, "debug_token?"+url.Values{"input_token": {token}}.Encode(), nil)
	if err != nil {
		return TokenInfo{}, err
	}
	data := answer.get("data")
	info := TokenInfo{Valid: data.get("is_valid").kind() == kindTrue}
	info.AppID, _ = data.get("app_id").textOrDigits()
	if seconds, ok := data.get("expires_at").textOrDigits(); ok && seconds != "0" {
		if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
			info.Expires = time.Unix(n, 0)
		}
	}
	for scope := range data.get("scopes").elements() {
		if name, ok := scope.text(); ok {
			info.Scopes = append(info.Scopes, name)
		}
	}
	info.At, _ = http.ParseTime(header.Get("Date"))
	return info, nil
}

// NumberInfo is how a business's number stands. A field is empty when Meta does
// not say.
type NumberInfo struct {
	// Status is CONNECTED for a number that works.
	Status string
	// Quality is GREEN, YELLOW, RED, or UNKNOWN while too little was sent.
	Quality string
	// NameStatus is APPROVED for a name that people are shown.
	NameStatus string
	// Throughput is STANDARD or HIGH.
	Throughput string
}

// Number asks how a business's number stands.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
func (c *Client) Number(ctx context.Context, phoneNumberID string) (NumberInfo, error) {
	if err := checkNumberID(phoneNumberID); err != nil {
		return NumberInfo{}, err
	}
	answer, err := c.own(ctx, http.MethodGet, phoneNumberID+"?fields=status,quality_rating,name_status,throughput", nil)
	if err != nil {
		return NumberInfo{}, err
	}
	return NumberInfo{
		Status: word(answer.get("status")), Quality: word(answer.get("quality_rating")),
		NameStatus: word(answer.get("name_status")), Throughput: word(answer.get("throughput").get("level")),
	}, nil
}

// word is a constant of Meta's, and nothing else that may stand there.
func word(v value) string {
	text, _ := v.text()
	if len(text) > 64 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
		return ""
	}
	return text
}

// Subscriber is an app that is told of an account's webhooks.
type Subscriber struct {
	AppID string
	// Override is where messages of this account go instead of the app's own
	// callback; empty where they do not.
	Override string
}

// Subscribers lists the apps that are told of an account's webhooks. Without its
// own app in the list an app hears nothing, whatever it has subscribed to.
//
// https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps
func (c *Client) Subscribers(ctx context.Context, accountID string) ([]Subscriber, error) {
	if err := checkID("account_id", accountID); err != nil {
		return nil, err
	}
	answer, err := c.own(ctx, http.MethodGet, accountID+"/subscribed_apps", nil)
	if err != nil {
		return nil, err
	}
	var apps []Subscriber
	for app := range answer.get("data").elements() {
		var s Subscriber
		s.AppID, _ = app.get("whatsapp_business_api_data").get("id").textOrDigits()
		s.Override, _ = app.get("override_callback_uri").text()
		apps = append(apps, s)
	}
	return apps, nil
}

// Override is a callback for one account, which takes the place of the app's.
type Override struct {
	Callback    string
	VerifyToken string
}

// SubscribeAccount has the token's app be told of an account's webhooks. The zero
// Override leaves them to the app's own callback, and takes an earlier one away;
// with another, Meta first challenges the address.
func (c *Client) SubscribeAccount(ctx context.Context, accountID string, o Override) error {
	if err := checkID("account_id", accountID); err != nil {
		return err
	}
	form := url.Values{}
	if o != (Override{}) {
		if n := len([]rune(o.Callback)); n > MaxCallback {
			return &LimitError{Field: "override_callback_uri", Rule: RuleCharacters, Limit: MaxCallback, Got: n}
		}
		form.Set("override_callback_uri", o.Callback)
		form.Set("verify_token", o.VerifyToken)
	}
	answer, err := c.own(ctx, http.MethodPost, accountID+"/subscribed_apps", form)
	if err != nil {
		return err
	}
	return succeeded(answer)
}

// App is an app as it proves itself to Meta.
type App struct {
	ID     string
	Secret string
}

// token is the app's own access token
// (https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens).
func (a App) token() string { return a.ID + "|" + a.Secret }

// Subscription is what an app has asked to be told of, and where.
type Subscription struct {
	Callback string
	Active   bool
	Fields   []string // sorted
}

// Subscription is what the app has subscribed to of WhatsApp; ok is false for
// nothing. Meta answers the app's own secret alone: a wrong one is an *Error of
// [ClassAuth].
//
// https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
func (c *Client) Subscription(ctx context.Context, app App) (s Subscription, ok bool, err error) {
	answer, err := c.as(ctx, app, http.MethodGet, nil)
	if err != nil {
		return Subscription{}, false, err
	}
	for object := range answer.get("data").elements() {
		if name, _ := object.get("object").text(); name != webhookObject {
			continue
		}
		s.Callback, _ = object.get("callback_url").text()
		s.Active = object.get("active").kind() == kindTrue
		for field := range object.get("fields").elements() {
			name, _ := field.get("name").text()
			if name != "" {
				s.Fields = append(s.Fields, name)
			}
		}
		slices.Sort(s.Fields)
		return s, true, nil
	}
	return Subscription{}, false, nil
}

// Subscribe has Meta tell the app of fields at a callback, in the place of what it
// was subscribed to of WhatsApp. Meta first challenges the address with the verify
// token, and refuses one that answers wrongly with [CallbackRefused].
func (c *Client) Subscribe(ctx context.Context, app App, callback, verifyToken string, fields []string) error {
	answer, err := c.as(ctx, app, http.MethodPost, url.Values{
		"object": {webhookObject}, "callback_url": {callback}, "verify_token": {verifyToken},
		"fields": {strings.Join(fields, ",")}, "include_values": {"true"},
	})
	if err != nil {
		return err
	}
	return succeeded(answer)
}

// own makes a call with the client's own token.
func (c *Client) own(ctx context.Context, method, path string, form url.Values) (value, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.accessToken(ctx)
	if err != nil {
		return nil, err
	}
	answer, _, err := c.administer(ctx, token, method, path, form)
	return answer, err
}

// as makes a call about an app's subscriptions, as the app.
func (c *Client) as(ctx context.Context, app App, method string, form url.Values) (value, error) {
	if err := checkID("app_id", app.ID); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, _, err := c.administer(ctx, app.token(), method, app.ID+"/subscriptions", form)
	return answer, err
}

// administer makes one call that may be repeated.
func (c *Client) administer(ctx context.Context, token, method, path string, form url.Values) (value, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, fmt.Errorf("whatsapp: build request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.http.Do(r)
	if err != nil {
		cause := causeOf(err)
		return nil, nil, &TransportError{Cause: cause, Written: cause != "dns" && cause != "dial" && cause != "tls", err: withoutURL(err)}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := bodyOf(response)
	if err != nil {
		return nil, nil, err
	}
	root, ok := parse(body)
	if !ok {
		return nil, nil, &TransportError{Cause: "answer", Written: true, err: errNotJSON}
	}
	return root, response.Header, nil
}

// succeeded reads the answer of a change; Meta writes its word as JSON's or as
// text.
func succeeded(answer value) error {
	said := answer.get("success")
	if text, _ := said.text(); said.kind() == kindTrue || text == "true" {
		return nil
	}
	return &TransportError{Cause: "answer", Written: true, err: errors.New("answer says no success")}
}

func checkID(field, id string) error {
	if !allDigits(id) {
		return &LimitError{Field: field, Rule: RuleDigits}
	}
	return nil
}
