#!/usr/bin/env bash
# Verifies the models of the protocol, exhaustively: what is meant to hold must
# hold, and every wrong variant must fall to the property that it breaks.
# Prints variant, verdict and states, as a table; a verdict that was not
# expected, or a search that did not end, is a failure. LIMIT (120) bounds each
# search in seconds. Without spin nothing is verified, which with
# REQUIRE_REAL=1 is a failure. Arguments are words: only rows with all of them
# are run.
set -euo pipefail
cd "$(dirname "$0")/.."

models=$PWD/internal/turn/model
limit=${LIMIT:-120}

for tool in spin gcc; do
	command -v "$tool" >/dev/null && continue
	echo "the models were not verified: $tool is not installed" >&2
	[[ ${REQUIRE_REAL:-} != 1 ]]
	exit
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

rows=0
wrong=0

# verdict reads what the verifier printed.
verdict() {
	local property
	if property=$(sed -nE 's/^pan:1: assertion violated +!\((.*)\) \(at depth .*/\1/p' "$1") && [[ -n $property ]]; then
		echo "$property"
	elif grep -q '^pan:1: invalid end state' "$1"; then
		echo deadlock
	elif grep -qE '^pan:1: (acceptance|non-progress) cycle' "$1"; then
		echo never_ends
	elif grep -qE 'too small|Search not completed|out of memory|^error:|^pan:' <(grep -v '^pan: elapsed\|^pan: rate' "$1"); then
		echo incomplete
	elif grep -q 'errors: 0$' "$1"; then
		echo holds
	else
		echo incomplete
	fi
}

# row MODEL EXPECTED DESCRIPTION SWITCH... verifies one variant.
row() {
	local model=$1 expected=$2 text=$3 word compile=(-DSAFETY -DNOCLAIM) run=() got states mark='' status=0
	shift 3
	for word in "${words[@]}"; do
		[[ "$model $expected $text $*" == *"$word"* ]] || return 0
	done
	rows=$((rows + 1))
	if [[ " $* " == *" LIVE "* ]]; then
		compile=(-DNFAIR=3)
		run=(-a -f)
	fi
	rm -f pan pan.* out
	spin -a "${@/#/-D}" "$models/$model.pml" >spin.out || {
		cat spin.out
		exit 1
	}
	gcc -w "${compile[@]}" -DMEMLIM=4096 -o pan pan.c
	timeout "$limit" ./pan -m200000 -n "${run[@]}" >out 2>&1 || status=$?
	got=$(verdict out)
	((status != 124)) || got=incomplete
	states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' out)
	if [[ $got != "$expected" ]]; then
		mark=" **expected: $expected**"
		wrong=$((wrong + 1))
	fi
	printf '| %-7s | %-66s | %-32s | %8s |\n' "$model" "$text" "$got$mark" "$states"
}

words=("$@")
printf '| %-7s | %-66s | %-32s | %8s |\n' model variant verdict states
echo "|---|---|---|--:|"

# As the protocol is meant, each time with another part of the world at its worst.
row turn holds 'as meant, one crash'
row turn holds 'as meant, two crashes' CRASHES=2
row turn holds 'follow-up tasks under their own names' CRASHES=0 FOLLOW_UPS=1
row turn holds 'a crash, follow-up tasks, one attempt' FOLLOW_UPS=1 RESENDS=1 ATTEMPTS=1
row turn holds 'the first webhook again, after its task is gone' CRASHES=0 REDELIVER=1
row turn holds 'all hints lost' CRASHES=0 FLUSHES=1
row turn holds 'an entry without the hint store' CRASHES=0 HINTLESS=1
row turn holds 'Meta says "not now", then "never"' CRASHES=0 POSTPONE=1 REFUSE=1
row turn holds 'a letter is given up' CRASHES=0 BURIES=1
row turn holds 'a parked answer is taken up again' REOPENS=1
row turn holds 'an answer of two parts, two crashes, one message' PARTS=2 ONE_MESSAGE CRASHES=2
row turn holds 'never resend; frozen senders, late and lost receipts' NEVER PAUSE LATE_RECEIPT LOSE_RECEIPTS
row turn holds 'proof only after the window; webhooks merely in order' ORDERED PROOF_AFTER_WINDOW
row turn holds 'everything ends' LIVE CRASHES=0
row turn holds 'everything ends, one crash, never resend' LIVE NEVER

