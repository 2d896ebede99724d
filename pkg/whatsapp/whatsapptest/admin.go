package whatsapptest

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// DefaultAppID is the app of a server that was told no other.
const DefaultAppID = "855000000000005"

// Administration is what the calls about token, numbers and subscriptions find.
type Administration struct {
	// AppID is the app that tokens are of; empty means DefaultAppID.
	AppID string
	// Scopes are the token's; nil means both that WhatsApp has.
	Scopes []string
	// TokenLife is how long a token lives from now on: zero for ever, and a
	// negative one is over.
	TokenLife time.Duration
	// Numbers are how numbers stand; one that is missing is healthy.
	Numbers map[string]whatsapp.NumberInfo
	// Subscription is the app's; nil means none.
	Subscription *whatsapp.Subscription
	// Subscribers are the apps that the account's webhooks go to.
	Subscribers []whatsapp.Subscriber
}

// Healthy is an administration in which nothing is wrong: webhooks of all of
// these fields go to the callback.
func Healthy(callback string, fields ...string) Administration {
	return Administration{
		TokenLife:    60 * 24 * time.Hour,
		Subscription: &whatsapp.Subscription{Callback: callback, Active: true, Fields: slices.Sorted(slices.Values(fields))},
		Subscribers:  []whatsapp.Subscriber{{AppID: DefaultAppID}},
	}
}

// Administer changes what the calls about token, numbers and subscriptions find.
func (s *Server) Administer(a Administration) {
	s.update(func() { s.admin = a })
}

// Administration is what those calls find now.
func (s *Server) Administration() Administration {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.admin
	a.Numbers, a.Subscribers = maps.Clone(a.Numbers), slices.Clone(a.Subscribers)
	if a.Subscription != nil {
		copied := *a.Subscription
		a.Subscription = &copied
	}
	return a
}

// challengePatience is how long Meta waits for the answer to its challenge.
const challengePatience = 5 * time.Second

var (
	debugPath         = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/debug_token$`)
	numberPath        = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([0-9]+)$`)
	subscribersPath   = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([0-9]+)/subscribed_apps$`)
	subscriptionsPath = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([0-9]+)/subscriptions$`)
)

// isAdmin reports whether a request is one of those. A number and a file are asked
// for by the same path, and told apart by the fields that are asked of a number.
func isAdmin(r *http.Request) bool {
	path := r.URL.Path
	return debugPath.MatchString(path) || subscribersPath.MatchString(path) || subscriptionsPath.MatchString(path) ||
		numberPath.MatchString(path) && strings.Contains(r.URL.Query().Get("fields"), "quality_rating")
}

func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) *refusal {
	// A reader of this header is after the time of day.
	w.Header().Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return refuse(100, "Invalid parameter")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return refuse(100, "Invalid parameter")
	}
	a := s.Administration()
	if path := subscriptionsPath.FindStringSubmatch(r.URL.Path); path != nil {
		return s.subscriptions(w, r, a, path[1], form)
	}
	if !s.authorized(r) || a.TokenLife < 0 {
		return &refusal{status: http.StatusUnauthorized, code: 190, subcode: 463, details: "Invalid OAuth access token"}
	}
	switch path := subscribersPath.FindStringSubmatch(r.URL.Path); {
	case path != nil && path[1] != or(s.options.AccountID, DefaultAccountID):
		return &refusal{status: http.StatusBadRequest, code: 100, subcode: 33, details: "Object does not exist"}
	case path != nil && r.Method == http.MethodPost:
		return s.subscribeAccount(w, r, a, form)
	case r.Method != http.MethodGet:
		return &refusal{status: http.StatusNotFound, code: 2500, details: "Unknown path components"}
	case path != nil:
		writeSubscribers(w, a)
		return nil
	case debugPath.MatchString(r.URL.Path):
		s.debugToken(w, r, a)
		return nil
	default:
		return s.number(w, a, numberPath.FindStringSubmatch(r.URL.Path)[1])
	}
}

func (s *Server) debugToken(w http.ResponseWriter, r *http.Request, a Administration) {
	token := r.URL.Query().Get("input_token")
	scopes := a.Scopes
	if scopes == nil {
		scopes = []string{whatsapp.ScopeManagement, whatsapp.ScopeMessaging}
	}
	expires := int64(0)
	if a.TokenLife != 0 {
		expires = s.options.Now().Add(a.TokenLife).Unix()
	}
	writeJSON(w, http.StatusOK, object{"data": object{
		"app_id": or(a.AppID, DefaultAppID), "type": "SYSTEM_USER", "application": "Stand-in",
		"is_valid": token != "" && (s.options.Token == "" || token == s.options.Token), "expires_at": expires, "scopes": scopes,
	}})
}

