// The faults that are worth a button, in words.

import { api, type FaultRequest, type Line } from "../api";

/** A fault is armed, or a webhook that was delivered is delivered again. */
export interface Ready {
  name: string;
  /** What will happen, and what to watch. */
  then: string;
  fault?: FaultRequest;
  again?: { times: number; parallel: boolean };
}

export interface Group {
  name: string;
  ready: Ready[];
}

const forEver = -1;

export const groups: Group[] = [
  {
    name: "Webhook",
    ready: [
      { name: "Entregar de novo", then: "A última mensagem chega outra vez: nenhuma segunda resposta.", again: { times: 1, parallel: false } },
      { name: "Quarenta ao mesmo tempo", then: "A última mensagem chega quarenta vezes de uma vez: nenhuma resposta a mais.", again: { times: 40, parallel: true } },
      { name: "Fora de ordem", then: "A próxima mensagem chega depois da seguinte.", fault: { point: "webhook", kind: "reorder" } },
      { name: "Atrasado 30 s", then: "A próxima mensagem chega meio minuto depois.", fault: { point: "webhook", kind: "late", delay: "30s" } },
      { name: "Resposta perdida", then: "O webhook é aceito, a Meta não fica sabendo e o entrega de novo.", fault: { point: "webhook", kind: "fail_after" } },
    ],
  },
  {
    name: "Modelo",
    ready: [
      { name: "429", then: "O modelo pede calma uma vez: a tarefa volta e a resposta sai.", fault: { point: "model", kind: "status", status: 429 } },
      { name: "Lento", then: "O modelo leva 8 segundos: “digitando” fica à vista.", fault: { point: "model", kind: "late", delay: "8s" } },
      { name: "Cortado", then: "A conexão cai no meio da resposta.", fault: { point: "model", kind: "fail_after" } },
      { name: "Recusa", then: "O modelo se nega a responder: vale a frase segura.", fault: { point: "model", kind: "refuse", times: 2 } },
      { name: "Fora do ar", then: "Até desfazer: Otto espera e depois responde pelo menu.", fault: { point: "model", kind: "status", status: 503, times: forEver } },
    ],
  },
  {
    name: "Graph",
    ready: [
      { name: "500", then: "O envio falha sem se saber se chegou: só um recibo decide.", fault: { point: "graph", kind: "status", status: 500 } },
      { name: "Aceita e não responde", then: "A mensagem sai, a resposta se perde: ela não pode sair de novo.", fault: { point: "graph", kind: "fail_after" } },
      { name: "131047", then: "A Meta diz que a janela fechou.", fault: { point: "graph", kind: "status", status: 400, code: 131047 } },
      { name: "131056", then: "Mensagens demais para a pessoa: espera e tenta depois.", fault: { point: "graph", kind: "status", status: 400, code: 131056 } },
      { name: "Fora do ar", then: "Até desfazer: nada sai, nada se perde.", fault: { point: "graph", kind: "fail_before", times: forEver } },
    ],
  },
  {
    name: "Redis, registro e fila",
    ready: [
      { name: "Redis fora do ar", then: "Até desfazer: tudo continua, só mais devagar.", fault: { point: "redis", kind: "fail_before", times: forEver } },
      { name: "Registro fora do ar", then: "Até desfazer: nada é respondido antes de ser gravado.", fault: { point: "ledger", kind: "fail_before", times: forEver } },
      { name: "Gravação sem resposta", then: "O registro grava e não conta: o worker reconhece o que é seu.", fault: { point: "ledger", kind: "fail_after" } },
      { name: "Despacho duplo", then: "A fila entrega a próxima tarefa duas vezes.", fault: { point: "tasks", kind: "duplicate" } },
      { name: "Fila recusa", then: "O webhook recebe 503 e volta.", fault: { point: "tasks", kind: "fail_before" } },
    ],
  },
  {
    name: "Worker",
    ready: [
      { name: "Morre antes de gravar", then: "O turno recomeça do zero em outro worker.", fault: { point: "worker", kind: "fail_before" } },
      { name: "Morre antes de enviar", then: "A resposta está gravada; ninguém sabe se saiu.", fault: { point: "worker", kind: "hang" } },
      { name: "Morre depois de enviar", then: "A mensagem saiu e o worker não anotou: só o recibo sabe.", fault: { point: "worker", kind: "fail_after" } },
    ],
  },
];

export const points: Record<string, string> = {
  webhook: "webhook", model: "modelo", transcription: "transcrição", graph: "Graph", media: "mídia", redis: "Redis", ledger: "registro", tasks: "fila", worker: "worker",
};

export const kinds: Record<string, string> = {
  fail_before: "não acontece",
  fail_after: "acontece, sem resposta",
  hang: "trava",
  status: "resposta de erro",
  duplicate: "acontece duas vezes",
  late: "atrasa",
  reorder: "fora de ordem",
  refuse: "recusa",
};

/** The kinds whose point gives them another meaning. */
const special: Record<string, string> = {
  "worker fail_before": "morre antes de gravar",
  "worker hang": "morre antes de enviar",
  "worker fail_after": "morre depois de enviar",
};

export const kindOf = (point: string, kind: string): string => special[`${point} ${kind}`] ?? kinds[kind] ?? kind;

/** Does it, and says what came of it. */
export async function set(ready: Ready, last: Line | undefined): Promise<string> {
  if (ready.fault) {
    await api.arm(ready.fault);
    return `Armado: ${ready.name}`;
  }
  if (!ready.again || !last) return "Escreva uma mensagem antes.";
  const { answers } = await api.deliverAgain(last.id, ready.again.times, ready.again.parallel);
  return Object.entries(answers).map(([status, n]) => `${n} resposta${n > 1 ? "s" : ""} ${status === "0" ? "perdida" : status}`).join(", ");
}
