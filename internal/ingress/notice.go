package ingress

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// notice is something that Meta reports about the account, or about who is in
// charge of its chats. It makes no task: it is told to whoever watches the log.
type notice struct {
	name     telemetry.EventName
	severity telemetry.Severity
	field    string // of the webhook
	word     string // what happened, in Meta's word
	code     int    // Meta's error code, if it is an error
}

func (n notice) event() telemetry.Event {
	e := telemetry.Event{Name: n.name, Severity: n.severity, Fields: []telemetry.Field{telemetry.Kind(n.field)}}
	if n.word != "" {
		e.Fields = append(e.Fields, telemetry.Reason(n.word))
	}
	if n.code != 0 {
		e.Fields = append(e.Fields, telemetry.Code(n.code))
	}
	return e
}

// tell has every notice of a webhook logged, each by itself: an alert counts
// events, and one webhook may hold several.
func (i *Ingress) tell(ctx context.Context, m *mail) {
	if i.o.Tell == nil {
		return
	}
	for _, n := range m.notices {
		i.o.Tell(ctx, n.event())
	}
}

// noticed reads a field that carries no messages of ours.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
func noticed(e whatsapp.Element) notice {
	n := notice{name: telemetry.AccountNotice, field: e.Field}
	if e.Kind == whatsapp.KindUnknown {
		// Meta adds fields often, and whoever operates this decides whether they matter.
		n.field, n.severity = "unknown", telemetry.SeverityInfo
		return n
	}
	var v struct {
		Event      string `json:"event"`
		Decision   string `json:"decision"`
		Status     string `json:"status"`
		NewStatus  string `json:"new_status"`
		NewQuality string `json:"new_quality_score"`
		Alert      string `json:"alert_state"`
		AlertType  string `json:"alert_type"`
		AlertLevel string `json:"alert_severity"`
		AlertInfo  struct {
			Type  string `json:"alert_type"`
			Level string `json:"alert_severity"`
		} `json:"alert_info"`
	}
	if json.Unmarshal(e.Raw, &v) != nil {
		// A value of another shape is still news of that field.
		n.severity = telemetry.SeverityWarning
		return n
	}
	switch e.Field {
	case "standby":
		// Somebody else answers these people, and nothing of ours reaches them.
		n.name, n.severity = telemetry.StandbyMessage, telemetry.SeverityError
	case "messaging_handovers":
		n.severity = telemetry.SeverityError
	case "account_alerts":
		level := v.AlertInfo.Level + v.AlertLevel
		n.word, n.severity = v.AlertInfo.Type+v.AlertType, graded(level)
	case "flows":
		n.word, n.severity = v.Event, flowNews(v.Event, v.Alert, v.NewStatus)
	case "message_template_quality_update", "message_template_status_update":
		// Meta's own sample of the one names the other: what is in it decides.
		if n.word, n.severity = v.Event, graded(v.Event); v.NewQuality != "" {
			n.word, n.severity = v.NewQuality, graded(v.NewQuality)
		}
	case "template_category_update":
		n.severity = telemetry.SeverityWarning // It changes what a message costs.
	case "account_update", "account_review_update", "business_username_update", "payment_configuration_update",
		"phone_number_name_update", "phone_number_quality_update", "security":
		for _, word := range []string{v.Event, v.Decision, v.Status} {
			if n.word = word; word != "" {
				break
			}
		}
		n.severity = graded(n.word)
		if e.Field == "payment_configuration_update" && n.severity > telemetry.SeverityInfo {
			n.severity = telemetry.SeverityCritical
		}
		if e.Field == "account_review_update" && n.word == "REJECTED" {
			n.severity = telemetry.SeverityCritical
		}
	}
	n.word = word(n.word)
	return n
}

// graded is how much somebody should care about what happened, by Meta's word
// for it. A word that nobody has graded is a warning.
func graded(word string) telemetry.Severity {
	switch word {
	case "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "ACCOUNT_RESTRICTION", "CRITICAL", "DISABLED_UPDATE", "PHONE_NUMBER_REMOVED":
		return telemetry.SeverityCritical
	case "ACCOUNT_VIOLATION", "DISABLED", "DOWNGRADE", "FLAGGED", "LIMIT_EXCEEDED", "PARTNER_APP_UNINSTALLED",
		"PARTNER_REMOVED", "PAUSED", "RED", "REJECTED":
		return telemetry.SeverityError
	case "ACCOUNT_RECONNECTED", "ACTIVE", "AD_ACCOUNT_LINKED", "APPROVED", "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
		"BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", "GREEN", "INFORMATIONAL", "IN_APPEAL", "MM_LITE_TERMS_SIGNED",
		"ONBOARDING", "PARTNER_ADDED", "PARTNER_APP_INSTALLED", "PENDING", "PHONE_NUMBER_ADDED", "REINSTATED",
		"THROUGHPUT_UPGRADE", "UNARCHIVED", "UNFLAGGED", "UNKNOWN", "UPGRADE", "VERIFIED_ACCOUNT",
		"VOLUME_BASED_PRICING_TIER_UPDATE", "active", "approved", "reserved":
		return telemetry.SeverityInfo
	default:
		return telemetry.SeverityWarning
	}
}

// flowNews grades news of a Flow. What its endpoint does is ours; an alarm that
// ended is good news.
func flowNews(event, alert, status string) telemetry.Severity {
	switch {
	case alert == "DEACTIVATED":
		return telemetry.SeverityInfo
	case alert == "ACTIVATED", status == "BLOCKED", status == "THROTTLED":
		return telemetry.SeverityError
	case event == "FLOW_STATUS_CHANGE":
		return telemetry.SeverityInfo
	default:
		return telemetry.SeverityWarning
	}
}

// failed is an error that belongs to no message.
func failed(e whatsapp.Element) notice {
	return notice{
		name: telemetry.AccountNotice, severity: failure(e.Error.Code), field: "errors", code: e.Error.Code,
	}
}

// failure grades an error code. Those that stop every message of the account
// until a person acts are critical.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func failure(code int) telemetry.Severity {
	switch code {
	case 0, 10, 190, 200, 368, 130497, 131005, 131031, 131042, 131045, 133010:
		return telemetry.SeverityCritical
	case 4, 80007, 130429, 131048, 131056:
		return telemetry.SeverityWarning
	default:
		return telemetry.SeverityError
	}
}

// maxWord is longer than any of Meta's names for events.
const maxWord = 60

// word lets only what can be a name of an event into the log, in words: a long
// run of letters would be taken for a key there, and blotted out.
func word(s string) string {
	if len(s) > maxWord {
		return "other"
	}
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return "other"
		}
	}
	return strings.ReplaceAll(s, "_", " ")
}
