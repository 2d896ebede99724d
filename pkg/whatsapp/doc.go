// Package whatsapp speaks Meta's WhatsApp Cloud API, and nothing else: it
// verifies and decodes webhooks, builds and sends messages, and names Meta's
// errors.
//
// # Inbound
//
// [Verify] proves that a webhook's raw bytes were signed with one of the app's
// secrets. [Decode] then turns those bytes into a flat list of elements. Its
// promise is that one bad element harms no neighbour and that nothing vanishes:
// every message, status, echo and error of a well-formed body is in the result,
// either typed or with its raw bytes and the reason why it could not be read.
// A message whose identifier and sender are readable is never lost: whatever
// else is wrong with it, it comes out as [Unsupported], so that the person who
// wrote it can be answered.
//
// # Outbound
//
// [Client.Send] makes exactly one attempt. It checks Meta's limits before the
// first byte leaves ([LimitError]), and when it fails it says whether the
// message may nevertheless have been accepted ([Ambiguous]). Graph has no
// idempotency key, so that knowledge is all a caller has against sending twice;
// no rule of the client may therefore repeat a request behind its caller's
// back.
//
// # Flows
//
// A Flow asks its endpoint in encrypted requests. [FlowKey.Open] decrypts one whose
// signature was verified, and the [FlowSession] that comes with it seals the answer.
// What a Flow sends in the end is a message with a [FlowReply].
//
// # Refused
//
// The package retries nothing, follows no redirect, reads no environment, logs
// nothing and starts no goroutine. Error texts carry codes, field names and
// trace identifiers, never a phone number, a name, a token, Meta's prose (which
// echoes numbers) or a message's text.
package whatsapp
