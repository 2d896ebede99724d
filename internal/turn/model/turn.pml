/*
 * The life of two messages of one conversation, from their tasks to the last
 * receipt, with two workers and everything around them that may go wrong.
 *
 * What is right and what is wrong is chosen with -D; README.md has the list.
 * Without any the model is the protocol as it is meant to be: policy resend.
 *
 * Budgets, so that the state space is finite:
 *   PARTS     parts of an answer (1 or 2)      CRASHES   deaths of a worker
 *   RESENDS   attempts while fates are unknown ATTEMPTS  attempts in all
 *   POSTPONE  "not now" from Meta              REFUSE    "never" from Meta
 *   HINTLESS  entries without a hint store     FLUSHES   losses of all hints
 *   REDELIVER repeats of the first webhook     BURIES    letters given up
 *   REOPENS   parked parts that are taken up again
 */
#ifndef PARTS
#define PARTS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef RESENDS
#define RESENDS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
#ifndef POSTPONE
#define POSTPONE 0
#endif
#ifndef REFUSE
#define REFUSE 0
#endif
#ifndef HINTLESS
#define HINTLESS 0
#endif
#ifndef FLUSHES
#define FLUSHES 0
#endif
#ifndef REDELIVER
#define REDELIVER 0
#endif
#ifndef FOLLOW_UPS
#define FOLLOW_UPS 0
#endif
#ifndef BURIES
#define BURIES 0
#endif
#ifndef REOPENS
#define REOPENS 0
#endif

/* A turn is named by its number; a third one exists only in wrong variants.
 * Everything about part p of turn t lies at slot t*PARTS+p, so that slots are
 * in the order in which the lead must see the parts. */
#define SLOTS (4*PARTS)
#define SLOT(t, p) ((t)*PARTS + (p))
#define TURN(s) ((s)/PARTS)
#define BURIED 7
#define BIT(m) (1<<(m))

/* ---- the queue: the task of a message and its follow-up ---- */

/* Task 2m is the first of message m; 2m+1 stands for all its follow-ups, and
 * 3+t for the timer that looks at turn t again. */
#if REOPENS > 0
#define TASKS 6
#define LOOKED_AT(m) (fate[m] == 1 && live[4] || fate[m] == 2 && live[5])
#define MESSAGE (n < 4 -> n/2 : ((asked[n - 3] & 1) -> 0 : 1))
#else
#define TASKS 4
#define LOOKED_AT(m) false
#define MESSAGE (n/2)
#endif
bool live[TASKS];
bool named[4];          /* the name was used and cannot be used again */

/* ---- the ledger ---- */

byte version;           /* of the conversation: the number of its last turn */
byte fate[2];           /* of a message: its turn, or BURIED; 0 is open */
bool filed[2];          /* a dead letter waits for an operator */
byte asked[4];          /* per turn: the messages that it answers */
byte attempt[SLOTS];    /* number of the newest intent */
bool accepted[SLOTS];   /* an answer or a receipt proves acceptance */
bool refused[SLOTS];    /* an answer says never */
bool postponed[SLOTS];  /* the newest attempt was answered "not now" */
bool parked[SLOTS];

/* Which turn a worker has read and nobody has written since: what comparing
 * with the time of the last write amounts to. */
byte current[2];

/* How often the conversation was touched because a part was taken up again, and
 * how often when a worker read it: part of what a commit compares with. */
byte touched;
byte saw[2];

bool leads[2];          /* a worker was let in by the hint store */

/* ---- the hint store; all of it may vanish at any moment ---- */

byte letters;           /* messages in the mailbox */
bool marked[2];         /* known to be terminal */
byte cache;             /* version of the cached conversation */

/* ---- Meta, the wire and time ---- */

bool receipt[SLOTS];    /* a status is on its way to the ledger */
byte flying[SLOTS];     /* sends past the check of their permit */
bool closed[SLOTS];     /* the newest attempt's ambiguity window is over */
bool alive[SLOTS];      /* a webhook younger than the newest attempt came in */

/* ---- ghosts: what really happened, unknown to the protocol ---- */

byte copies[SLOTS];     /* how often Meta accepted the part */
byte answerer[2];       /* the turn that the lead saw as the answer */
bool excused;           /* a letter was lost: later turns may look older */

/* The properties. Each is raised where it is broken and asserted there, so
 * that the verifier names the one that fell. */
