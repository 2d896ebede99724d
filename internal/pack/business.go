package pack

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// The years for which a yearly holiday is written out.
const (
	firstYear = 2020
	lastYear  = 2099
)

// farthest is how far from Easter a holiday may be said to be, in days.
const farthest = 180

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	phone      = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	// What Meta accepts as the name and the language of a template.
	templateName     = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
	templateLanguage = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
	spanForm         = regexp.MustCompile(`^([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)
)

// business reads business.yaml: name, assistant and purpose; time_zone, hours
// and holidays; how fast the team answers and how it meets leads; templates; contacts; the
// page about the business; verticals.
func (l *loader) business(o *object) {
	p := &l.pack
	p.Name = o.text("name").value
	p.Assistant = o.text("assistant").value
	p.Purpose = l.say(o.text("purpose"), 300)
	p.Business = l.tell(o.text("page"), 8000)
	if zone := o.text("time_zone"); zone.value != "" {
		location, err := time.LoadLocation(zone.value)
		if err != nil || strings.EqualFold(zone.value, "local") {
			o.Fault(zone.line, "time_zone: no such zone")
		} else {
			p.Location = location
		}
	}
	l.hours(o.object("hours"))
	p.Hours.Holidays = holidays(o.objects("holidays"))
	if team := o.optional("handoff"); team != nil {
		p.AnswerWithin = team.span("answer_within")
		team.Done()
	}
	if templates := o.optional("templates"); templates != nil {
		l.templates(templates)
	}
	if m := o.optional("meetings"); m != nil {
		l.meetings(m)
	}
	p.Contacts = readContacts(o)
	for _, vertical := range o.objects("verticals") {
		l.vertical(vertical)
	}
	o.Done()
}

// templates are messages that Meta approved, by their names there.
func (l *loader) templates(o *object) {
	if reopen := o.optional("reopen"); reopen != nil {
		name, language := reopen.text("name"), reopen.text("language")
		if name.value != "" && !templateName.MatchString(name.value) {
			reopen.Fault(name.line, "name must be lower-case letters, digits and _")
		}
		if language.value != "" && !templateLanguage.MatchString(language.value) {
			reopen.Fault(language.line, "language must be a code such as pt_BR")
		}
		l.pack.Invitation = conversation.Template{Name: name.value, Language: language.value}
		reopen.Done()
	}
	o.Done()
}

func (l *loader) vertical(o *object) {
	id := o.text("id")
	if id.value != "" && !identifier.MatchString(id.value) {
		o.Fault(id.line, "id must be lower-case letters, digits and _")
	}
	l.unique("vertical", id)
	v := otto.Vertical{
		ID:    id.value,
		Name:  o.text("name").value,
		Offer: l.say(o.text("offer"), 300),
	}
	for _, keyword := range words(o, "keywords", "keyword") {
		v.Keywords = append(v.Keywords, keyword.value)
	}
	o.Done()
	l.pack.Verticals = append(l.pack.Verticals, v)
}

// words is an optional list of words of a lead, each of which means something
// and none of which is there twice.
func words(o *object, key, one string) []text {
	folded := map[string]bool{}
	var list []text
	for _, t := range o.texts(key) {
		word := otto.Fold(t.value)
		switch {
		case t.value == "":
		case word == "":
			o.Fault(t.line, "%s %q has no letter", one, t.value)
		case folded[word]:
			o.Fault(t.line, "%s %q is given twice", one, t.value)
		}
		folded[word] = true
		list = append(list, t)
	}
	return list
}

func (l *loader) meetings(o *object) {
	m := otto.Meetings{Offered: true, Notice: o.span("notice"), Every: o.span("every")}
	m.Days, _, _ = o.number("days")
	if form := o.optional("flow"); form != nil {
		m.Flow = otto.Flow{ID: form.text("id").value, Label: l.say(form.text("label"), maxFlowLabel)}
		form.Done()
	}
	o.Done()
	for _, what := range m.Faults() {
		o.Fault(o.Line, "meetings: %s", what)
	}
	l.pack.Meetings = m
}

func (l *loader) hours(o *object) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		spans := o.maybe(strings.ToLower(day.String()))
		if spans.value == "" {
			continue
		}
		for part := range strings.SplitSeq(spans.value, ",") {
			span, ok := parseSpan(strings.TrimSpace(part))
			if !ok {
				o.Fault(spans.line, "%s: want spans such as 09:00-12:00, 13:00-18:00, each beginning before it ends", strings.ToLower(day.String()))
				break
			}
			week := &l.pack.Hours.Week[day]
			if n := len(*week); n > 0 && (*week)[n-1].To > span.From {
				o.Fault(spans.line, "%s: spans overlap or are out of order", strings.ToLower(day.String()))
				break
			}
			*week = append(*week, span)
		}
	}
	o.Done()
}

func parseSpan(s string) (otto.Span, bool) {
	m := spanForm.FindStringSubmatch(s)
	if m == nil {
		return otto.Span{}, false
	}
	minutes := func(hour, minute string) int {
		return (int(hour[0]-'0')*10+int(hour[1]-'0'))*60 + int(minute[0]-'0')*10 + int(minute[1]-'0')
	}
	span := otto.Span{From: minutes(m[1], m[2]), To: minutes(m[3], m[4])}
	return span, span.From < span.To && span.To <= 24*60
}

// holidays are closed days: a date, a month and day of every year, or a number
// of days from Easter Sunday of every year.
func holidays(list []*object) map[string]bool {
	days := map[string]bool{}
	for _, o := range list {
		date, yearly := o.maybe("date"), o.maybe("yearly")
		from, line, movable := o.number("easter")
		o.text("name")
		o.Done()
		given := 0
		for _, is := range []bool{date.value != "", yearly.value != "", movable} {
			if is {
				given++
			}
		}
		switch {
		case given != 1:
			o.Fault(o.Line, "a holiday has either a date, a yearly day or its days from easter")
		case date.value != "":
			if _, err := time.Parse(time.DateOnly, date.value); err != nil {
				o.Fault(date.line, "date: no such day; want year-month-day")
				continue
			}
			if days[date.value] {
				o.Fault(date.line, "date: given twice")
			}
			days[date.value] = true
		case movable:
			if from < -farthest || from > farthest {
				o.Fault(line, "easter: at most %d days before (-) or after it", farthest)
				continue
			}
			for year := firstYear; year <= lastYear; year++ {
				days[easter(year).AddDate(0, 0, from).Format(time.DateOnly)] = true
			}
		default:
			found := false
			for year := firstYear; year <= lastYear; year++ {
				day := fmt.Sprintf("%d-%s", year, yearly.value)
				if _, err := time.Parse(time.DateOnly, day); err == nil {
					days[day], found = true, true
				}
			}
			if !found {
				o.Fault(yearly.line, "yearly: no such day; want month-day")
			}
		}
	}
	return days
}

// easter is Easter Sunday of a year of the Gregorian calendar, by the
// anonymous algorithm that Meeus gives; the names are his.
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

func readContacts(o *object) otto.Contacts {
	var c otto.Contacts
	own := o.object("contacts")
	for _, t := range own.texts("emails") {
		if address, err := mail.ParseAddress(t.value); t.value != "" && (err != nil || address.Address != t.value) {
			own.Fault(t.line, "emails: not an e-mail address")
		}
		c.Emails = append(c.Emails, strings.ToLower(t.value))
	}
	for _, t := range own.texts("sites") {
		site, err := url.Parse(t.value)
		if t.value != "" && (err != nil || site.Scheme != "https" || site.Hostname() == "" || site.User != nil) {
			own.Fault(t.line, "sites: want an address that begins with https://")
			continue
		}
		if t.value != "" {
			c.Hosts = append(c.Hosts, strings.ToLower(site.Hostname()))
		}
	}
	for _, t := range own.texts("phones") {
		if t.value != "" && !phone.MatchString(t.value) {
			own.Fault(t.line, "phones: want + and 7 to 15 digits, in quotes")
		}
		c.Phones = append(c.Phones, strings.TrimPrefix(t.value, "+"))
	}
	c.Address = own.maybe("address").value
	own.Done()
	return c
}

var (
	anyEmail = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	anySite  = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s"'<>()]+`)
	anyPhone = regexp.MustCompile(`\+[0-9][0-9 ().-]{6,}[0-9]|(?:\(?\b[0-9]{2}\)?[ .-]?)?\b[0-9]{4,5}[ .-]?[0-9]{4}\b`)
)

// foreign names the first kind of contact in a text that the business does not
// list as its own; empty when all are.
func foreign(c otto.Contacts, s string) string {
	for _, email := range anyEmail.FindAllString(s, -1) {
		if !slices.Contains(c.Emails, strings.ToLower(email)) {
			return "e-mail"
		}
	}
	s = anyEmail.ReplaceAllString(s, " ")
	for _, site := range anySite.FindAllString(s, -1) {
		if !strings.Contains(site, "://") {
			site = "https://" + site
		}
		u, err := url.Parse(strings.TrimRight(site, ".,;:!?"))
		if err != nil || !slices.Contains(c.Hosts, strings.ToLower(u.Hostname())) {
			return "site"
		}
	}
	s = anySite.ReplaceAllString(s, " ")
	for _, found := range anyPhone.FindAllString(s, -1) {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, found)
		if !slices.ContainsFunc(c.Phones, func(own string) bool { return strings.HasSuffix(own, digits) }) {
			return "phone"
		}
	}
	return ""
}
