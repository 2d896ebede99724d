// Package media makes something of the files that leads send: it fetches them,
// looks whether they are what they say, has speech written down and decides
// whether to believe it.
//
// [Senses.Perceive] answers the port of a turn. What is the file's own fault is a
// perception, and each has its sentence for the lead; only a dependency that is
// ill is an error, and worth another try. In the order in which a file meets
// them:
//
//   - Its type is looked up. What nobody reads is not even fetched.
//   - Meta is asked where it is and how large. A large one is not fetched.
//   - Memory is reserved, so that many files at once wait instead of ending the
//     process.
//   - It is downloaded, within the bounds of [whatsapp.Client.Download]. An
//     address that has expired is asked for again, once.
//   - Its bytes must be of the type that Meta announced.
//   - A voice note in which nobody speaks never reaches a model: silence is what
//     models invent most upon.
//   - Speech is written down, and what a model was not sure of, what it always
//     hears in silence and what it repeats without end is not taken for words.
//
// A hash that differs from Meta's is noted and hinders nothing: it is not
// documented what Meta hashes.
package media
