// Package otto says how Otto thinks: fixed replies, prompt, decision, guards,
// and asking a model through one small port.
//
// The model proposes among legal moves; the code disposes. What can be
// answered without a model is answered without one. Otherwise one request is
// made, its decision is decoded strictly and passes the guards in their
// order; what they block is asked for once more, with what they found, and
// then gives way to a sentence of the pack. Whatever schema-valid decision a
// model makes, the outcome is a legal state and an answer the channel accepts.
//
// The package does no I/O and knows no clock: time comes with the request and
// the model sits behind a port. It knows no business either: everything a
// lead reads comes from a [Pack] or from the model.
//
// Reading order: ports, pack, otto, scene, extract, meeting, interest, reflex
// (what needs no thought), knowledge, prompt (and prompt.tmpl), draft, guard and
// guard_form, guard_truth, guard_flow, funnel, think, try. What Otto understands
// of Portuguese by himself is in lexicon.txt.
package otto
