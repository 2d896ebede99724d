package whatsapp

import "slices"

// Remedy is what a message that failed asks of whoever sent it.
type Remedy string

// The remedies.
const (
	// RemedyRetry: the same message may be accepted in a moment.
	RemedyRetry Remedy = "retry"
	// RemedyRetryLater: the same message may be accepted once a limit or a
	// maintenance has passed.
	RemedyRetryLater Remedy = "retry_later"
	// RemedyPermanent: this message will never reach this person.
	RemedyPermanent Remedy = "permanent"
	// RemedyNeedsTemplate: only a template reaches the person now.
	RemedyNeedsTemplate Remedy = "needs_template"
	// RemedyBlockedContact: the person cannot or does not want to be reached:
	// leave off what they have not asked for.
	RemedyBlockedContact Remedy = "blocked_contact"
	// RemedyConfigurationAlarm: a person of the business has to put something
	// right, or the next message fails as well.
	RemedyConfigurationAlarm Remedy = "configuration_alarm"
)

// Code is one of Meta's error codes, or a range of them that mean the same.
type Code struct {
	First, Last int
	Class       Class
	Remedy      Remedy
	// Account: the number or the account is barred, not this message.
	Account bool
	// StopsMarketing: what the person has not asked for is to be left off.
	StopsMarketing bool
	Meaning        string
}

// CodeStopped is that of a person who stopped marketing from this business, until a
// webhook says that they resume it.
const CodeStopped = 131050

// Codes are the error codes that this package knows, in ascending order.
func Codes() []Code { return slices.Clone(codes) }

