// The faults that are worth a button, in words.

import type { FaultRequest } from "../api";

/** A fault that is armed, or a webhook that is delivered again. */
export interface Ready {
  name: string;
  /** What will happen, and what to watch. */
  then: string;
  fault?: FaultRequest;
  /** How many more times the newest message of the lead is delivered, all at once. */
  copies?: number;
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
      { name: "Entregar duas vezes", then: "A última mensagem chega outra vez: nenhuma segunda resposta.", copies: 1 },
      { name: "Quarenta ao mesmo tempo", then: "A última mensagem chega quarenta vezes de uma vez: nenhuma resposta a mais.", copies: 40 },
      { name: "A próxima em dobro", then: "A próxima mensagem chega duas vezes: uma resposta.", fault: { point: "webhook", kind: "duplicate" } },
      { name: "Fora de ordem", then: "A próxima mensagem chega depois da seguinte: escreva duas, nenhuma se perde.", fault: { point: "webhook", kind: "reorder" } },
      { name: "Atrasado 30 s", then: "A próxima mensagem chega meio minuto depois; o relógio encurta a espera.", fault: { point: "webhook", kind: "late", delay: "30s" } },
      { name: "Não chega", then: "A próxima entrega se perde; a Meta tenta de novo, e a resposta só atrasa.", fault: { point: "webhook", kind: "fail_before" } },
      { name: "Aceite perdido", then: "O webhook é aceito, a Meta não fica sabendo e o entrega de novo.", fault: { point: "webhook", kind: "fail_after" } },
    ],
  },
  {
    name: "Modelo",
    ready: [
      { name: "429, calma", then: "O modelo pede calma uma vez: a tarefa volta e a resposta sai.", fault: { point: "model", kind: "status", status: 429 } },
      { name: "Lento", then: "O modelo leva 8 segundos: “digitando” fica à vista.", fault: { point: "model", kind: "late", delay: "8s" } },
      { name: "Cortado", then: "A conexão cai no meio da resposta: nada pela metade chega ao cliente.", fault: { point: "model", kind: "fail_after" } },
      { name: "Recusa", then: "O modelo se nega a responder: vale a frase segura.", fault: { point: "model", kind: "refuse", times: 2 } },
      { name: "Modelo fora do ar", then: "Até desfazer: Otto espera e depois responde pelo menu.", fault: { point: "model", kind: "status", status: 503, times: forEver } },
    ],
  },
  {
    name: "Graph",
    ready: [
      { name: "500, erro da Meta", then: "O envio falha sem se saber se chegou: só recibos decidem. Adiante 2 minutos e escreva por outro contato.", fault: { point: "graph", kind: "status", status: 500 } },
      { name: "Aceita e não responde", then: "A mensagem sai, a resposta se perde: ela não pode sair de novo.", fault: { point: "graph", kind: "fail_after" } },
      { name: "131047, janela fechada", then: "A Meta diz que passaram 24 horas: a recusa fica à vista.", fault: { point: "graph", kind: "status", status: 400, code: 131047 } },
      { name: "131056, rápido demais", then: "Mensagens demais para a pessoa: espera e tenta depois.", fault: { point: "graph", kind: "status", status: 400, code: 131056 } },
      { name: "Falha depois de aceitar", then: "A Meta aceita e mais tarde diz que não entregou (131026).", fault: { point: "graph", kind: "fail_later", code: 131026 } },
      { name: "Graph fora do ar", then: "Até desfazer: nada sai, nada se perde.", fault: { point: "graph", kind: "fail_before", times: forEver } },
    ],
  },
  {
    name: "Redis, registro e fila",
    ready: [
      { name: "Redis fora do ar", then: "Até desfazer: tudo continua, só mais devagar.", fault: { point: "redis", kind: "fail_before", times: forEver } },
      { name: "Registro fora do ar", then: "Até desfazer: nada é respondido antes de ser gravado.", fault: { point: "ledger", kind: "fail_before", times: forEver } },
      { name: "Gravação sem resposta", then: "O registro grava e não conta: o worker reconhece o que é seu.", fault: { point: "ledger", kind: "fail_after" } },
      { name: "Despacho duplo", then: "A fila entrega a próxima tarefa duas vezes: uma resposta.", fault: { point: "tasks", kind: "duplicate" } },
      { name: "Fila recusa", then: "O webhook recebe 503 e volta.", fault: { point: "tasks", kind: "fail_before" } },
    ],
  },
  {
    name: "Worker",
    ready: [
      { name: "Morre antes de gravar", then: "O turno recomeça do zero em outro worker.", fault: { point: "worker", kind: "fail_before" } },
      { name: "Morre antes de enviar", then: "A resposta está gravada e ninguém sabe se saiu: adiante 2 minutos e escreva por outro contato.", fault: { point: "worker", kind: "hang" } },
      { name: "Morre depois de enviar", then: "A mensagem saiu e o worker não anotou: só o recibo sabe.", fault: { point: "worker", kind: "fail_after" } },
    ],
  },
];
