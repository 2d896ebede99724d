// The street's own API, as the page sees it. Whatever a person wrote arrives
// here as text and is only ever shown as text.

import { reason } from "./refusals";

export type Direction = "in" | "out";
export type Owner = "otto" | "person";
export type Status = "sent" | "delivered" | "read" | "played" | "failed";

export interface Option {
  id: string;
  title: string;
  description?: string;
}

/** One message as WhatsApp shows it. */
export interface Line {
  id: string;
  direction: Direction;
  author?: "lead" | "otto" | "person";
  type: string;
  text: string;
  status: Status;
  error?: { code: number; title?: string };
  at: string;
  reply_to?: string;
  options?: Option[];
  menu?: string;
  header?: string;
  footer?: string;
  media?: string;
  mime?: string;
  filename?: string;
  latitude?: number;
  longitude?: number;
}

export interface Summary {
  from: string;
  name: string;
  last: Line;
  state?: string;
  owner?: Owner;
  replies?: number;
  failed?: number;
  typing?: boolean;
  waiting_since?: string;
}

export interface Talk {
  from: string;
  name: string;
  messages: Line[];
  state: string;
  owner: Owner;
  revision?: number;
  /** The messages are all there are, not only what changed. */
  whole?: boolean;
  /** Index of the first line that is still held, counted from the first ever. */
  first?: number;
  total?: number;
  typing?: boolean;
  window_until?: string;
  conversation?: string;
}

export interface CardValue {
  field: string;
  value: string;
  words?: string;
  confidence: number;
  at: string;
  message?: string;
  turn?: string;
}

export interface TurnSummary {
  id: string;
  version: number;
  at: string;
  route: string;
  mode?: string;
  from: string;
  into: string;
  phase: string;
  /** Meta's ids, each in its place; empty where one is not known. */
  messages: string[] | null;
  replies: string[] | null;
  model: boolean;
  blocked: number;
  cost_micro_usd: number;
  took_ms: number;
}

export interface Act {
  id: string;
  kind: string;
  reason?: string;
  turn?: string;
  at: string;
}

/** What is known of one conversation, beside what was said in it. */
export interface Inspection {
  conversation: string;
  version: number;
  state: string;
  owner: Owner;
  since?: string;
  legal: string[] | null;
  states: string[] | null;
  interest?: string;
  asked?: string;
  opted_out?: string;
  window_until?: string;
  handoff?: { since?: string; deadline?: string; came?: string; reminders?: number };
  inactive_at?: string;
  card: CardValue[] | null;
  turns: TurnSummary[] | null;
  acts: Act[] | null;
}

export interface Words {
  length: number;
  text?: string;
}

export interface Receipt {
  turn: string;
  conversation: string;
  number: string;
  correlation_id: string;
  decided_at: string;
  phase: string;
  heard: {
    id: string;
    kind?: string;
    note?: string;
    text: Words;
    sent_at?: string;
    received_at?: string;
    perceived?: {
      outcome: string;
      said: Words;
      confidence?: number;
      length_ms?: number;
      model?: string;
      took_ms?: number;
      cost_micro_usd?: number;
    };
  }[] | null;
  decision: {
    route: string;
    mode?: string;
    fallback?: string;
    from: string;
    into: string;
    event: string;
    refused?: string;
    asked?: string;
    facts?: { id: string; text?: string }[];
    intent?: number;
    confidence?: number;
    pack_hash?: string;
    pack_current: boolean;
  };
  model?: {
    name: string;
    calls: { fingerprint: string; outcome: string; said: Words }[] | null;
    tokens_in: number;
    tokens_out: number;
    tokens_cached: number;
    cost_micro_usd: number;
    took_ms: number;
  };
  verdicts?: { guard: string; ok: boolean; found: Words }[];
  steps?: { name: string; took_ms: number }[];
  parts: {
    part: number;
    kind: string;
    text: Words;
    template?: string;
    options?: Words[];
    phase: string;
    reason?: string;
    attempts: {
      attempt: number;
      result?: string;
      code?: number;
      at?: string;
      digest?: string;
      category?: string;
      billing?: string;
      receipts?: { status: string; code?: number; at: string }[];
    }[] | null;
  }[] | null;
  effects?: {
    effect: number;
    kind: string;
    way?: string;
    why?: string;
    briefing: Words;
    due?: string;
    phase: string;
    attempts: number;
    reason?: string;
    done?: string;
  }[];
}

export interface TimelineStep {
  step: string;
  start_ms: number;
  took_ms: number;
  /** Each a place, and behind a space the name that the figure has there. */
  origins: string[];
}

