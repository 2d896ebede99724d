// Package flow is the appointment form that a lead fills in inside WhatsApp: what
// each screen offers, what it accepts, and the token that says whose form it is.
//
// The form is described to WhatsApp in appointment.json, which is published by
// hand; the screens and fields that this package speaks of are those. Nothing is
// kept between two screens: every request carries what was chosen so far, and
// everything is checked again on every screen and once more when the form comes
// back as a message. So it does not matter which program answers, how often a
// request comes, or what a changed phone makes up.
//
// The package knows no network and no clock, and of the business only what an
// [Office] tells.
package flow
