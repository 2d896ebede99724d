// Package openaitest is OpenAI's edge living in a process: an HTTP server on
// loopback that speaks Chat Completions with structured output, and
// transcribes audio from a script.
//
// It is the one fake at that edge. Tests script it, crash runs stall it, and
// a development machine without a key talks to its offline model. A cassette
// repeats what a real model once said, and the worst model says the worst that
// a schema allows.
//
// What it promises:
//
//   - It refuses what OpenAI would refuse: an unknown argument, a strict schema
//     that leaves an object open or a key optional, an unsupported keyword, a
//     missing or wrong key.
//   - An answer of the offline model always satisfies the schema it was asked
//     with, and the same request gets the same answer.
//   - The offline model knows about a business only what the prompt says.
//   - It remembers a bounded number of requests, so that it can run for days.
//
// Transcription is a scripted stand-in: it listens to nothing. A [Clip] carries
// what it says in a comment, and of any other audio the transcript is that it is a
// demonstration. The offline model looks at no image, and says so.
//
// It is not a language model, tests nothing about one, and listens on
// loopback only.
package openaitest
