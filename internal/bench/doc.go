// Package bench measures what a message costs. make bench and make bench-cold run
// the benchmarks, and docs/performance.md says what the figures mean. One of them
// counts what a conversation asks of everybody who is paid for it; tests reckon
// docs/cost.md and docs/scaling.md from that.
//
// Absolute times say little on a machine that others use too, so everything is
// measured beside a floor: a bare handler that does the same input and output
// with the same clients, in the same run, taking turns with the real program.
// What is compared is processor time of the service alone: the service, the
// servers it talks to and the load come from different processes.
//
// The benchmarks promise that the work was done: every answer is checked, and
// the stand-ins are asked how much reached them. They never fail by time.
package bench
