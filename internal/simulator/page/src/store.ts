// What the page knows, as signals, and the few ways in which that changes. All
// of it comes from the street, which says over server-sent events what to ask
// for again.

import { computed, signal } from "@preact/signals";
import {
  api, Refused,
  type Faults, type Inspection, type Line, type MessageRequest, type Overview, type Street, type Summary, type Talk, type TurnDocument,
} from "./api";

export interface Contact {
  from: string;
  name: string;
}

export type View = "people" | "chat" | "inspector" | "tools";

/** How long changes are gathered before the page looks, in milliseconds. */
const gatheringTime = 60;

const starters: Contact[] = [
  { from: "5511988887777", name: "Iara" },
  { from: "5521977776666", name: "Bruno" },
  { from: "5541966665555", name: "Conceição" },
  { from: "BR.20417735518", name: "Otávio (sem telefone)" },
];

const memory = window.localStorage;

function recall<T>(key: string, otherwise: T, fits: (value: unknown) => boolean): T {
  try {
    const value: unknown = JSON.parse(memory.getItem(key) ?? "null");
    return fits(value) ? (value as T) : otherwise;
  } catch {
    return otherwise; // Written by somebody else.
  }
}

const keep = (key: string, value: unknown): void => memory.setItem(key, JSON.stringify(value));

const areContacts = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((c: unknown) => typeof (c as Contact | null)?.from === "string");

/** A conversation as far as it was fetched; messages keeps its identity while nothing changed. */
interface Conversation extends Omit<Talk, "messages"> {
  messages: Line[];
}

export const contacts = signal<Contact[]>(recall("contacts", starters, areContacts));
export const summaries = signal<ReadonlyMap<string, Summary>>(new Map());
export const current = signal("");
export const talk = signal<Conversation | null>(null);
export const inspection = signal<Inspection | null>(null);
/** The chosen turn; empty follows the newest. */
export const chosenTurn = signal("");
export const turn = signal<TurnDocument | null>(null);
export const street = signal<Street | null>(null);
export const overview = signal<Overview | null>(null);
export const faults = signal<Faults | null>(null);
export const connected = signal(true);
export const problem = signal("");
/** What has just been done, for the eye and for screen readers. */
export const notice = signal("");
export const view = signal<View>("people");
/** The message that the chat is to bring into sight, and how often it was asked to. */
export const sought = signal<{ id: string; n: number }>({ id: "", n: 0 });
const seen = signal<Record<string, number>>(recall("seen", {}, (v) => typeof v === "object" && v !== null));

const offset = signal(0);
const tick = signal(Date.now());
window.setInterval(() => { tick.value = Date.now(); }, 1000);

/** The street's time in milliseconds, to the second. */
export const now = computed(() => tick.value + offset.value);

export const person = computed<Contact>(
  () => contacts.value.find((c) => c.from === current.value) ?? { from: current.value, name: summaries.value.get(current.value)?.name ?? "" },
);

/** The turn that is shown: the chosen one, or the newest. */
export const shownTurn = computed(() => chosenTurn.value || inspection.value?.turns?.at(-1)?.id || "");

export function unread(from: string): number {
  if (from === current.value) return 0;
  return Math.max(0, (summaries.value.get(from)?.replies ?? 0) - (seen.value[from] ?? 0));
}

function markSeen(from: string): void {
  const replies = summaries.value.get(from)?.replies ?? 0;
  if ((seen.value[from] ?? 0) === replies) return;
  seen.value = { ...seen.value, [from]: replies };
  keep("seen", seen.value);
}

export function say(words: string): void {
  // A repeat must be heard too.
  notice.value = notice.value === words ? `${words}\u00a0` : words;
}

/** Does something at the street, and shows why when it does not work. */
export async function attempt<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    const value = await act();
    problem.value = "";
    return value;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 0) connected.value = false;
    problem.value = `${what}: ${error.message}.`;
    return undefined;
  }
}

/** Puts the cursor where messages are written, once what is chosen is drawn. */
export function focusText(): void {
  requestAnimationFrame(() => document.getElementById("text")?.focus());
}

/** Puts text on the clipboard. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copiado: ${what}`);
  } catch {
    problem.value = "O navegador não deixou copiar.";
  }
}

// People.

export function addContact(contact: Contact): void {
  contacts.value = [...contacts.value.filter((c) => c.from !== contact.from), contact];
  keep("contacts", contacts.value);
  choose(contact.from);
}

export function choose(from: string): void {
  enter(from);
  leaveAddress();
  void refreshCurrent();
}

function enter(from: string): void {
  if (from !== current.value) {
    current.value = from;
    talk.value = null;
    inspection.value = null;
    turn.value = null;
    memory.setItem("current", from);
  }
  chosenTurn.value = "";
  problem.value = "";
  markSeen(from);
}

export function chooseTurn(id: string): void {
  chosenTurn.value = id;
  leaveAddress();
  void refreshTurn();
}

/** Brings a message into sight. */
export function seek(id: string): void {
  sought.value = { id, n: sought.value.n + 1 };
  if (view.value === "inspector") view.value = "chat";
}

// The address names what is shown: #/c/5511988887777/turno-3.

function addressOf(turnId: string): string {
  const version = turnId.split("~")[1];
  return `#/c/${encodeURIComponent(current.value)}${version ? `/turno-${version}` : ""}`;
}

function leaveAddress(): void {
  const address = addressOf(chosenTurn.value);
  if (address !== location.hash) history.replaceState(null, "", address);
}

/** The address that leads to the shown turn, also when it is not the newest any more. */
export const turnAddress = (): string => new URL(addressOf(shownTurn.value), location.href).href;

