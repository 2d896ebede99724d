// Package pack reads one business's knowledge, voice, fixed replies and hours
// from a folder of YAML, and checks it whole.
//
// A folder holds business.yaml, persona.yaml, replies.yaml, sentences.yaml and
// funnel.yaml, and may hold guards.yaml, objections.yaml, cases.yaml, roi.yaml
// and any number of facts/*.yaml. docs/knowledge-pack.md tells whoever writes
// one what each key means.
//
// What it promises:
//
//   - A pack that loads is fit for Otto; one that does not is refused with every
//     fault at once, each with file and line.
//   - It is strict: an unknown key or file, a wrong type, a missing section, an
//     anchor or an alias is a fault, so that a typing mistake cannot pass for
//     silence.
//   - No text names an e-mail, address or phone that the business does not list
//     as its own, and none that a lead may read says what its guards forbid.
//   - The same content has the same hash, on every machine.
//   - Reading is bounded, whoever wrote the files.
//
// The default pack is embedded and found by name of a file, not of a business:
// nothing in Go knows one.
package pack
