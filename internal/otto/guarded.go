//go:build !unguarded

package otto

// guarded: guards and state machine have the last word. Without them, which the
// build tag unguarded makes of a test, a proposal is sent as the model made it:
// so it shows what they are good for.
const guarded = true
