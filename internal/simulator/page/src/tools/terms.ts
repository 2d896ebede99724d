// What the tools call things.

export const points: Record<string, string> = {
  webhook: "Webhook",
  model: "Modelo",
  graph: "Graph",
  redis: "Redis",
  ledger: "Registro (Firestore)",
  tasks: "Cloud Tasks",
  worker: "Worker",
  media: "Arquivos do cliente",
  transcription: "Transcrição",
};

const kinds: Record<string, string> = {
  fail_before: "não acontece",
  fail_after: "acontece, e a resposta se perde",
  hang: "fica sem resposta",
  status: "responde com erro",
  duplicate: "acontece em dobro",
  late: "atrasa",
  reorder: "fora de ordem",
  refuse: "recusa falar do assunto",
  fail_later: "aceita, e falha depois",
};

const deaths: Record<string, string> = {
  fail_before: "morre antes de gravar",
  hang: "morre entre gravar e enviar",
  fail_after: "morre depois do envio",
};

/** What a kind of fault means at a point. */
export const kindAt = (point: string, kind: string): string => (point === "worker" ? deaths[kind] : undefined) ?? kinds[kind] ?? kind;

/** How often a fault still happens; a negative number is until it is taken back. */
export function left(times: number): string {
  if (times < 0) return "até desfazer";
  return times === 1 ? "resta 1 vez" : `restam ${times} vezes`;
}

/** Why something cannot be done here, as the street says it. */
const reasons: Record<string, string> = {
  "it is spoken to with TLS, so nothing can stand between": "a conversa com ele é por TLS, e nada pode ficar no meio",
  "there is none; hints are in memory": "não há Redis: as dicas ficam na memória",
  "it is not the offline one": "só o modelo de demonstração se quebra daqui, e ele não está em uso",
  "the moments of a turn are seen at the ledger in memory, and this is another":
    "os momentos de um turno só se veem no registro em memória, e aqui ele é outro",
  "it speaks to Redis with TLS, so nothing can cut that at its death": "ele fala com o Redis por TLS, e essa conexão não se corta daqui",
  "REDIS_URL is set, and that Redis keeps a time of its own": "o Redis de REDIS_URL tem o próprio relógio",
  "FIRESTORE_EMULATOR_HOST is set, and the emulator keeps a time of its own": "o emulador do Firestore tem o próprio relógio",
};

export const reason = (words: string): string => reasons[words] ?? words;

/** What each part of the street is, by name and variant. */
export const parts: Record<string, [name: string, what: string]> = {
  "meta fake": ["WhatsApp", "simulado: nada sai desta máquina"],
  "ingress program": ["Ingress", "o programa de produção"],
  "redis embedded": ["Redis", "embutido; use REDIS_URL para um real"],
  "redis external": ["Redis", "real, o de REDIS_URL"],
  "redis none": ["Redis", "nenhum: as dicas ficam na memória"],
  "tasks process": ["Cloud Tasks", "simulado, com o protocolo e os tokens reais"],
  "worker program": ["Worker", "o programa de produção"],
  "ledger memory": ["Registro", "na memória, esquecido ao sair"],
  "ledger emulator": ["Registro", "emulador do Firestore"],
  "model offline": ["Modelo", "de demonstração: regras locais, sem rede; use OPENAI_API_KEY para o real"],
  "model real": ["Modelo", "real"],
  "model off": ["Modelo", "desligado: Otto responde pelo menu"],
  "team receiver": ["Equipe", "simulada: recebe os avisos de atendimento"],
};

/** A number with the word that it takes. */
export const some = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;
