// Package infratest holds what is said of the cloud against what the programs do:
// names, settings, indexes and what is counted from the log stand in infra/ as
// well as in the code, and only a test that reads both keeps them the same.
//
// It holds no code but tests. Terraform's own tests, in infra/tests, check what
// needs no code beside them.
package infratest
