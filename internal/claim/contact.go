package claim

import (
	"slices"
	"strings"
)

// maxNumberDigits is the longest telephone number there is, in digits.
const maxNumberDigits = 15

// contacts claims addresses, telephone numbers and documents.
func (r *reader) contacts() {
	r.addresses()
	for i := 0; i < len(r.tokens); i++ {
		if r.taken[i] {
			continue
		}
		if next := r.dialled(i); next > i {
			i = next - 1
		} else if next := r.spoken(i); next > i {
			i = next - 1
		}
	}
}

// hostByte reports whether a folded character may stand in a name of the web
// or before an @.
func hostByte(b byte) bool {
	return letter(b) || digit(b) || strings.IndexByte(".-_+%", b) >= 0
}

// addresses claims e-mail and web addresses. Each character is looked at a
// fixed number of times.
func (r *reader) addresses() {
	s := r.f.text
	for i := 0; i < len(s); {
		if !hostByte(s[i]) {
			if i++; s[i-1] == '@' {
				i = r.handle(i)
			}
			continue
		}
		end := i
		for end < len(s) && hostByte(s[end]) {
			end++
		}
		switch {
		case end < len(s) && s[end] == '@':
			end = r.email(i, end)
		case strings.HasPrefix(s[end:], "://"):
			end = r.link(i, end+len("://"))
		default:
			end = r.bare(i, end)
		}
		i = end
	}
}

// minHandle is the shortest name of a profile, in bytes.
const minHandle = 3

// handle claims the name of a profile that stands after an @, and returns where
// it goes on: @loja.oficial.
func (r *reader) handle(i int) int {
	s := r.f.text
	end := i
	for end < len(s) && hostByte(s[end]) {
		end++
	}
	next := end
	for end > i && !letter(s[end-1]) && !digit(s[end-1]) {
		end--
	}
	if end-i < minHandle || !strings.ContainsAny(s[i:end], "abcdefghijklmnopqrstuvwxyz") {
		return i
	}
	r.claimBytes(Claim{Kind: URL, Text: "@" + r.literal(i, end)}, i-1, end)
	return next
}

// email claims local part s[i:at] @ domain and returns where it goes on.
func (r *reader) email(i, at int) int {
	s := r.f.text
	end := at + 1
	for end < len(s) && hostByte(s[end]) && s[end] != '+' && s[end] != '%' {
		end++
	}
	next := end
	for end > at && !letter(s[end-1]) && !digit(s[end-1]) {
		end--
	}
	for i < at && !letter(s[i]) && !digit(s[i]) {
		i++
	}
	dot := strings.LastIndexByte(s[at+1:max(end, at+1)], '.')
	if i == at || dot < 1 || end-(at+1+dot+1) < 2 {
		return next
	}
	r.claimBytes(Claim{Kind: Email, Text: r.literal(i, end)}, i, end)
	return next
}

// link claims an address with a scheme, whose host begins at host.
func (r *reader) link(i, host int) int {
	s := r.f.text
	for i < host && !letter(s[i]) && !digit(s[i]) {
		i++
	}
	end := r.tail(host)
	if end == host {
		return host
	}
	r.claimBytes(Claim{Kind: URL, Text: r.site(host, end)}, i, end)
	return end
}

// bare claims an address without a scheme if s[i:end] looks like a host.
func (r *reader) bare(i, end int) int {
	s := r.f.text
	next := end
	for i < end && !letter(s[i]) && !digit(s[i]) {
		i++
	}
	for end > i && !letter(s[end-1]) && !digit(s[end-1]) {
		end--
	}
	if !r.host(i, end) {
		return next
	}
	if end == next && end < len(s) && (s[end] == '/' || s[end] == '?' || s[end] == '#' || s[end] == ':' && end+1 < len(s) && digit(s[end+1])) {
		end = r.tail(end)
		next = end
	}
	r.claimBytes(Claim{Kind: URL, Text: r.site(i, end)}, i, end)
	return next
}

// host reports whether s[i:end] is a host: names joined by dots, the last of
// which is a domain that exists.
func (r *reader) host(i, end int) bool {
	name := r.f.text[i:end]
	dot := strings.LastIndexByte(name, '.')
	if dot < 1 || strings.Contains(name, "..") || strings.ContainsAny(name, "_+%") {
		return false
	}
	last := name[dot+1:]
	if strings.HasPrefix(name, "www.") {
		return len(last) > 0
	}
	if !lexicon.domains[last] {
		return false
	}
	if !lexicon.wordlike[last] || r.f.end[end-1] < int32(len(r.text)) && r.text[r.f.end[end-1]] == '/' {
		return true
	}
	// "Obrigado.Me diga" lacks a space and is no address.
	written := r.text[r.f.start[i+dot+1]:r.f.end[end-1]]
	return written == strings.ToUpper(written) || written[0] < 'A' || written[0] > 'Z'
}