bool part_accepted_twice;
bool message_answered_by_two_turns;
bool message_with_two_fates;
bool acknowledged_while_open;
bool sent_without_acceptance;
bool failed_though_accepted;
bool reply_out_of_order;
bool turn_out_of_order;
bool reply_without_record;
#define NEVER_ON(condition, property) if :: (condition) -> property = true; assert(!property) :: else fi

byte crashes;
byte hintless;
byte flushes;
byte buries;
byte postpones;
byte refusals;
byte reopens;

#define ENDED(s) (accepted[s] || refused[s] || parked[s])
#define UNKNOWN(s) (!ENDED(s) && attempt[s] > 0 && !postponed[s])
#define SHELVED(s) (parked[s] && !accepted[s] && !refused[s])
#if PARTS == 1
#define TERMINAL(t) ENDED(SLOT(t, 0))
#define OPEN(t) SLOT(t, 0)
#define PARKED(t) SHELVED(SLOT(t, 0))
#else
#define TERMINAL(t) (ENDED(SLOT(t, 0)) && ENDED(SLOT(t, 1)))
#define OPEN(t) (ENDED(SLOT(t, 0)) -> SLOT(t, 1) : SLOT(t, 0))
#define PARKED(t) (SHELVED(SLOT(t, 0)) || SHELVED(SLOT(t, 1)))
#endif
#define CONSUMED ((fate[0] != 0 -> 1 : 0) | (fate[1] != 0 -> 2 : 0))
#define SETTLED(m) (filed[m] || (fate[m] != 0 && fate[m] != BURIED && TERMINAL(fate[m])))

/* A later part was seen before this one. */
#if PARTS == 1
#define OVERTAKEN(s) (s < 2 && copies[2] > 0 || s < 3 && copies[3] > 0)
#else
#define OVERTAKEN(s) (s < 3 && copies[3] > 0 || s < 4 && copies[4] > 0 || s < 5 && copies[5] > 0)
#endif

/* A write to a turn makes every earlier reading of it stale. */
inline written(t) {
	if :: current[0] == t -> current[0] = 0 :: else fi;
	if :: current[1] == t -> current[1] = 0 :: else fi
}

/* Meta takes a reply in. */
inline accept(s, t, messages) {
	copies[s]++;
	NEVER_ON(copies[s] > 1, part_accepted_twice);
	NEVER_ON((messages & 1) && answerer[0] != 0 && answerer[0] != t
		|| (messages & 2) && answerer[1] != 0 && answerer[1] != t, message_answered_by_two_turns);
	if :: messages & 1 -> answerer[0] = t :: else fi;
	if :: messages & 2 -> answerer[1] = t :: else fi;
#ifndef SEND_FIRST
	NEVER_ON(t > version || asked[t] != messages, reply_without_record);
#endif
#if !defined(PAUSE) && !defined(SEND_FIRST)
	/* A sender that was frozen may be overtaken; nobody can prevent that. */
	NEVER_ON(OVERTAKEN(s), reply_out_of_order);
#endif
	receipt[s] = true
}

/* Assumptions about time, each with the switch that drops it.
 *  A2, A3: a send that passed its check is over before the window is.
 *  A7: no receipt is still under way once the window is over and the channel
 *      is proven alive. ORDERED replaces it by the weaker one that a webhook
 *      does not overtake a receipt that was sent before it. */
#ifdef PAUSE
#define LANDED(s) true
#else
#define LANDED(s) (flying[s] == 0)
#endif
#if defined(LATE_RECEIPT)
#define MAY_CLOSE(s) true
#define MAY_PROVE(s) true
#elif defined(ORDERED)
#define MAY_CLOSE(s) true
#define MAY_PROVE(s) (!receipt[s])
#else
#define MAY_CLOSE(s) (!alive[s] || !receipt[s])
#define MAY_PROVE(s) (!closed[s] || !receipt[s])
#endif
#ifdef NO_WATERMARK
#define PROVEN(s) true
#else
#define PROVEN(s) alive[s]
#endif
#ifdef PROOF_AFTER_WINDOW
#define PROOF_COUNTS(s) (closed[s])
#else
#define PROOF_COUNTS(s) true
#endif

