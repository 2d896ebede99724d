// Package channel turns an answer into a WhatsApp message within Meta's
// limits, and Meta's refusals into what a turn does next.
//
// It makes exactly one attempt per call and never repeats one: whether an
// attempt may be repeated is the turn's decision. A text or an option that is
// too long for its shape is not an error here: the answer is sent in a shape
// that can carry it, for a plain answer beats none.
package channel
