// Package turntest holds the ports through which a turn sees the queue and Graph
// to their promises, whoever answers there: the adapters over real protocols,
// and what the simulation plays. The promises of the stores are in storetest.
//
// A suite is told where it runs by a function that opens an empty port for each
// promise, so that it can be a bubble with a clock of its own as well as a
// server on a socket. Promises report with Errorf alone: they may run beside the
// goroutine of the test.
package turntest