// tail is where an address ends that goes on at i, without the marks that
// close a sentence.
func (r *reader) tail(i int) int {
	s := r.f.text
	end := i
	for end < len(s) && s[end] != '\n' && strings.IndexByte(" \"'<>|{}[]`;,", s[end]) < 0 {
		end++
	}
	for end > i && strings.IndexByte(".:!?)(*_~\\-", s[end-1]) >= 0 {
		end--
	}
	return end
}

// literal is a piece of the text in lower case: folded, unless it holds
// anything but ASCII. A look-alike in an address leads elsewhere.
func (r *reader) literal(i, end int) string {
	written := r.text[r.f.start[i]:r.f.end[end-1]]
	for _, b := range []byte(written) {
		if b >= 0x80 {
			return strings.ToLower(written)
		}
	}
	return r.f.text[i:end]
}

// site is the host and path of an address without scheme, user, www., usual
// port and closing slash; the path as it is written.
func (r *reader) site(i, end int) string {
	s := r.f.text[i:end]
	cut := strings.IndexAny(s, "/?#\\")
	if cut < 0 {
		cut = len(s)
	}
	host := r.literal(i, i+cut)
	host = host[strings.LastIndexByte(host, '@')+1:]
	host = strings.TrimPrefix(host, "www.")
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
	path := ""
	if cut < len(s) {
		path = strings.TrimRight(r.text[r.f.start[i+cut]:r.f.end[end-1]], "/")
	}
	return host + path
}

// claimBytes adds a claim over folded bytes, and marks the tokens in it.
func (r *reader) claimBytes(c Claim, i, end int) {
	c.Start, c.End = int(r.f.start[i]), int(r.f.end[end-1])
	c.Words = r.text[c.Start:c.End]
	r.claims = append(r.claims, c)
	first, _ := slices.BinarySearchFunc(r.tokens, i, func(t token, at int) int { return t.from + len(t.text) - 1 - at })
	for k := first; k < len(r.tokens) && r.tokens[k].from < end; k++ {
		r.taken[k] = true
	}
}

// maxSpoken is how many dots and ats an address may have that is spelled out.
const maxSpoken = 6

// spoken claims an address that is spelled out, site ponto com, site[.]com or
// nome arroba site ponto com, and returns the token after it.
func (r *reader) spoken(i int) int {
	if !r.kind(i, word) {
		return i
	}
	kind, text, j := URL, r.tokens[i].text, i+1
	for range maxSpoken {
		joint, next := r.joint(j)
		if joint == "" || joint == "@" && kind == Email {
			break
		}
		if joint == "@" {
			kind = Email
			if next < len(r.tokens) && r.taken[next] {
				// nome arroba site.com: the site has been claimed already, and
				// nobody knows the name.
				r.claim(Claim{Kind: Email, Text: text + joint}, i, next)
				return next
			}
		}
		if !r.kind(next, word) && !r.kind(next, digits) {
			return i
		}
		text += joint + r.tokens[next].text
		j = next + 1
	}
	dot := strings.LastIndexByte(text, '.')
	if dot < 0 || !lexicon.domains[text[dot+1:]] || r.has(i, isStop) {
		return i
	}
	r.claim(Claim{Kind: kind, Text: text}, i, j)
	return j
}

// joint reads what stands for a dot or an @ at token i.
func (r *reader) joint(i int) (joint string, next int) {
	open := r.is(i, "[") || r.is(i, "(")
	at := i
	if open {
		at++
	}
	switch {
	case r.is(at, lexicon.at), open && r.is(at, "at"), open && r.is(at, "@"):
		joint = "@"
	case r.is(at, lexicon.dot) && !r.ends(at), open && r.is(at, "."), open && r.is(at, lexicon.dot):
		joint = "."
	default:
		return "", i
	}
	at++
	if open && (r.is(at, "]") || r.is(at, ")")) {
		at++
	}
	return joint, at
}

// ends reports whether token i is the last of its sentence.
func (r *reader) ends(i int) bool {
	return i+1 >= len(r.tokens) || r.kind(i+1, line) || r.kind(i+1, mark)
}

// run is a series of groups of digits with nothing but separators between.
type run struct {
	plus   bool
	groups []string
	seps   []string // before each group but the first
	ends   []int    // token after each group
}

// digitRun collects the groups of digits from token i on.
func (r *reader) digitRun(i int) (run, bool) {
	var found run
	j := i
	if r.is(j, "+") {
		found.plus = true
		j++
	}
	if r.is(j, "(") {
		j++
	}
	if !r.kind(j, digits) || j > 0 && r.glued(j) && r.kind(j-1, word) {
		return run{}, false
	}
	total, sep := 0, ""
	for {
		total += len(r.tokens[j].text)
		if total > maxNumberDigits || r.taken[j] {
			break
		}
		if len(found.groups) > 0 {
			found.seps = append(found.seps, sep)
		}
		found.groups = append(found.groups, r.tokens[j].text)
		j++
		if r.is(j, ")") && !strings.Contains(sep, ")") {
			// The area code's bracket closes with its digits.
			found.ends = append(found.ends, j)
			sep = ")"
			j++
		} else {
			found.ends = append(found.ends, j)
			sep = ""
		}
		for k := 0; k < 2 && r.kind(j, mark) && strings.Contains("-./()", r.tokens[j].text); k++ {
			sep += r.tokens[j].text
			j++
		}
		if !r.kind(j, digits) {
			break
		}
		if r.tokens[j].gap {
			sep += " "
		}
	}
	return found, len(found.groups) > 0
}