/* What a write compares with. */
#if defined(NO_COMPARE)
#define BASE_STANDS (base < 3)
#elif defined(UNCOMPARED_REOPENING)
#define BASE_STANDS (base == version)
#else
#define BASE_STANDS (base == version && saw[_pid] == touched)
#endif
#ifdef NOT_EXCLUSIVE
#define MESSAGES_STAND true
#else
#define MESSAGES_STAND ((mine & CONSUMED) == 0)
#endif
#ifdef UNCOMPARED_INTENT
#define INTENT_STANDS true
#else
#define INTENT_STANDS (current[_pid] == t)
#endif

#ifdef IGNORE_LETTERS
#define LETTERS BIT(MESSAGE)
#else
#define LETTERS letters
#endif

#ifdef OLD_REFUSAL_ENDS
#define REFUSAL_COUNTS true
#else
#define REFUSAL_COUNTS (attempt[s] == a && !ENDED(s))
#endif

#define LAND(s) if :: flying[s] > 0 -> flying[s]-- :: else fi

/* 2xx: the queue forgets the task. */
inline acknowledge_task() {
	live[n] = false;
	NEVER_ON(!SETTLED(MESSAGE) && !live[2 * MESSAGE] && !live[2 * MESSAGE + 1] && !LOOKED_AT(MESSAGE), acknowledged_while_open)
}

/* The end of a handling, for whatever reason, as the worker's memory has it. */
#define FORGET n = 0; inbox = 0; mine = 0; base = 0; t = 0; s = 0; a = 0; own = false; wrote = false; \
	current[_pid] = 0; saw[_pid] = 0; leads[_pid] = false
#define OR_CRASH :: atomic { crashes < CRASHES -> crashes++; FORGET; goto end_idle }

#ifdef PARK_SPENT_EARLY
#define SPENT_EARLY true
#else
#define SPENT_EARLY false
#endif
#ifdef NEVER
#define MAY_RESEND(s, a) false
#else
#define MAY_RESEND(s, a) (PROVEN(s) && a < RESENDS)
#endif
#ifdef WAIT_FOREVER
#define WAITS true
#else
#define WAITS false
#endif
/* With LIVE everything that only takes time is over at last. */
#ifdef LIVE
#define PATIENT WAITS
#define MAY_SEEM_BUSY leads[1 - _pid]
#else
#define PATIENT true
#define MAY_SEEM_BUSY true
#endif

/* Reads the turn in hand and chooses what to do with its open slot. That the
 * watermark is asked a moment later makes no difference: if the turn was
 * written in between, the write that follows meets a conflict. */
inline resolve() {
	s = OPEN(t);
	a = attempt[s];
	if
	:: a >= ATTEMPTS && (postponed[s] || closed[s] || SPENT_EARLY) -> current[_pid] = t; goto park
	:: a < ATTEMPTS && !UNKNOWN(s) -> current[_pid] = t; goto intend
	:: UNKNOWN(s) && !closed[s] && !(a >= ATTEMPTS && SPENT_EARLY) -> goto follow
	:: a < ATTEMPTS && UNKNOWN(s) && closed[s] ->
		if
		:: MAY_RESEND(s, a) -> current[_pid] = t; goto intend
#ifndef WAIT_FOREVER
		:: !MAY_RESEND(s, a) -> current[_pid] = t; goto park
#endif
		:: !MAY_RESEND(s, a) && PATIENT -> goto follow
		fi
	fi
}
/* After a slot ended: the next part, or the end of the turn in hand; then the
 * draft, if another turn stood in the way. */
inline onward() {
	if
	:: !TERMINAL(t) -> mine = 0; resolve()
	:: TERMINAL(t) && own -> s = 0; a = 0; goto finish
	:: TERMINAL(t) && !own -> t = 0; s = 0; a = 0; mine = inbox & ~CONSUMED; goto commit
	fi
}

/* What is known of an ended slot needs no more proof. */
inline ended(s) {
	postponed[s] = false;
	alive[s] = false;
	if :: accepted[s] -> closed[s] = false :: else fi
}

/* Loads the ledger. One reading of messages, conversation and last turn; the
 * conversation and its last turn may come from the cache instead. */