// codes are Meta's table, sorted by First without overlap; the words are ours. The
// codes without a remedy of Meta's have the one of their class, and the rest of
// the choice follows what integrations in production do
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).
var codes = []Code{
	{First: 0, Last: 0, Class: ClassAuth, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "app or user cannot be authenticated"},
	{First: 1, Last: 1, Class: ClassTransient, Remedy: RemedyRetry, Meaning: "unknown failure of the API, ours or Meta's"},
	{First: 2, Last: 2, Class: ClassTransient, Remedy: RemedyRetry, Meaning: "API overloaded or down"},
	{First: 3, Last: 3, Class: ClassAuth, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "app lacks the capability or the permission"},
	{First: 4, Last: 4, Class: ClassRateNumber, Remedy: RemedyRetryLater, Meaning: "app calls the API too often"},
	{First: 10, Last: 10, Class: ClassAuth, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "permission missing or taken away"},
	{First: 33, Last: 33, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "business number deleted or unknown"},
	{First: 100, Last: 100, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "parameter invalid, unsupported or too long"},
	{First: 190, Last: 190, Class: ClassAuth, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "access token expired or invalid"},
	{First: 200, Last: 299, Class: ClassAuth, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "token was not granted the permission"},
	{First: 368, Last: 368, Class: ClassPolicy, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "account blocked for a while over a policy"},
	{First: 613, Last: 613, Class: ClassRateNumber, Remedy: RemedyRetryLater, Meaning: "too many calls of this kind"},
	{First: 80007, Last: 80007, Class: ClassRateNumber, Remedy: RemedyRetryLater, Meaning: "business account calls the API too often"},
	{First: 130429, Last: 130429, Class: ClassRateNumber, Remedy: RemedyRetryLater, Meaning: "number sends more a second than it may"},
	{First: 130472, Last: 130472, Class: ClassRecipient, Remedy: RemedyBlockedContact, Meaning: "person is in an experiment of Meta's and gets no marketing"},
	{First: 130497, Last: 130497, Class: ClassPolicy, Remedy: RemedyConfigurationAlarm, Meaning: "number may not write to people of this country"},
	{First: 131000, Last: 131000, Class: ClassTransient, Remedy: RemedyRetry, Meaning: "unknown failure"},
	{First: 131005, Last: 131005, Class: ClassAuth, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "access denied"},
	{First: 131008, Last: 131008, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "required parameter missing"},
	{First: 131009, Last: 131009, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "parameter value invalid"},
	{First: 131016, Last: 131016, Class: ClassTransient, Remedy: RemedyRetry, Meaning: "service unavailable"},
	{First: 131020, Last: 131020, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "group has one member only"},
	{First: 131021, Last: 131021, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "recipient is the sender"},
	{First: 131026, Last: 131026, Class: ClassRecipient, Remedy: RemedyBlockedContact, Meaning: "cannot be delivered: not on WhatsApp, too old an app, or the business is blocked"},
	{First: 131030, Last: 131030, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "recipient not on the test number's list"},
	{First: 131031, Last: 131031, Class: ClassPolicy, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "account locked"},
	{First: 131035, Last: 131035, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "lost, as nothing is stored for this number"},
	{First: 131036, Last: 131036, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "lost again, as nothing is stored for this number"},
	{First: 131037, Last: 131037, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "display name of the number not approved"},
	{First: 131041, Last: 131041, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "group unknown"},
	{First: 131042, Last: 131042, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "payment method missing or refused"},
	{First: 131044, Last: 131044, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "payment method for calls missing or refused"},
	{First: 131045, Last: 131045, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "number not registered properly"},
	{First: 131047, Last: 131047, Class: ClassWindow, Remedy: RemedyNeedsTemplate, Meaning: "more than 24 hours since the person wrote"},
	{First: 131048, Last: 131048, Class: ClassPolicy, Remedy: RemedyConfigurationAlarm, StopsMarketing: true, Meaning: "too many people reported the number as spam"},
	{First: 131049, Last: 131049, Class: ClassPolicy, Remedy: RemedyBlockedContact, StopsMarketing: true, Meaning: "person gets enough marketing already"},
	{First: 131050, Last: 131050, Class: ClassPolicy, Remedy: RemedyBlockedContact, StopsMarketing: true, Meaning: "person stopped marketing from this business"},
	{First: 131051, Last: 131051, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "message type not supported"},
	{First: 131052, Last: 131052, Class: ClassInbound, Remedy: RemedyPermanent, Meaning: "media of the person could not be fetched"},
	{First: 131053, Last: 131053, Class: ClassMedia, Remedy: RemedyPermanent, Meaning: "media could not be stored or fetched"},
	{First: 131055, Last: 131055, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "method not allowed for this message"},
	{First: 131056, Last: 131056, Class: ClassRatePair, Remedy: RemedyRetryLater, Meaning: "too many messages to this person in a short time"},
	{First: 131057, Last: 131057, Class: ClassTransient, Remedy: RemedyRetryLater, Meaning: "account in maintenance for about a minute"},
	{First: 131059, Last: 131059, Class: ClassRequest, Remedy: RemedyPermanent, Meaning: "cursor of a group's list invalid"},
	{First: 131060, Last: 131060, Class: ClassInbound, Remedy: RemedyPermanent, Meaning: "message no longer available"},
	{First: 131062, Last: 131062, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "not possible to a user id, only to a number"},
	{First: 131063, Last: 131063, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "marketing templates not enabled for this API"},
	{First: 131064, Last: 131064, Class: ClassPolicy, Remedy: RemedyConfigurationAlarm, StopsMarketing: true, Meaning: "messaging limit reached over wrongly classified templates"},
	{First: 131201, Last: 131207, Class: ClassRequest, Remedy: RemedyPermanent, Meaning: "group operation refused"},
	{First: 131208, Last: 131208, Class: ClassRateNumber, Remedy: RemedyRetryLater, Meaning: "too many group operations"},
	{First: 131209, Last: 131215, Class: ClassRequest, Remedy: RemedyPermanent, Meaning: "group operation refused"},
	{First: 132000, Last: 132000, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template has another number of parameters"},
	{First: 132001, Last: 132001, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template missing in this language, or not approved"},
	{First: 132005, Last: 132005, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template too long once filled in"},
	{First: 132007, Last: 132007, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template breaks the rules on characters"},
	{First: 132008, Last: 132008, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template parameter invalid"},
	{First: 132012, Last: 132012, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template parameter of another format"},
	{First: 132015, Last: 132015, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template paused for its quality"},
	{First: 132016, Last: 132016, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template disabled for good"},
	{First: 132018, Last: 132018, Class: ClassTemplate, Remedy: RemedyConfigurationAlarm, Meaning: "template parameter or component invalid"},
	{First: 132068, Last: 132068, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "Flow blocked"},
	{First: 132069, Last: 132069, Class: ClassRateNumber, Remedy: RemedyRetryLater, Meaning: "Flow throttled to ten messages an hour"},
	{First: 133000, Last: 133000, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "earlier deregistration of the number incomplete"},
	{First: 133004, Last: 133004, Class: ClassTransient, Remedy: RemedyRetryLater, Meaning: "registration server unavailable"},
	{First: 133005, Last: 133005, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "two-step PIN wrong"},
	{First: 133006, Last: 133006, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "number must be verified again"},
	{First: 133008, Last: 133008, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "too many guesses of the PIN"},
	{First: 133009, Last: 133009, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "PIN guessed too fast"},
	{First: 133010, Last: 133010, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "number not registered"},
	{First: 133015, Last: 133015, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "number deleted a moment ago"},
	{First: 133016, Last: 133016, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Account: true, Meaning: "number registered too often"},
	{First: 134011, Last: 134011, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "terms of payments not accepted"},
	{First: 134100, Last: 134100, Class: ClassRequest, Remedy: RemedyConfigurationAlarm, Meaning: "only marketing may be sent this way"},
	{First: 134101, Last: 134101, Class: ClassRequest, Remedy: RemedyRetryLater, Meaning: "template being copied, up to ten minutes"},
	{First: 134102, Last: 134102, Class: ClassTransient, Remedy: RemedyRetryLater, Meaning: "template not available yet"},
	{First: 135000, Last: 135000, Class: ClassTransient, Remedy: RemedyRetry, Meaning: "parameters refused without a reason, now and then wrongly"},
	{First: 137000, Last: 137000, Class: ClassRecipient, Remedy: RemedyPermanent, Meaning: "identity of the person changed"},
	{First: 1752041, Last: 1752041, Class: ClassOps, Remedy: RemedyPermanent, Meaning: "partner request sent twice"},
	{First: 2388001, Last: 2388299, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "template management refused"},
	{First: 2494100, Last: 2494100, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "account in the course of a migration"},
	{First: 2593079, Last: 2593079, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "account in the course of a transfer"},
	{First: 2593085, Last: 2593085, Class: ClassOps, Remedy: RemedyConfigurationAlarm, Meaning: "account not fit for a transfer"},
	{First: 2593107, Last: 2593107, Class: ClassOps, Remedy: RemedyPermanent, Meaning: "history already asked for"},
	{First: 2593108, Last: 2593108, Class: ClassOps, Remedy: RemedyPermanent, Meaning: "history asked for too late"},
}