// dialled claims the document or telephone number that begins at token i and
// returns the token after it.
func (r *reader) dialled(i int) int {
	if !r.kind(i, digits) && !r.is(i, "+") && !r.is(i, "(") {
		return i
	}
	if r.kind(i, digits) && i > 0 && (r.is(i-1, "$") || r.is(i-1, "rs") || r.glued(i) && r.kind(i-1, digits)) {
		return i
	}
	found, ok := r.digitRun(i)
	if !ok {
		return i
	}
	before, all := r.before(i), strings.Join(found.groups, "")
	for n, size := len(found.groups), len(all); n > 0 && size >= minPhoneDigits; n-- {
		joined := all[:size]
		size -= len(found.groups[n-1])
		switch {
		case document(joined):
			first := i
			for !r.kind(first, digits) {
				first++
			}
			r.claim(Claim{Kind: Document, Text: joined}, first, found.ends[n-1])
			return found.ends[n-1]
		case (found.plus || before&isOrderWord == 0) && phone(joined, found.plus, found.groups[:n], found.seps[:n-1], before&isPhoneWord != 0):
			r.claim(Claim{Kind: Phone, Text: joined}, i, found.ends[n-1])
			return found.ends[n-1]
		}
	}
	return i
}

// before are the properties of the three words before token i.
func (r *reader) before(i int) property {
	var found property
	for k, seen := i-1, 0; k >= 0 && seen < 3; k-- {
		if r.kind(k, line) || r.kind(k, digits) {
			break
		}
		if r.kind(k, word) {
			seen++
			if e := r.tokens[k].entry; e != nil {
				found |= e.is & (isPhoneWord | isOrderWord)
				if found != 0 {
					break
				}
			}
		}
	}
	return found
}

// phone reports whether digits, parted into groups, are a telephone number.
// told says that the words before name one.
func phone(all string, plus bool, groups, seps []string, told bool) bool {
	if plus {
		return true
	}
	if len(all) >= 10 && len(all) <= 11 && lexicon.freeCall[all[:4]] {
		return len(groups[0]) <= 4 || len(groups) == 1
	}
	if spelledOut(groups) && len(all) >= 8 && len(all) <= 13 {
		return true
	}
	if !shaped(groups) {
		return false
	}
	if (len(all) == 11 || len(all) == 12) && all[0] == '0' {
		all = all[1:]
	}
	if len(all) >= 12 && strings.HasPrefix(all, "55") {
		all = all[2:]
	}
	switch len(all) {
	case 11:
		return lexicon.areas[all[:2]] && all[2] == '9'
	case 10:
		return lexicon.areas[all[:2]] && all[2] >= '2'
	case 9:
		return all[0] == '9' && all[1] >= '6'
	case 8:
		if len(groups) == 1 || seps[0] == " " {
			return told
		}
		return all[0] >= '2' && strings.Contains(seps[0], "-") && (!year(groups[0]) || !year(groups[1]))
	}
	return false
}

func year(s string) bool {
	return len(s) == 4 && (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20"))
}

// shaped reports whether the groups are parted as a telephone number is: it
// ends with four digits, or with all of the subscriber's.
func shaped(groups []string) bool {
	n := len(groups)
	if n == 1 {
		return true
	}
	switch last := groups[n-1]; len(last) {
	case 4:
		return len(groups[n-2]) == 4 || len(groups[n-2]) == 5
	case 8, 9, 10, 11:
		return len(groups[n-2]) <= 3
	default:
		// In twos and threes.
		return n >= 3 && !slices.ContainsFunc(groups, func(g string) bool { return len(g) > 3 || len(g) < 2 })
	}
}

// spelledOut reports whether the digits stand one by one.
func spelledOut(groups []string) bool {
	return !slices.ContainsFunc(groups, func(g string) bool { return len(g) != 1 })
}

// document reports whether digits are a CPF or a CNPJ.
func document(s string) bool {
	switch len(s) {
	case 11:
		return checked(s, 9, 11) && checked(s, 10, 11) && strings.Trim(s, s[:1]) != ""
	case 14:
		return checked(s, 12, 9) && checked(s, 13, 9) && strings.Trim(s, s[:1]) != ""
	}
	return false
}

// checked reports whether digit n is the check digit of those before it:
// weights grow from 2 towards the front, and begin anew after the highest.
func checked(s string, n, highest int) bool {
	sum, weight := 0, 2
	for i := n - 1; i >= 0; i-- {
		sum += int(s[i]-'0') * weight
		if weight++; weight > highest {
			weight = 2
		}
	}
	want := 11 - sum%11
	if want > 9 {
		want = 0
	}
	return int(s[n]-'0') == want
}