inline load() {
	if
	:: fate[MESSAGE] == BURIED -> inbox = 0; base = 0; goto finish
	:: fate[MESSAGE] != 0 && fate[MESSAGE] != BURIED ->
		t = fate[MESSAGE];
		own = true;
		inbox = 0;
		base = 0;
		if
		:: TERMINAL(t) -> goto finish
		:: else -> resolve()
		fi
	:: fate[MESSAGE] == 0 ->
		if
		:: base != 0 -> saw[_pid] = touched           /* cached: its last turn was terminal, and not parked */
		:: base == 0 ->
			saw[_pid] = touched;
			base = version;
			if
			:: version != 0 && !TERMINAL(version) -> t = version; resolve()
			:: else
			fi
		fi
	fi;
	mine = inbox & ~CONSUMED
}

active [2] proctype worker() {
	byte n;      /* the task */
	byte inbox;  /* messages that this turn may answer */
	byte mine;   /* messages that the draft, or the turn in hand, answers */
	byte base;   /* version that was read; 0 before, or when there is none */
	byte t;      /* turn in hand, its open slot and the attempt at it */
	byte s;
	byte a;
	bool own;    /* the turn in hand answers the task's message */
	bool wrote;  /* this handling committed it */

end_idle:
	/* Dispatch: any task, any number of times, to anybody. Enter: known, busy,
	 * let in, or no answer. A lease may be lost while its holder works and may
	 * outlive it, so seeming busy and being let in need no reason. */
	atomic {
#if REOPENS > 0
		(live[0] || live[1] || live[2] || live[3] || live[4] || live[5]);
#else
		(live[0] || live[1] || live[2] || live[3]);
#endif
		if
		:: live[0] -> n = 0
		:: live[1] -> n = 1
		:: live[2] -> n = 2
		:: live[3] -> n = 3
#if REOPENS > 0
		:: live[4] -> n = 4
		:: live[5] -> n = 5
#endif
		fi;
		if
#if REOPENS > 0
		:: n >= 4 -> inbox = BIT(MESSAGE); load()     /* a timer asks for no lease */
		:: n < 4
		fi;
		if
#endif
		:: marked[MESSAGE] -> goto acknowledge
		:: !marked[MESSAGE] && MAY_SEEM_BUSY -> goto follow
		:: !marked[MESSAGE] -> leads[_pid] = true; letters = letters | BIT(MESSAGE); inbox = LETTERS; base = cache; load()
		:: !marked[MESSAGE] && buries < BURIES -> leads[_pid] = true; buries++; goto bury
		:: !marked[MESSAGE] && hintless < HINTLESS -> hintless++; excused = true; inbox = BIT(MESSAGE); load()
		fi
	}

commit:
	if
	OR_CRASH
	/* A letter that arrives while Otto thinks supersedes the draft; only the
	 * messages are read again. */
	:: atomic { leads[_pid] && (LETTERS & ~inbox) != 0 -> inbox = inbox | LETTERS; mine = inbox & ~CONSUMED; goto commit }
#ifdef SEND_FIRST
	:: atomic { base < 3 -> t = base + 1; s = SLOT(t, 0); a = 1; own = true; goto post }
#else
	:: atomic {
		true;
		if
		:: BASE_STANDS && MESSAGES_STAND ->
			version = base + 1;
			t = version;
			s = SLOT(t, 0);
			a = 1;
			asked[t] = mine;
			NEVER_ON((mine & CONSUMED) != 0, message_with_two_fates);
			if :: mine & 1 -> fate[0] = t :: else fi;
			if :: mine & 2 -> fate[1] = t :: else fi;
#ifndef NO_COMPARE
			NEVER_ON(fate[1] != 0 && fate[0] == 0 && !excused, turn_out_of_order);
#endif
			attempt[s] = 1;
			accepted[s] = false;                          /* only a turn that was there has any */
			refused[s] = false;
			postponed[s] = false;
			written(t);
			own = true;
			wrote = true;
			inbox = 0;
			base = 0;
#ifdef MARK_EARLY
			marked[MESSAGE] = true;
#endif
			goto send
		:: else ->
#ifdef NO_TOKEN
			t = base + 1; s = SLOT(t, 0); a = 1; own = true; goto send
#else
			base = 0; mine = 0; load(); goto commit
#endif
		fi
	}
#endif
	fi;

intend:
	if
	OR_CRASH
	:: atomic {
		true;
		if
		:: INTENT_STANDS ->
			a++;
			attempt[s] = a;
			postponed[s] = false;
			closed[s] = false;
			alive[s] = false;
			written(t);
			mine = asked[t];
			current[_pid] = 0;
			goto send
		:: else -> goto follow
		fi
	}
	fi;

park:
	if
	OR_CRASH
	:: atomic {
		true;
		if
		:: current[_pid] == t ->
			parked[s] = true;
			written(t);
			ended(s);
			current[_pid] = 0;
#ifdef PARK_ENDS_TURN
			if
			:: own -> goto finish
			:: else -> t = 0; s = 0; a = 0; mine = inbox & ~CONSUMED; goto commit
			fi
#else
			onward()
#endif
		:: else -> goto follow
		fi
	}
	fi;

send:
	/* The permit belongs to one attempt and dies before its window does. */
	if
	OR_CRASH
#ifdef NO_PERMIT
	:: atomic { true -> flying[s]++ }
#else
	:: atomic { attempt[s] == a && !closed[s] -> flying[s]++ }
	:: goto follow                                    /* it ran out */
#endif
	fi;

post:
	if
	:: atomic { crashes < CRASHES -> crashes++; LAND(s); FORGET; goto end_idle }
	:: atomic { true -> LAND(s); accept(s, t, mine); goto answered }
	:: atomic { true -> LAND(s); accept(s, t, mine); goto unanswered }
	:: atomic { true -> LAND(s); goto unanswered }    /* dropped on the way */
	:: atomic { postpones < POSTPONE -> postpones++; LAND(s); goto deferred }
	:: atomic { refusals < REFUSE -> refusals++; LAND(s); goto denied }
	fi;

unanswered:
#if defined(BLIND_RETRY)
	goto send;
#elif defined(ASSUME_SENT)
	goto answered;
#elif defined(ASSUME_REFUSED)
	goto denied;
#elif defined(UNKNOWN_IS_DONE)
	goto acknowledge;
#else
	goto follow;
#endif

answered:
	if
	OR_CRASH
	:: atomic {
		true;
#ifdef SEND_FIRST
		if
		:: base != version || (mine & CONSUMED) != 0 -> base = 0; mine = 0; load(); goto commit
		:: else ->
			version = t;
			asked[t] = mine;
			if :: mine & 1 -> fate[0] = t :: else fi;
			if :: mine & 2 -> fate[1] = t :: else fi;
			attempt[s] = 1
		fi;
#endif
		accepted[s] = true;
		NEVER_ON(copies[s] == 0, sent_without_acceptance);
		written(t);
		ended(s);
		onward()
	}
	fi;
denied:
	/* A refusal, like a postponement, says nothing of an attempt that was
	 * intended since. */
	if
	OR_CRASH
	:: atomic {
		true;
		if
		:: REFUSAL_COUNTS ->
			refused[s] = true;
			NEVER_ON(copies[s] > 0 && attempt[s] == a, failed_though_accepted);
			ended(s)
		:: else
		fi;
		written(t);
		onward()
	}
	fi;
deferred:
	if
	OR_CRASH
	:: atomic {
		true;
		if :: attempt[s] == a && !ENDED(s) -> postponed[s] = true :: else fi;
		written(t);
		onward()
	}
	fi;

bury:
	if
	OR_CRASH
	:: atomic {
		true;
		filed[MESSAGE] = true;
		if
		:: fate[MESSAGE] == 0 -> fate[MESSAGE] = BURIED
		:: else                                       /* it stays its turn's */
		fi;
		goto finish
	}
	fi;

finish:
	/* Leave: mark, cache, give the lease back; then answer the queue. */
	if
	OR_CRASH
	:: atomic {
		true;
		if
		:: leads[_pid] ->
			marked[MESSAGE] = true;
			letters = letters & ~BIT(MESSAGE);
			if
			:: wrote ->
				if :: mine & 1 -> marked[0] = true :: else fi;
				if :: mine & 2 -> marked[1] = true :: else fi;
				letters = letters & ~mine;
				if :: cache < t && !PARKED(t) -> cache = t :: else fi
			:: else
			fi
		:: else
		fi;
		if
		:: crashes < CRASHES -> crashes++             /* the queue never hears of it */
		:: true -> acknowledge_task()
		fi;
		FORGET;
		goto end_idle
	}
	fi;

follow:
	/* A task that cannot end makes the next one first. A follow-up's own next
	 * has the same place in the model, so it just stays. */
	if
	OR_CRASH
	:: atomic {
		true;
#ifdef CACHE_OPEN_TURN
		if :: wrote && cache < t -> cache = t :: else fi;
#endif
#ifdef FOLLOWER_ACKNOWLEDGES
		acknowledge_task();
#else
		if
		:: FOLLOW_UPS && n < 4 && n % 2 == 0 ->
			if
			:: !named[n + 1] -> named[n + 1] = true; live[n + 1] = true
			:: else                                   /* it is, or was, there */
			fi;
			if
			:: crashes < CRASHES -> crashes++
			:: true -> acknowledge_task()
			fi
		:: else -> live[n] = true
		fi;
#endif
		FORGET;
		goto end_idle
	}
	fi;

acknowledge:
	atomic { acknowledge_task(); FORGET; goto end_idle }
}