/** Everything that is known of one turn. */
export interface TurnDocument {
  receipt: Receipt;
  record: unknown;
  timeline: TimelineStep[] | null;
  facts: { id: string; text: string; file: string; line: number }[] | null;
  webhooks: { id: string; body: unknown; deliveries?: number }[] | null;
  graph: { id: string; body: unknown }[] | null;
  statuses: unknown[] | null;
  prompts: {
    fingerprint: string;
    model: string;
    messages: { role: string; text: string }[];
    prefix: number;
    answer?: string;
  }[] | null;
  logs: Record<string, unknown>[] | null;
}

export interface Street {
  parts: { name: string; real: boolean; variant: string; what: string }[];
  now: string;
  clock_off: string;
  waiting: { webhooks: number; tasks: number; due: number; timers: number };
  next_opening?: string;
  packs?: string[];
  pack?: string;
  models?: string[];
}

export interface Overview {
  since: string;
  /** How many answers the quantiles are of, and how much time an element of the series stands for. */
  timed: number;
  width_ms: number;
  conversations: number;
  messages: number;
  replies: number;
  p50_ms: number;
  p95_ms: number;
  cost_micro_usd: number;
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  handoffs: number;
  blocked: number;
  parked: number;
  failed: number;
  series: { at: string; messages: number; replies: number; p95_ms: number; blocked: number; handoffs: number }[] | null;
}

export interface FaultRequest {
  point: string;
  kind: string;
  status?: number;
  code?: number;
  times?: number;
  delay?: string;
}

export interface Faults {
  points: { point: string; kinds: string[] | null; without?: string }[];
  armed: { point: string; kind: string; left: number; status?: number; code?: number; delay?: string }[] | null;
}

/** What a lead sends. Which fields count depends on the type. */
export interface MessageRequest {
  from: string;
  name?: string;
  type: string;
  text?: string;
  reply_to?: string;
  id?: string;
  title?: string;
  mime?: string;
  data?: string;
  caption?: string;
  filename?: string;
  latitude?: number;
  longitude?: number;
  emoji?: string;
}

export interface RepeatSide {
  route: string;
  from: string;
  into: string;
  text: string[] | null;
  facts: string[] | null;
  verdicts: { guard: string; ok: boolean }[] | null;
  tokens_in: number;
  tokens_out: number;
  cost_micro_usd: number;
  took_ms: number;
}

export interface Repeat {
  was: RepeatSide;
  now: RepeatSide;
  differences: { field: string; was: unknown; now: unknown }[] | null;
}

/** A request that the street refused, or that found no street (status 0); its message is for who looks at the page. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(0, "Atende não respondeu nesta máquina");
  }
  const text = await response.text();
  if (!response.ok) {
    const refused = refusal(text);
    throw new Refused(response.status, reason(response.status, refused));
  }
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function refusal(body: string): { error: string; code: string } {
  try {
    const { error, code } = JSON.parse(body) as { error?: unknown; code?: unknown };
    return { error: typeof error === "string" ? error : "", code: typeof code === "string" ? code : "" };
  } catch {
    return { error: "", code: "" };
  }
}

function post<T>(path: string, body: unknown): Promise<T> {
  return call<T>(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

const part = encodeURIComponent;

export const api = {
  list: () => call<{ conversations: Summary[] }>("/api/conversations"),
  talk: (from: string, since?: number) =>
    call<Talk>(`/api/conversations/${part(from)}${since === undefined ? "" : `?since=${since}`}`),
  inspection: (from: string) => call<Inspection>(`/api/conversations/${part(from)}/inspector`),
  turn: (id: string) => call<TurnDocument>(`/api/turns/${part(id)}`),
  repeat: (id: string, pack: string, model: string) => post<Repeat>(`/api/turns/${part(id)}/repeat`, { pack, model }),
  street: () => call<Street>("/api/street"),
  overview: () => call<Overview>("/api/overview"),
  faults: () => call<Faults>("/api/faults"),
  arm: (fault: FaultRequest) => post<unknown>("/api/faults", fault),
  heal: () => call<undefined>("/api/faults", { method: "DELETE" }),
  advance: (advance: string) => post<{ now: string; advanced?: string }>("/api/clock", { advance }),
  untilOpening: () => post<{ now: string; advanced?: string }>("/api/clock", { until: "opening" }),
  write: (message: MessageRequest) => post<{ id: string }>("/api/messages", message),
  deliverAgain: (id: string, times: number, parallel: boolean) =>
    post<{ id: string; answers: Record<string, number> }>("/api/webhooks", { id, times, parallel }),
  answerAsPerson: (to: string, text: string) => post<{ id: string }>("/api/person", { to, text }),
  accept: (who: string) => post<unknown>(`/api/operator/handoffs/${part(who)}/accept`, {}),
  release: (who: string) => post<unknown>(`/api/operator/handoffs/${part(who)}/release`, {}),
  scenarioAddress: (from: string) => `/api/conversations/${part(from)}/scenario`,
  mediaAddress: (id: string) => `/api/media/${part(id)}`,
};
