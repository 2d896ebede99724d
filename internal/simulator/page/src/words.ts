// What the page calls things, in Portuguese, and how it writes times and
// figures.

export const states: Record<string, string> = {
  INITIAL: "Início",
  TRIAGE: "Triagem",
  COLLECTING_INFO: "Coletando informações",
  GENERATING_RESPONSE: "Respondendo",
  HANDOFF_HUMAN: "Com a equipe",
  SELF_SERVE_INFO: "Autoatendimento",
  ROUTE_EXTERNAL: "Encaminhado",
  SCHEDULED_FOLLOWUP: "Retorno agendado",
  TIMEOUT: "Encerrada por inatividade",
  ERROR: "Erro",
};

export const owners: Record<string, string> = { otto: "Otto", person: "Pessoa" };

export const kinds: Record<string, string> = {
  audio: "Áudio",
  image: "Imagem",
  video: "Vídeo",
  document: "Documento",
  sticker: "Figurinha",
  location: "Localização",
  reaction: "Reação",
  template: "Mensagem de modelo",
};

export const statuses: Record<string, string> = {
  sent: "enviada",
  delivered: "entregue",
  read: "lida",
  played: "ouvida",
  failed: "não entregue",
};

/** What Meta's error codes mean for whoever looks at the failed message. */
const failures: Record<number, string> = {
  131026: "o WhatsApp não consegue entregar a este número",
  131047: "a janela de 24 horas fechou",
  131049: "a Meta preferiu não entregar",
  131050: "a pessoa não quer mensagens da empresa",
  131051: "este tipo de mensagem não é aceito",
  131056: "mensagens demais para esta pessoa em pouco tempo",
  130429: "mensagens demais deste número em pouco tempo",
};

export function failure(error: { code: number; title?: string } | undefined): string {
  if (!error) return "não entregue";
  return `não entregue: ${failures[error.code] ?? error.title ?? "sem explicação"} (${error.code})`;
}

const zone = "America/Sao_Paulo";
const clockFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const exactFormat = new Intl.DateTimeFormat("pt-BR", {
  timeZone: zone, day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const dayFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, weekday: "long", day: "numeric", month: "long" });
const shortDayFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, day: "2-digit", month: "2-digit" });
const weekdayFormat = new Intl.DateTimeFormat("pt-BR", {
  timeZone: zone, weekday: "short", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit",
});
const weekdayOnlyFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, weekday: "short" });

export const clockTime = (at: string): string => clockFormat.format(new Date(at));
export const exactTime = (at: string): string => exactFormat.format(new Date(at));
export const dayOf = (at: string): string => dayFormat.format(new Date(at));
export const weekdayTime = (at: string | number): string => weekdayFormat.format(new Date(at));

/** The weekday and the time: "dom. 03:19". */
export const weekdayClock = (at: number): string => `${weekdayOnlyFormat.format(at)} ${clockFormat.format(at)}`;

/** The time today, the date before. */
export function shortTime(at: string, now: number): string {
  return dayOf(at) === dayFormat.format(now) ? clockTime(at) : shortDayFormat.format(new Date(at));
}

/** How long something still lasts, or has lasted: "23 h 41 min". */
export function lasting(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return "instantes";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} dias`;
}

const count = new Intl.NumberFormat("pt-BR");
const tenth = new Intl.NumberFormat("pt-BR", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const dollar = new Intl.NumberFormat("pt-BR", { minimumFractionDigits: 4, maximumFractionDigits: 4 });

export const figure = (n: number): string => count.format(n);

/** Milliseconds, as seconds from one second on, and as minutes from ten on. */
export function took(ms: number): string {
  if (ms >= 600_000) return lasting(ms);
  if (ms >= 1000) return `${tenth.format(ms / 1000)} s`;
  return `${ms >= 10 ? count.format(Math.round(ms)) : tenth.format(ms)} ms`;
}

export const dollars = (micro: number): string => `US$ ${dollar.format(micro / 1_000_000)}`;

/** One line for lists and quotes. */
export function preview(line: { type: string; text: string; filename?: string }): string {
  if (line.type === "reaction") return line.text ? `Reagiu com ${line.text}` : "Retirou a reação";
  const kind = kinds[line.type];
  if (kind && line.type !== "template") return [kind, line.filename || line.text].filter(Boolean).join(": ");
  return line.text || kind || "Mensagem";
}
