// Package browsertest opens the page of the local street in a real Chromium and
// uses it as a person does: by what elements are called and are for, with the
// mouse or with the keyboard alone. Every test has a street and a tab of its own.
//
// The browser reaches the world through a proxy of the tests, which lets through
// nothing but loopback and remembers what was asked for: a page that asks anybody
// else fails its test, and so does one that prints an error.
//
// The tests need Chromium and the page's development packages, so they carry the
// build tag "browser" and have a script of their own, scripts/browser.sh. What
// they saw is in screenshots/, which is not kept.
package browsertest