# What each rule is for: without it this falls.
row turn part_accepted_twice 'sent first, recorded then' SEND_FIRST
row turn reply_without_record 'the commit compares no version' NO_COMPARE
row turn message_with_two_fates 'messages are not created exclusively' NOT_EXCLUSIVE BURIES=1
row turn part_accepted_twice 'a conflict is taken for one with oneself' NO_TOKEN
row turn part_accepted_twice 'an intent compares no time of last write' UNCOMPARED_INTENT
row turn part_accepted_twice 'no permit: the send starts however late' NO_PERMIT
row turn part_accepted_twice 'a timed-out send is retried' BLIND_RETRY
row turn part_accepted_twice 'no watermark: resent when the window is over' NO_WATERMARK
row turn part_accepted_twice 'the channel is called alive before its receipts count' SEEN_FIRST
row turn sent_without_acceptance 'a timed-out send is recorded as sent' ASSUME_SENT
row turn failed_though_accepted 'a timed-out send is recorded as refused' ASSUME_REFUSED
row turn acknowledged_while_open 'a timed-out send is acknowledged' UNKNOWN_IS_DONE
row turn acknowledged_while_open 'a follower acknowledges for the leader' FOLLOWER_ACKNOWLEDGES
row turn acknowledged_while_open 'messages are marked done at the commit' MARK_EARLY
row turn turn_out_of_order 'letters in the mailbox are ignored' IGNORE_LETTERS
row turn never_ends 'what stays unknown is never parked' WAIT_FOREVER LIVE NEVER
row turn reply_out_of_order 'the cache is left while the turn is open' CACHE_OPEN_TURN
row turn acknowledged_while_open 'a parked part ends a turn of two parts' PARTS=2 ONE_MESSAGE PARK_ENDS_TURN
row turn reply_out_of_order 'the last attempt is parked before its window is over' PARK_SPENT_EARLY RESENDS=1 ATTEMPTS=1
row turn reply_out_of_order 'a refusal of an older attempt ends the part' OLD_REFUSAL_ENDS CRASHES=0 REFUSE=1
row turn reply_out_of_order 'a commit does not notice that an older turn was taken up' UNCOMPARED_REOPENING REOPENS=1 CRASHES=0
row turn reply_out_of_order 'an older turn than the newest is taken up' REOPEN_OLD REOPENS=1 CRASHES=0

# What resending assumes of the world: without it a reply comes twice.
row turn part_accepted_twice 'a sender freezes beyond the window' PAUSE
row turn part_accepted_twice 'a receipt comes after the window, the channel alive' LATE_RECEIPT
row turn part_accepted_twice 'receipts are lost' LOSE_RECEIPTS
row turn part_accepted_twice 'proof right after the intent; webhooks merely in order' ORDERED

row ingress holds 'as meant, three deliveries'
row ingress holds 'everything is answered' LIVE
row ingress acknowledged_without_task 'marked, then enqueued' MARK_FIRST
row ingress acknowledged_without_task 'answered, then enqueued' ANSWER_FIRST
row ingress acknowledged_without_task 'answered although the task may not exist' ANSWER_ANYWAY
row ingress acknowledged_without_task 'a letter in the mailbox is taken for a task' TRUST_PENDING
row ingress message_answered_twice 'task names are the only dedupe' TRUST_NAMES

echo
if ((rows == 0)); then
	echo "no row has all of: ${words[*]}" >&2
	exit 2
fi
if ((wrong > 0)); then
	echo "$wrong of $rows verdicts were not expected" >&2
	exit 1
fi
echo "$rows verdicts, all as expected ($(spin -V 2>&1 | head -1), $SECONDS s)"
