package redis

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// Every key starts with "atende:" and carries as its hash tag the id of its
// conversation, or of the account that something is spent on. Ids are keyed
// hashes; no key holds personal data.
//
//	key                    type    time to live        holds
//	atende:dd:{cid}:<mid>  string  DedupeTTL           mark: "q" its task exists, "d" it is terminal
//	atende:mb:{cid}        hash    26 h, from arrival  mailbox: <mid> → seq "|" sealed letter; "#" last seq, "$" bytes kept
//	atende:ls:{cid}        string  LeaseTTL            lease: token of its holder
//	atende:ss:{cid}        string  SessionTTL          cache: version "|" sealed snapshot
//	atende:pz:{cid}        hash    1 h, from entry     tries: <mid> → times it led, less those excused
//	atende:sp:{account}    string  48 h, from spending spent: tokens on the account of a tenant's day

// markKey is the dedupe mark of one message.
func markKey(id conversation.ID, message conversation.MessageID) string {
	return "atende:dd:{" + string(id) + "}:" + string(message)
}

// mailboxKey is the mailbox of a conversation.
func mailboxKey(id conversation.ID) string { return "atende:mb:{" + string(id) + "}" }

// leaseKey is the lease of a conversation.
func leaseKey(id conversation.ID) string { return "atende:ls:{" + string(id) + "}" }

// snapshotKey is the session cache of a conversation.
func snapshotKey(id conversation.ID) string { return "atende:ss:{" + string(id) + "}" }

// triesKey counts the entries of a conversation's messages.
func triesKey(id conversation.ID) string { return "atende:pz:{" + string(id) + "}" }

// spentKey counts what is spent on an account.
func spentKey(account string) string { return "atende:sp:{" + account + "}" }

// letterPlace is where a letter is sealed for: one field of one mailbox.
func letterPlace(mailbox string, message conversation.MessageID) string {
	return mailbox + "#" + string(message)
}

const (
	// mailboxTTL outlives the 24 hours in which WhatsApp lets a business answer
	// a message freely; an older letter has no use in a burst.
	mailboxTTL = 26 * time.Hour
	// triesTTL forgets the silent deaths of a message that stopped coming.
	triesTTL = time.Hour
	// spentTTL outlives a day in every zone.
	spentTTL = 48 * time.Hour
	// maxLetters and maxBytes bound one mailbox against a flood. What does not
	// fit is not kept: its own task still carries it.
	maxLetters = 50
	maxBytes   = 64 << 10
)