/* Status webhooks and their task. */
#define STATUS(s) \
	:: atomic { receipt[s] SEEN(s) -> receipt[s] = false; accepted[s] = true; \
		NEVER_ON(copies[s] == 0, sent_without_acceptance); written(TURN(s)); ended(s) } \
	STATUS_VARIANTS(s)
#if defined(SEEN_FIRST)
#define SEEN(s) && alive[s]
#define STATUS_VARIANTS(s) :: atomic { receipt[s] && !alive[s] -> alive[s] = true }
#elif defined(LOSE_RECEIPTS)
#define SEEN(s)
#define STATUS_VARIANTS(s) :: atomic { receipt[s] -> receipt[s] = false }
#else
#define SEEN(s)
#define STATUS_VARIANTS(s)
#endif

active proctype statuses() {
end_statuses:
	do
	STATUS(SLOT(1, 0))
	STATUS(SLOT(2, 0))
#if PARTS == 2
	STATUS(SLOT(1, 1))
	STATUS(SLOT(2, 1))
#endif
	od
}

/* Windows end; webhooks of other conversations prove the channel alive. */
#define PASS(s) \
	:: atomic { UNKNOWN(s) && !closed[s] && LANDED(s) && MAY_CLOSE(s) -> closed[s] = true } \
	:: atomic { UNKNOWN(s) && !alive[s] && MAY_PROVE(s) && PROOF_COUNTS(s) -> alive[s] = true }

