// Package operator is what a person may do about what waits for one: parts of
// answers and effects that were parked, and letters that were given up. It
// lists them without showing whom they concern, shows one, has it tried again,
// gives it up, ends a turn that is under way, says why a turn said what it
// said, lists the conversations that a person owns, takes one and gives one back,
// decides a conversation's turns again from their records, and one turn for real
// with another pack or model.
//
// Nothing here sends anything. An operator changes the ledger by the same
// compare-and-set as the worker, and then makes a task, so that what is tried
// again travels the way of everything else. Every operation looks at what is
// before it acts: one that broke off half-way is finished by asking for it
// again.
package operator
