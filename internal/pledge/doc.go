// Package pledge reads what a Portuguese text promises, and what it says that
// will be done.
//
// A text is read as words: folded to lower case without accents, invisible
// characters or letters of other alphabets that look like Latin ones. The
// forms of a pledge, and the forms that take one back, are in pt.txt, in a
// small grammar of words that its first lines explain. Reading one form costs a
// bounded number of steps a word, so that a text is read in linear time
// whatever it says.
//
// A form that was found is a pledge unless its sentence says otherwise: it is
// negated, asked, offered, handed to whoever decides it, or tells what a
// product does. In doubt a form counts: a draft that is asked for again costs
// less than a promise that must be kept.
//
// Letters that stand apart, and digits in the place of letters, make the word
// that is meant.
//
// What it does not see: irony, promises that span sentences, and rivals that
// nobody listed.
package pledge
