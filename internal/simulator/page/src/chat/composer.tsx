// Where the lead writes, or the team answers.

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { api, type Line } from "../api";
import { attempt, current, focusText, person, problem, say, write } from "../store";
import { preview } from "../words";
import { Attachments } from "./attachments";
import { Recorder } from "./voice";

/** What was begun in a conversation and not sent. */
interface Draft {
  text: string;
  burst: string[];
  quoted: Line | null;
}

const nothing: Draft = { text: "", burst: [], quoted: null };
const drafts = signal<Record<string, Draft>>({});
/** Who writes: the lead, or the team in its phone app. */
const asTeam = signal(false);
const attaching = signal(false);

const draft = (from = current.value): Draft => drafts.value[from] ?? nothing;

function change(part: Partial<Draft>, from = current.value): void {
  drafts.value = { ...drafts.value, [from]: { ...draft(from), ...part } };
}

/** Writes an answer to a message. */
export function quote(line: Line): void {
  change({ quoted: line });
  asTeam.value = false;
  focusText();
}

/** Sends words that the page proposed. */
export function suggest(words: string): void {
  void write({ type: "text", text: words });
  focusText();
}

/** Sends the text as a voice note; refused, it comes back, unless something else was begun meanwhile. */
async function speak(): Promise<void> {
  const { text } = draft();
  const to = person.value;
  change({ text: "" });
  if (!(await write({ type: "audio", text }, to)) && draft(to.from).text === "") change({ text }, to.from);
}

/** Puts the text into the burst. */
function queue(): void {
  const { text, burst } = draft();
  if (text.trim() === "") return;
  change({ text: "", burst: [...burst, text] });
  say(`${burst.length + 1} na rajada; Enter envia todas`);
}

/**
 * Sends the burst and the text to whom they were written, wherever one looks
 * meanwhile; what is refused goes back into the draft.
 */
async function send(): Promise<void> {
  const { text, burst, quoted } = draft();
  const to = person.value;
  const team = asTeam.value;
  const left = text.trim() === "" ? burst.slice() : [...burst, text];
  if (left.length === 0) return;
  change(nothing);
  let reply = quoted?.id;
  for (let words = left.shift(); words !== undefined; words = left.shift()) {
    const message = words;
    const sent = team
      ? await attempt("A resposta não foi enviada", () => api.answerAsPerson(to.from, message)).then((answer) => answer !== undefined)
      : await write({ type: "text", text: message, ...(reply ? { reply_to: reply } : {}) }, to);
    if (!sent) {
      const since = draft(to.from);
      change({ burst: [message, ...left, ...since.burst], quoted: since.quoted ?? (reply ? quoted : null) }, to.from);
      return;
    }
    reply = undefined;
  }
}

/** A line is never broken by Enter; keyboards of telephones say so without a key. */
function breaks(e: InputEvent): void {
  if (e.inputType !== "insertLineBreak") return;
  e.preventDefault();
  void send();
}

function keys(e: KeyboardEvent): void {
  if (e.key !== "Enter" || e.isComposing || e.ctrlKey || e.altKey || e.metaKey) return;
  e.preventDefault();
  if (e.shiftKey) queue();
  else void send();
}

export function Composer() {
  const { text, burst, quoted } = draft();
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const el = area.current;
    if (!el) return;
    el.style.height = "auto";
    el.style.height = `${el.scrollHeight + 2}px`;
  }, [text]);
  useEffect(() => () => { attaching.value = false; }, []);
  return (
    <form class={`composer${asTeam.value ? " team" : ""}`} aria-label="Escrever" onSubmit={(e) => { e.preventDefault(); void send(); }}>
      <fieldset class="as">
        <legend class="quiet">Escrever como</legend>
        <label><input type="radio" name="as" checked={!asTeam.value} onChange={() => { asTeam.value = false; }} />Cliente</label>
        <label><input type="radio" name="as" checked={asTeam.value} onChange={() => { asTeam.value = true; }} />Equipe, no celular da empresa</label>
      </fieldset>
      {quoted && (
        <p class="quoting">
          <span>Resposta a: {preview(quoted)}</span>
          <button type="button" class="plain" onClick={() => { change({ quoted: null }); focusText(); }}>Não citar</button>
        </p>
      )}
      {burst.length > 0 && (
        <ol class="burst" aria-label="Rajada, ainda não enviada">
          {burst.map((words, i) => (
            <li key={i}>
              <span>{words}</span>
              <button type="button" aria-label={`Tirar da rajada: ${words}`} onClick={() => { change({ burst: burst.filter((_, n) => n !== i) }); focusText(); }}>×</button>
            </li>
          ))}
        </ol>
      )}
      <div class="line">
        {!asTeam.value && (
          <button type="button" class="icon" aria-label="Anexar" title="Anexar" aria-haspopup="dialog" onClick={() => { attaching.value = true; }}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M16.5 6v11.5a4 4 0 0 1-8 0V5a2.5 2.5 0 0 1 5 0v10.5a1 1 0 0 1-2 0V6H10v9.5a2.5 2.5 0 0 0 5 0V5a4 4 0 0 0-8 0v12.5a5.5 5.5 0 0 0 11 0V6z" /></svg>
          </button>
        )}
        <textarea
          ref={area} id="text" rows={1} maxLength={65536} autocomplete="off" value={text} aria-describedby="composer-keys"
          placeholder={asTeam.value ? "Resposta da equipe" : "Mensagem"} aria-label={asTeam.value ? "Resposta da equipe" : "Mensagem"}
          onInput={(e) => change({ text: e.currentTarget.value })} onKeyDown={keys} onBeforeInput={breaks}
        />
        {!asTeam.value && text === "" && burst.length === 0 && <Recorder />}
        <button type="submit" class="icon send" aria-label="Enviar" title="Enviar (Enter)">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 21 23 12 2 3v7l15 2-15 2z" /></svg>
        </button>
      </div>
      <p id="composer-keys" class="hint">Enter envia · Shift+Enter junta uma rajada</p>
      {attaching.value && (
        <Attachments
          text={text} onClose={() => { attaching.value = false; focusText(); }}
          onSpeak={() => void speak()} onTrouble={(words) => { problem.value = words; }}
        />
      )}
    </form>
  );
}
