// The column of conversations.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Bench } from "./tools/bench";
import { addContact, choose, contacts, current, focusText, now, summaries, unread, view, type Contact } from "./store";
import { lasting, owners, preview, shortTime, states } from "./words";

const wanted = signal("");
const making = signal(false);

/** Opens the form for somebody new. */
export function newContact(): void {
  making.value = true;
}

export function People() {
  const order = contacts.value
    .filter(matches)
    .sort((a, b) => lastTime(b) - lastTime(a));
  return (
    <nav class="people" aria-label="Conversas">
      <header>
        <h2 id="people-title">Conversas</h2>
        <button type="button" class="plain" onClick={newContact} aria-keyshortcuts="Alt+N">Novo contato</button>
      </header>
      <div class="search">
        <input
          id="search" class="input" type="search" aria-label="Procurar conversas" placeholder="Procurar" aria-keyshortcuts="Alt+B"
          value={wanted.value} onInput={(e) => { wanted.value = e.currentTarget.value; }}
        />
      </div>
      <ul class="list" aria-labelledby="people-title" onKeyDown={walk}>
        {order.map((contact) => <Person key={contact.from} contact={contact} />)}
        {order.length === 0 && <li class="nobody">Ninguém com esse nome ou número.</li>}
      </ul>
      <Bench />
      {making.value && <NewContact />}
    </nav>
  );
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function matches(contact: Contact): boolean {
  const words = fold(wanted.value.trim());
  if (words === "") return true;
  const last = summaries.value.get(contact.from)?.last;
  return [contact.name, contact.from, last ? preview(last) : ""].some((text) => fold(text).includes(words));
}

function lastTime(contact: Contact): number {
  const last = summaries.value.get(contact.from)?.last;
  return last ? Date.parse(last.at) : 0;
}

/** Arrows walk through the list. */
function walk(e: KeyboardEvent): void {
  const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  e.preventDefault();
  const buttons = [...(e.currentTarget as HTMLElement).querySelectorAll("button")];
  buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step]?.focus();
}

const initial = (name: string): string => ([...name.trim()][0] ?? "?").toUpperCase();

function Person({ contact }: { contact: Contact }) {
  const summary = summaries.value.get(contact.from);
  const news = unread(contact.from);
  const open = () => {
    choose(contact.from);
    view.value = "chat";
    focusText();
  };
  return (
    <li>
      <button type="button" aria-current={contact.from === current.value ? "true" : undefined} onClick={open}>
        <span class="avatar" aria-hidden="true">{initial(contact.name || contact.from)}</span>
        <span class="name">{contact.name || contact.from}</span>
        <span class="time">{summary ? shortTime(summary.last.at, now.value) : ""}</span>
        <span class="last">{summary?.typing ? "digitando…" : summary ? preview(summary.last) : contact.from}</span>
        {news > 0 ? <span class="count" aria-label={`${news} não lidas`}>{news}</span> : <span />}
        {summary?.state !== undefined && (
          <span class="chips">
            <span class="chip">{states[summary.state] ?? summary.state}</span>
            {summary.owner === "person" && (
              <span class="chip warn">
                {summary.waiting_since
                  ? `espera a equipe há ${lasting(now.value - Date.parse(summary.waiting_since))}`
                  : `com ${owners.person?.toLowerCase()}`}
              </span>
            )}
            {(summary.failed ?? 0) > 0 && <span class="chip bad">{summary.failed} sem entrega</span>}
          </span>
        )}
      </button>
    </li>
  );
}

/** A number nobody here has, so that one click and Enter are enough. */
function freeNumber(): string {
  const taken = new Set(contacts.value.map((c) => c.from));
  for (;;) {
    const number = `55119${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
    if (!taken.has(number)) return number;
  }
}

function NewContact() {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const from = useRef<HTMLInputElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (e: Event) => {
    e.preventDefault();
    addContact({ from: from.current?.value.trim() ?? "", name: name.current?.value.trim() ?? "" });
    view.value = "chat";
    dialog.current?.close();
    focusText();
  };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="contact-title" onClose={() => { making.value = false; }}>
      <form onSubmit={submit}>
        <h2 id="contact-title">Novo contato</h2>
        <p class="soft small">Pode inventar: nada chega ao WhatsApp.</p>
        <label class="field">Nome
          <input ref={name} maxLength={256} autocomplete="off" defaultValue={`Cliente ${contacts.value.length + 1}`} required />
        </label>
        <label class="field">Telefone com DDI e DDD, só números
          <input
            ref={from} inputMode="numeric" autocomplete="off" defaultValue={freeNumber()} required
            pattern="[0-9]{7,15}|[A-Z]{2}\.[A-Za-z0-9]{1,128}"
            title="De 7 a 15 números, como 5511988887777, ou um identificador como BR.1234"
          />
        </label>
        <p class="actions">
          <button type="button" class="plain" onClick={() => dialog.current?.close()}>Cancelar</button>
          <button type="submit" class="strong">Criar</button>
        </p>
      </form>
    </dialog>
  );
}
