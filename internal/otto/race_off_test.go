//go:build !race

package otto_test

const raced = false