func (s *Server) number(w http.ResponseWriter, a Administration, id string) *refusal {
	if len(s.options.PhoneNumberIDs) > 0 && !slices.Contains(s.options.PhoneNumberIDs, id) {
		return &refusal{status: http.StatusBadRequest, code: 100, subcode: 33, details: "Object does not exist"}
	}
	n, ok := a.Numbers[id]
	if !ok {
		n = whatsapp.NumberInfo{Status: "CONNECTED", Quality: "GREEN", NameStatus: "APPROVED", Throughput: "STANDARD"}
	}
	writeJSON(w, http.StatusOK, object{
		"status": n.Status, "quality_rating": n.Quality, "name_status": n.NameStatus, "throughput": object{"level": n.Throughput}, "id": id,
	})
	return nil
}

// subscriptions answers an app about itself, and nobody else.
func (s *Server) subscriptions(w http.ResponseWriter, r *http.Request, a Administration, app string, form url.Values) *refusal {
	own := or(a.AppID, DefaultAppID)
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	id, secret, _ := strings.Cut(token, "|")
	if app != own || id != own || secret == "" || len(s.options.AppSecret) > 0 && secret != string(s.options.AppSecret) {
		return &refusal{status: http.StatusUnauthorized, code: 190, details: "Invalid OAuth access token signature"}
	}
	if r.Method == http.MethodGet {
		writeSubscription(w, a)
		return nil
	}
	callback, fields := form.Get("callback_url"), strings.Split(form.Get("fields"), ",")
	switch {
	case r.Method != http.MethodPost:
		return &refusal{status: http.StatusNotFound, code: 2500, details: "Unknown path components"}
	case form.Get("object") != "whatsapp_business_account" || form.Get("fields") == "":
		return refuse(100, "Invalid parameter")
	case !s.challenged(r.Context(), callback, form.Get("verify_token")):
		return refuse(whatsapp.CallbackRefused, "Callback verification failed")
	}
	s.update(func() {
		s.admin.Subscription = &whatsapp.Subscription{Callback: callback, Active: true, Fields: slices.Sorted(slices.Values(fields))}
	})
	writeJSON(w, http.StatusOK, object{"success": true})
	return nil
}

func (s *Server) subscribeAccount(w http.ResponseWriter, r *http.Request, a Administration, form url.Values) *refusal {
	override := form.Get("override_callback_uri")
	if override != "" && !s.challenged(r.Context(), override, form.Get("verify_token")) {
		return refuse(whatsapp.CallbackRefused, "Callback verification failed")
	}
	own := whatsapp.Subscriber{AppID: or(a.AppID, DefaultAppID), Override: override}
	s.update(func() {
		s.admin.Subscribers = append(slices.DeleteFunc(slices.Clone(s.admin.Subscribers),
			func(other whatsapp.Subscriber) bool { return other.AppID == own.AppID }), own)
	})
	writeJSON(w, http.StatusOK, object{"success": true})
	return nil
}

// challenged reports whether an address answers Meta's challenge.
func (s *Server) challenged(ctx context.Context, callback, token string) bool {
	ctx, cancel := context.WithTimeout(ctx, challengePatience)
	defer cancel()
	const challenge = "1158201444"
	query := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {token}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, callback+"?"+query.Encode(), nil)
	if err != nil {
		return false
	}
	response, err := s.options.WebhookClient.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	return err == nil && response.StatusCode == http.StatusOK && string(answer) == challenge
}

func writeSubscribers(w http.ResponseWriter, a Administration) {
	data := []any{}
	for _, app := range a.Subscribers {
		entry := object{"whatsapp_business_api_data": object{"id": app.AppID, "name": "Stand-in"}}
		if app.Override != "" {
			entry["override_callback_uri"] = app.Override
		}
		data = append(data, entry)
	}
	writeJSON(w, http.StatusOK, object{"data": data})
}

func writeSubscription(w http.ResponseWriter, a Administration) {
	data := []any{}
	if a.Subscription != nil {
		fields := []any{}
		for _, name := range a.Subscription.Fields {
			fields = append(fields, object{"name": name, "version": "v26.0"})
		}
		data = append(data, object{
			"object": "whatsapp_business_account", "callback_url": a.Subscription.Callback, "active": a.Subscription.Active, "fields": fields,
		})
	}
	writeJSON(w, http.StatusOK, object{"data": data})
}