/** What an address asks for; the turn is a version, for an id is not known before the conversation. */
function readAddress(): { from: string; version: number } {
  const match = /^#\/c\/([^/]+)(?:\/turno-(\d+))?$/.exec(location.hash);
  try {
    return { from: decodeURIComponent(match?.[1] ?? ""), version: Number(match?.[2] ?? 0) };
  } catch {
    return { from: "", version: 0 }; // Cut off, or mistyped.
  }
}

/** Shows what the address asks for. Until the turn is found the address stays as it is, for only it names the turn. */
async function followAddress(): Promise<void> {
  const { from, version } = readAddress();
  if (from === "") return;
  enter(from);
  await refreshList(); // Of who is not in it nothing is asked.
  await refreshCurrent();
  if (from !== current.value || chosenTurn.value !== "") return; // Something else was chosen meanwhile.
  chooseTurn(inspection.value?.turns?.find((t) => t.version === version)?.id ?? "");
}

// Fetching. Each kind of thing is asked for by one request at a time; what
// changes meanwhile asks once more.

function once(fetch: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  return () => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await fetch();
      } while (again);
    })().finally(() => { running = null; });
    return running;
  };
}

async function quietly(fetch: () => Promise<void>): Promise<void> {
  try {
    await fetch();
    connected.value = true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 0) connected.value = false;
  }
}

const refreshList = once(() => quietly(async () => {
  const { conversations } = await api.list();
  summaries.value = new Map(conversations.map((c) => [c.from, c]));
  const strangers = conversations.filter((c) => !contacts.value.some((known) => known.from === c.from));
  if (strangers.length > 0) {
    contacts.value = [...contacts.value, ...strangers.map(({ from, name }) => ({ from, name }))];
    keep("contacts", contacts.value);
  }
  markSeen(current.value);
}));

const refreshTalk = once(() => quietly(async () => {
  const from = current.value;
  const before = talk.value;
  const fresh = await api.talk(from, before?.revision);
  if (from !== current.value) return;
  talk.value = { ...fresh, messages: merged(before, fresh) };
}));

/** The lines that were known with what is new about them. */
function merged(before: Conversation | null, fresh: Talk): Line[] {
  if (fresh.whole || !before || before.from !== fresh.from) return fresh.messages;
  if (fresh.messages.length === 0) return before.messages;
  const lines = before.messages.slice();
  const places = new Map(lines.map((line, i) => [line.id, i]));
  for (const line of fresh.messages) {
    const place = places.get(line.id);
    if (place === undefined) {
      places.set(line.id, lines.push(line) - 1);
    } else {
      lines[place] = line;
    }
  }
  return fresh.first ? lines.slice(Math.max(0, fresh.first - (before.first ?? 0))) : lines;
}

const refreshInspection = once(() => quietly(async () => {
  const from = current.value;
  const fresh = await api.inspection(from);
  if (from === current.value) inspection.value = fresh;
}));

const refreshTurn = once(() => quietly(async () => {
  const id = shownTurn.value;
  if (id === "") {
    turn.value = null;
    return;
  }
  try {
    const fresh = await api.turn(id);
    if (id === shownTurn.value) turn.value = fresh;
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    if (id === shownTurn.value) turn.value = null;
  }
}));

export const refreshStreet = once(() => quietly(async () => {
  const fresh = await api.street();
  offset.value = Date.parse(fresh.now) - Date.now();
  street.value = fresh;
}));

export const refreshFaults = once(() => quietly(async () => { faults.value = await api.faults(); }));
const refreshOverview = once(() => quietly(async () => { overview.value = await api.overview(); }));

async function refreshCurrent(): Promise<void> {
  if (!summaries.value.has(current.value)) return; // Nobody wrote yet.
  await refreshTalk();
  if (talk.value?.conversation) await refreshInspection();
  await refreshTurn();
}

// Acting.

/** Sends what a lead writes, by default the one that is shown; false when the street did not take it. */
export async function write(message: Omit<MessageRequest, "from" | "name">, { from, name }: Contact = person.value): Promise<boolean> {
  const sent = await attempt("A mensagem não foi enviada", () => api.write({ from, name, ...message }));
  return sent !== undefined;
}

/** Skips time, and says what time it is then. */
export async function skip(what: () => Promise<{ now: string }>): Promise<void> {
  const moved = await attempt("O relógio não andou", what);
  if (moved) offset.value = Date.parse(moved.now) - Date.now();
}

/** Starts to follow the street. */
export function follow(): void {
  const { from } = readAddress();
  current.value = from || memory.getItem("current") || contacts.value[0]?.from || "";
  if (from) {
    view.value = "chat";
    void followAddress();
  } else {
    void refreshList().then(refreshCurrent);
  }
  window.addEventListener("hashchange", () => void followAddress());
  const events = new EventSource("/api/events");
  let waiting = 0;
  events.addEventListener("open", () => {
    connected.value = true;
    void refreshStreet();
  });
  events.addEventListener("error", () => { connected.value = false; });
  let touched = false;
  events.addEventListener("message", (e: MessageEvent<string>) => {
    const { changed } = JSON.parse(e.data) as { changed: string[] };
    // Nobody's change concerns everybody: the clock, or the queue.
    touched ||= changed.length === 0 || changed.includes(current.value);
    if (waiting !== 0) return;
    // A burst of changes is one look.
    waiting = window.setTimeout(() => {
      const current = touched;
      waiting = 0;
      touched = false;
      void refreshList().then(() => (current ? refreshCurrent() : undefined));
      void refreshStreet();
      void refreshFaults();
      void refreshOverview();
    }, gatheringTime);
  });
}
