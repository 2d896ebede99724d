//go:build unguarded

package otto

const guarded = false
