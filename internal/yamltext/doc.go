// Package yamltext reads YAML that people write, strictly, and says of every
// fault in which file and line it is.
//
// A reader takes the keys it knows from an [Object]; what nobody took is a
// fault, and so is a wrong type, a key given twice, an anchor or an alias. A
// fault never ends the reading: whoever wrote the file hears of all of them at
// once.
package yamltext