active proctype time() {
end_time:
	do
	PASS(SLOT(1, 0))
	PASS(SLOT(2, 0))
#if PARTS == 2
	PASS(SLOT(1, 1))
	PASS(SLOT(2, 1))
#endif
	od
}

/* A parked part is taken up again when a webhook proves the channel alive: by a
 * timer that looks after the turn from then on. Only the newest turn's last part is, and with one write to turn and conversation. */
#ifdef REOPEN_OLD
#define NEWEST(t) true
#else
#define NEWEST(t) (t == version)
#endif
#ifdef NEVER
#define MAY_REOPEN(s) false
#else
#define MAY_REOPEN(s) (reopens < REOPENS && SHELVED(s) && NEWEST(TURN(s)) && attempt[s] < RESENDS && closed[s] && MAY_PROVE(s))
#endif
#define LOOK(s) \
	:: atomic { MAY_REOPEN(s) -> \
		reopens++; \
		parked[s] = false; \
		postponed[s] = true; \
		written(TURN(s)); \
		touched++; \
		live[3 + TURN(s)] = true }

#if REOPENS > 0
active proctype looks() {
end_looks:
	do
	LOOK(SLOT(1, PARTS - 1))
	LOOK(SLOT(2, PARTS - 1))
	od
}
#endif

/* The hint store forgets. */
active proctype oblivion() {
end_oblivion:
	do
	:: atomic { flushes < FLUSHES ->
		flushes++;
		if :: letters != 0 -> excused = true :: else fi;
		letters = 0;
		marked[0] = false;
		marked[1] = false;
		cache = 0 }
	od
}

/* Ingress: letter first, then task; the second message comes at any time. */
init {
	byte repeats;
	atomic { letters = 1; live[0] = true; named[0] = true }
#ifndef ONE_MESSAGE
	atomic { letters = letters | 2 }
	atomic { live[2] = true; named[2] = true }
#endif
end_ingress:
	do
	:: atomic { repeats < REDELIVER && !live[0] -> repeats++; live[0] = true }
	od
}

#ifdef LIVE
ltl everything_ends { <> [] (!live[0] && !live[1] && !live[2] && !live[3] && SETTLED(0) && SETTLED(1)) }
#endif
