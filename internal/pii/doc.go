// Package pii names what must not be printed and is the only door to it.
//
// A [Contact] (phone number, user id, message id), a [Text] (what a person
// wrote) and a [Secret] (token, key) redact themselves wherever fmt prints
// them, so that a careless %v in a log or an error shows a placeholder.
// Reading the real value takes an explicit Reveal.
//
// Two keys guard data at rest. A [HashKey] turns an identifier into a keyed
// pseudonym that is stable, joinable and useless without the key: these are
// the only ids that enter keys, task names and logs. A [Ring] seals free text
// with AES-256-GCM and binds each sealed value to the place it is stored at.
//
// encoding/json deliberately carries the real value: JSON is how these types
// travel into a sealed payload. What is printed goes through fmt; what is
// marshalled must be sealed before it leaves the process.
package pii
