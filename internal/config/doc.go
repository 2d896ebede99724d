// Package config is what each program must be told: read once, checked whole,
// all faults reported at once, printable safely.
//
// [LoadIngress] and [LoadWorker] read an environment in the form of
// os.Environ and return typed settings. One table describes every variable:
// who reads it, its default, whether it is secret, what it may hold and why it
// exists. The loaders, docs/configuration.md and .env.example all come from
// that table, so a default or a rule is written once.
//
// Promises:
//
//   - A wrong environment yields one [*Faults] that names every wrong variable
//     and what to do about each; the programs print it and exit with code 2.
//   - No fault, warning or description holds a secret or a telephone number.
//     Values are shown only for variables the table allows to be printed.
//   - Nothing is read from the network or from disk. A reference to Secret
//     Manager is only named here; [Common.CheckResolved] applies the same rules
//     to what it turns out to hold.
//   - Development rules (stores in memory, emulators, plain http, fixed keys)
//     hold in development alone.
//
// It refuses to guess: an abbreviated environment name, a reference where a
// plain value is due, or a window that would allow a second answer is a fault.
package config
