/*
 * One message on its way from Meta's webhook into the queue and out again.
 *
 * Meta delivers until it sees a 200, and sometimes again after that; every
 * delivery is handled by a process of its own, at the same time as others,
 * which may die anywhere. The hint store may forget, or not answer. The name
 * of a task that is gone may become free again. Without any -D this is what
 * the ingress does; README.md lists the wrong variants.
 *
 * DELIVERIES, FLUSHES and REOPENINGS (of the name) are budgets. RELIABLE
 * takes back the deaths and the failures after a while, for liveness.
 */
#ifndef DELIVERIES
#define DELIVERIES 3
#endif
#ifndef FLUSHES
#define FLUSHES 1
#endif
#ifndef REOPENINGS
#define REOPENINGS 1
#endif

#define FRESH 0
#define PENDING 1      /* a letter lies in the mailbox; no task was confirmed */
#define QUEUED 2
#define DONE 3

byte standing = FRESH; /* what the hint store knows of the message */
byte tasks;            /* tasks that carry it */
bool named;            /* the task's name is taken */
bool consumed;         /* the ledger has the message */
bool ok;               /* Meta saw a 200 */
byte deliveries;
byte flushes;
byte reopenings;

/* Ghosts. */
byte answers;
bool enqueued;         /* a task existed at some time */

bool acknowledged_without_task;
bool message_lost;
bool message_answered_twice;
#define NEVER_ON(condition, property) if :: (condition) -> property = true; assert(!property) :: else fi

/* Another try comes as long as there is budget; with the last one everything
 * works, as it does in the end in the world. */
#define LAST (deliveries == DELIVERIES)
#ifdef LIVE
#define MAY_FAIL !LAST
#else
#define MAY_FAIL true
#endif
#define OR_DIE :: MAY_FAIL -> goto dead

proctype webhook() {
	byte known;

	/* Arrive: the letter, and what is known. */
	atomic {
		if
		:: known = standing;
			if :: standing == FRESH -> standing = PENDING :: else fi
		:: known = FRESH                          /* the hint store does not answer */
		fi
	}
	if
	OR_DIE
	:: true
	fi;
#ifdef MARK_FIRST
	if
	:: known >= QUEUED -> goto answer
	:: else -> standing = QUEUED
	fi;
	if
	OR_DIE
	:: true
	fi;
#else
#ifdef TRUST_PENDING
	if :: known >= PENDING -> goto answer :: else fi;
#else
	if :: known >= QUEUED -> goto answer :: else fi;
#endif
#endif
#ifdef ANSWER_FIRST
	atomic { ok = true; NEVER_ON(!enqueued, acknowledged_without_task) }
	if
	OR_DIE
	:: true
	fi;
#endif

	/* Put: made, there already, failed, or made without our knowing. */
	if
	:: atomic { !named -> named = true; tasks++; enqueued = true }
	:: atomic { named }
#ifdef ANSWER_ANYWAY
	:: MAY_FAIL -> goto answer
#endif
	:: MAY_FAIL -> goto dead
	:: atomic { !named && MAY_FAIL -> named = true; tasks++; enqueued = true; goto dead }
	fi;

	/* Queued: only now. */
	if
	OR_DIE
	:: atomic { true; if :: standing < QUEUED -> standing = QUEUED :: else fi }
	:: true                                       /* the hint store does not answer */
	fi;

answer:
	if
	:: atomic { true -> ok = true; NEVER_ON(!enqueued, acknowledged_without_task) }
	:: MAY_FAIL                                   /* the answer never arrives */
	fi;
dead:
	skip
}

/* Meta: again while there was no 200, and again at will. */
active proctype meta() {
	do
	:: deliveries < DELIVERIES -> deliveries++; run webhook()
#ifdef LIVE
	:: ok || LAST -> break
#else
	:: ok -> break
	:: LAST -> break                              /* seven days are over */
#endif
	od
}

active proctype world() {
end_world:
	do
	:: atomic { flushes < FLUSHES -> flushes++; standing = FRESH }
	:: atomic { reopenings < REOPENINGS && named && tasks == 0 -> reopenings++; named = false }
	od
}

/* The worker: consume once, then acknowledge. A crash in between leaves the
 * task, which finds the message consumed. */
active proctype worker() {
end_worker:
	do
	:: tasks > 0 ->
		atomic {
			if
#ifdef TRUST_NAMES
			:: true -> answers++
#else
			:: !consumed -> consumed = true; answers++
			:: consumed
#endif
			fi;
			NEVER_ON(answers > 1, message_answered_twice)
		}
#ifndef TRUST_NAMES
		if
		:: true -> skip                           /* dies before the acknowledgement */
		:: atomic { tasks--; standing = (standing == FRESH -> FRESH : DONE) }
		fi
#else
		atomic { tasks-- }
#endif
	od
}

#ifdef LIVE
/* Meta does not stop before it saw a 200, and then the message is answered. */
ltl everything_is_answered { <> consumed }
#endif
