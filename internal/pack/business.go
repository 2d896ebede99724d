package pack

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/otto"
)

// The years for which a yearly holiday is written out.
const (
	firstYear = 2020
	lastYear  = 2099
)

// contacts are the only ways to reach the business that its texts may name.
type contacts struct {
	emails, hosts, phones map[string]bool
}

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	phone      = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	spanForm   = regexp.MustCompile(`^([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)
)

// business reads business.yaml: name, assistant and purpose; time_zone, hours
// and holidays; contacts; the page about the business; verticals.
func (l *loader) business(o *object) {
	p := &l.pack
	p.Name = o.text("name").value
	p.Assistant = o.text("assistant").value
	p.Purpose = l.say(o.text("purpose"), 300)
	p.Business = l.say(o.text("page"), 8000)
	if zone := o.text("time_zone"); zone.value != "" {
		location, err := time.LoadLocation(zone.value)
		if err != nil || strings.EqualFold(zone.value, "local") {
			o.fault(zone.line, "time_zone: no such zone")
		} else {
			p.Location = location
		}
	}
	l.hours(o.object("hours"))
	p.Hours.Holidays = holidays(o.objects("holidays"))
	l.contacts = readContacts(o)
	for _, vertical := range o.objects("verticals") {
		l.vertical(vertical)
	}
	o.done()
}

func (l *loader) vertical(o *object) {
	id := o.text("id")
	if id.value != "" && !identifier.MatchString(id.value) {
		o.fault(id.line, "id must be lower-case letters, digits and _")
	}
	l.unique("vertical", id)
	v := otto.Vertical{
		ID:    id.value,
		Name:  o.text("name").value,
		Offer: l.say(o.text("offer"), 300),
	}
	folded := map[string]bool{}
	for _, keyword := range o.texts("keywords") {
		word := otto.Fold(keyword.value)
		switch {
		case keyword.value == "":
		case word == "":
			o.fault(keyword.line, "keyword %q has no letter", keyword.value)
		case folded[word]:
			o.fault(keyword.line, "keyword %q is given twice", keyword.value)
		}
		folded[word] = true
		v.Keywords = append(v.Keywords, keyword.value)
	}
	o.done()
	l.pack.Verticals = append(l.pack.Verticals, v)
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
				o.fault(spans.line, "%s: want spans such as 09:00-12:00, 13:00-18:00, each beginning before it ends", strings.ToLower(day.String()))
				break
			}
			week := &l.pack.Hours.Week[day]
			if n := len(*week); n > 0 && (*week)[n-1].To > span.From {
				o.fault(spans.line, "%s: spans overlap or are out of order", strings.ToLower(day.String()))
				break
			}
			*week = append(*week, span)
		}
	}
	o.done()
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

// holidays are closed days: a date, or a month and day of every year.
func holidays(list []*object) map[string]bool {
	days := map[string]bool{}
	for _, o := range list {
		date, yearly := o.maybe("date"), o.maybe("yearly")
		o.text("name")
		o.done()
		switch {
		case (date.value == "") == (yearly.value == ""):
			o.fault(o.line, "a holiday has either a date or a yearly day")
		case date.value != "":
			if _, err := time.Parse(time.DateOnly, date.value); err != nil {
				o.fault(date.line, "date: no such day; want year-month-day")
				continue
			}
			if days[date.value] {
				o.fault(date.line, "date: given twice")
			}
			days[date.value] = true
		default:
			found := false
			for year := firstYear; year <= lastYear; year++ {
				day := fmt.Sprintf("%d-%s", year, yearly.value)
				if _, err := time.Parse(time.DateOnly, day); err == nil {
					days[day], found = true, true
				}
			}
			if !found {
				o.fault(yearly.line, "yearly: no such day; want month-day")
			}
		}
	}
	return days
}

func readContacts(o *object) contacts {
	c := contacts{emails: map[string]bool{}, hosts: map[string]bool{}, phones: map[string]bool{}}
	own := o.object("contacts")
	for _, t := range own.texts("emails") {
		if address, err := mail.ParseAddress(t.value); t.value != "" && (err != nil || address.Address != t.value) {
			own.fault(t.line, "emails: not an e-mail address")
		}
		c.emails[strings.ToLower(t.value)] = true
	}
	for _, t := range own.texts("sites") {
		site, err := url.Parse(t.value)
		if t.value != "" && (err != nil || site.Scheme != "https" || site.Hostname() == "" || site.User != nil) {
			own.fault(t.line, "sites: want an address that begins with https://")
			continue
		}
		if t.value != "" {
			c.hosts[strings.ToLower(site.Hostname())] = true
		}
	}
	for _, t := range own.texts("phones") {
		if t.value != "" && !phone.MatchString(t.value) {
			own.fault(t.line, "phones: want + and 7 to 15 digits, in quotes")
		}
		c.phones[strings.TrimPrefix(t.value, "+")] = true
	}
	own.done()
	return c
}

var (
	anyEmail = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	anySite  = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s"'<>()]+`)
	anyPhone = regexp.MustCompile(`\+[0-9][0-9 ().-]{6,}[0-9]|(?:\(?\b[0-9]{2}\)?[ .-]?)?\b[0-9]{4,5}[ .-]?[0-9]{4}\b`)
)

// foreign names the first kind of contact in a text that the business does not
// list as its own; empty when all are.
func (c contacts) foreign(s string) string {
	for _, email := range anyEmail.FindAllString(s, -1) {
		if !c.emails[strings.ToLower(email)] {
			return "e-mail"
		}
	}
	s = anyEmail.ReplaceAllString(s, " ")
	for _, site := range anySite.FindAllString(s, -1) {
		if !strings.Contains(site, "://") {
			site = "https://" + site
		}
		u, err := url.Parse(strings.TrimRight(site, ".,;:!?"))
		if err != nil || !c.hosts[strings.ToLower(u.Hostname())] {
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
		if !slices.ContainsFunc(keys(c.phones), func(own string) bool { return strings.HasSuffix(own, digits) }) {
			return "phone"
		}
	}
	return ""
}
