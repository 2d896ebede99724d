package conversation

import "strings"

// areaCodes are Brazil's area codes (DDD), apart.
const areaCodes = "11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 " +
	"51 53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99"

// respelled is the other spelling of a phone that has two; empty when it has
// one. WhatsApp keeps the number that an account was opened with, and three
// countries have since put a digit into their mobile numbers that is dialled
// and may be missing there: Brazil a nine before the subscriber's eight digits,
// Mexico a one and Argentina a nine after the country code.
func respelled(phone string) string {
	for _, c := range []struct{ code, digit string }{{"52", "1"}, {"54", "9"}} {
		national, ok := strings.CutPrefix(phone, c.code)
		if !ok {
			continue
		}
		if short, marked := strings.CutPrefix(national, c.digit); marked && len(short) == 10 {
			return c.code + short
		}
		if len(national) == 10 {
			return c.code + c.digit + national
		}
	}
	national, ok := strings.CutPrefix(phone, "55")
	if !ok || len(national) < 3 || !areaCode(national[:2]) {
		return ""
	}
	area, subscriber := national[:2], national[2:]
	switch {
	case mobile(subscriber):
		return "55" + area + "9" + subscriber
	case subscriber[0] == '9' && mobile(subscriber[1:]):
		return "55" + area + subscriber[1:]
	default:
		return ""
	}
}

// mobile recognises a mobile number of eight digits. Two to five begin a
// landline, which has no other spelling.
func mobile(subscriber string) bool {
	return len(subscriber) == 8 && subscriber[0] >= '6' && subscriber[0] <= '9'
}

func areaCode(two string) bool {
	return two[0] != ' ' && two[1] != ' ' && strings.Contains(areaCodes, two)
}
