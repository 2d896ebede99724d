package pledge

// meant reports whether a form of a pledge is one where it stands. What is no
// pledge counts where the form begins or ends, and not in the middle of it:
// "vou confirmar o melhor horário com a equipe" is one.
func (t *parsed) meant(kind Kind, f form) bool {
	if t.marks[f.from].has(sectionPass) || t.marks[f.to-1].has(sectionPass) {
		return false
	}
	verbal := t.verbal(f)
	if t.negated(f, verbal) || t.asked(kind, f) || !verbal && t.deferred(f) {
		return false
	}
	return kind != Action || !t.offered(f) && !t.product(f)
}

// lead is how many words of a form can stand before its verb.
const lead = 3

// verbal reports whether a form is a clause of its own and not a noun.
func (t *parsed) verbal(f form) bool {
	for i := f.from; i < min(f.from+lead, f.to); i++ {
		if t.marks[i].has(sectionVerb) {
			return true
		}
		if !t.marks[i].has(sectionSubject) {
			return false
		}
	}
	return false
}

// far is how many words away a word of the same clause still counts.
const far = 40

// negated reports whether a word before a form takes it back. A clause that
// follows without a joint is a new one when there was a verb already: "não sei
// te dizer vou verificar".
func (t *parsed) negated(f form, verbal bool) bool {
	fresh := verbal && !t.linked(f) // the form would begin a clause of its own
	verb := false                   // between the word that negates and the form
	for i := f.from - 1; i >= max(0, f.from-far); i-- {
		next := t.words[i+1]
		if next.stop || t.begun[i+1].has(sectionTurn) {
			return false
		}
		if next.comma && (verbal || verb || !t.listed(i+1)) {
			return false
		}
		m := t.marks[i]
		switch {
		case m.has(sectionHollow):
		case m.has(sectionNegation):
			return !fresh || !verb
		case m.has(sectionAbsence):
			return !verb && !verbal
		case m.has(sectionAnd) && (verb || verbal && t.opens(i+1, f.from)):
			return false
		}
		verb = verb || m.has(sectionVerb)
	}
	return false
}

// opens reports whether nothing but subjects stand between a joint and a form.
func (t *parsed) opens(from, to int) bool {
	for i := from; i < to; i++ {
		if !t.marks[i].has(sectionSubject) {
			return false
		}
	}
	return true
}

// linked reports whether a form hangs on the clause before it.
func (t *parsed) linked(f form) bool {
	i := f.from - 1
	for i >= 0 && t.marks[i].has(sectionSubject) {
		i--
	}
	return i >= 0 && t.marks[i].has(sectionLink)
}

// listed reports whether the stretch that a comma begins goes on with a list:
// "prazo, resultado garantido ou desconto".
func (t *parsed) listed(from int) bool {
	for i := from; i < min(len(t.words), from+far) && (i == from || !t.words[i].stop); i++ {
		if t.marks[i].has(sectionOr) {
			return true
		}
	}
	return false
}

// asked reports whether a form is asked and not said.
func (t *parsed) asked(kind Kind, f form) bool {
	end := t.end[f.to-1]
	if before := t.before[f.from]; !t.words[end-1].asked || before.has(sectionPresuming) {
		return false
	} else if kind == ClosedPrice || kind == Comparison {
		return before.has(sectionOpinion)
	}
	if f.to == end {
		return true
	}
	comma := t.comma[f.to]
	if kind == Action && comma < end && t.begun[comma].has(sectionTag) && t.done[end-1].has(sectionTag) {
		return true
	}
	return comma == end && !t.behind[f.to].has(sectionQuestion)
}

// deferred reports whether what follows a noun leaves it to somebody else, or
// denies it.
func (t *parsed) deferred(f form) bool {
	return f.to < len(t.words) && !t.words[f.to].stop && t.begun[f.to].has(sectionDeferred)
}

// offered reports whether an action waits for the lead's word, which was asked
// for before it or is behind it.
func (t *parsed) offered(f form) bool {
	end := t.end[f.to-1]
	return t.before[f.from].has(sectionOffer) && !t.spent(f) || end > f.to && t.done[end-1].has(sectionOffer)
}

// spent reports whether a clause of its own stands between an offer and a form:
// "se preferir, dá para falar com alguém, vou verificar" offers the first alone.
func (t *parsed) spent(f form) bool {
	commas, verb := 0, false
	for i := f.from; i >= max(0, f.from-far); i-- {
		if i < f.from && t.begun[i].has(sectionOffer) {
			return false
		}
		if i < f.from && commas > 0 {
			verb = verb || t.marks[i].has(sectionVerb)
		}
		if t.words[i].comma {
			if commas++; commas > 1 && verb {
				return true
			}
		}
	}
	return false
}

// product reports whether what acts is a thing: "o sistema avisa a equipe e o
// horário fica confirmado" tells what it does. A clause that a comma begins
// goes on with nothing but the one before it.
func (t *parsed) product(f form) bool {
	if !t.begun[f.from].has(sectionImpersonal) {
		return false
	}
	for i := f.from; i < f.to; i++ {
		if t.marks[i].has(sectionOwn) {
			return false
		}
	}
	begins := f.from // the clause, maybe with an article before the form
	for i := f.from; i >= max(0, f.from-2); i-- {
		if t.words[i].comma {
			begins = i
			break
		}
	}
	for i := f.from - 1; i >= max(0, f.from-far) && !t.words[i+1].stop; i-- {
		if i+1 < begins && t.words[i+1].comma && t.words[begins].comma {
			return false
		}
		if t.marks[i].has(sectionProduct) {
			return true
		}
	}
	return false
}
