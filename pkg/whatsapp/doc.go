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
// A message is an [Outgoing]: one type for each kind that Meta takes, shaped so
// that what Meta would refuse as a combination does not compile. A file is a
// [MediaID] or a [MediaLink], never both; a header is text, an image, a video or
// a document ([Header]); a template's values are [Positional] or [Named]. What
// is left to check are sizes, counted as Meta counts them, in code points, by
// [Send.Check], and for files by [CheckMedia]. [Truncate] makes a text fit
// without splitting what a person sees as one character, and
// [TemplateSpec.Check] compares a message with the template it is made from. A
// [Recipient] is a number with its country, or a user id: nothing that could
// mean somebody else.
//
// [Client.Send] makes exactly one attempt. It checks Meta's limits before the
// first byte leaves ([LimitError]), and when it fails it says whether the
// message may nevertheless have been accepted ([Ambiguous]). Graph has no
// idempotency key, so that knowledge is all a caller has against sending twice;
// no rule of the client may therefore repeat a request behind its caller's
// back.
//
// # Media
//
// [Client.Media] and [Client.Download] fetch what a person sent. The address of a
// download comes from outside and the request carries the access token, so hosts,
// resolved addresses, redirects, size, packing and time are all bounded, and every
// bound has an error of its own. [Client.Upload] gives Meta a file to send.
//
// # Flows
//
// A Flow asks its endpoint in encrypted requests. [FlowKey.Open] decrypts one whose
// signature was verified, and the [FlowSession] that comes with it seals the answer.
// What a Flow sends in the end is a message with a [FlowReply].
//
// # Administration
//
// [Client.Token], [Client.Number], [Client.Subscription] and [Client.Subscribers] ask
// how the token, a number and the webhooks stand; [Client.Subscribe] and
// [Client.SubscribeAccount] register a callback. These may be repeated.
//
// # Refused
//
// The package retries nothing, follows no redirect but that of a download, reads
// no environment, logs nothing and starts no goroutine. Error texts carry codes,
// field names and trace identifiers, never a phone number, a name, a token,
// Meta's prose (which echoes numbers) or a message's text.
package whatsapp
