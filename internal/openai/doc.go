// Package openai answers Otto's port with OpenAI's Chat Completions, or with
// any server that speaks it.
//
// One call is one HTTP request: strict JSON schema, not stored by the
// provider, never retried here. Whoever asks owns the retry policy.
//
// What the caller can rely on:
//
//   - A model that could not answer is an error marked fault.Dependency
//     (timeout, network, 408, 409, 5xx, a body that breaks off) or
//     fault.Throttled (429, with the wait the provider asked for).
//   - A request the provider will never accept (other 4xx, so a wrong key, an
//     unknown model or a bad schema) is fault.Broken: only a person who
//     changes the configuration or the code can heal it.
//   - A model that answered is a completion with an outcome, whatever it
//     answered. A prompt that the provider's filter rejects and one that does
//     not fit the model are outcomes too: asking again would not help.
//   - What an answer cost is reckoned from its tokens and OpenAI's own prices
//     (prices.json), wherever it came from; zero for a model not listed there.
//   - After a run of outages the model rests for some seconds: calls fail at
//     once and then one probe tries again, so that an ill provider costs the
//     queue no workers.
//   - No error text holds a body, a prompt or a key, and the SDK's own errors,
//     which carry the request with its key, do not leave the package.
//
// [Transcriber] writes down audio under the same rules. A file that the provider
// cannot read is fault.Unreadable there. A prompt may carry images and files; where
// the provider refuses a request with files, that is an outcome and no broken
// configuration: the file is the lead's.
//
// The key is asked for at every call, so that a rotated one is picked up. The
// package reads no environment.
package openai
