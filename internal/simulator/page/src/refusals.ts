// Why the street refuses something, in the words of the page: the street's own are
// for whoever calls it from a program.

const codes: Record<string, string> = {
  answered: "um turno já respondeu",
  "given-up": "nenhum turno respondeu a esta mensagem",
  "no-model": "aqui não há modelo, ou ele não aceita um pedido assim",
  "no-pack": "não há pacote com esse nome",
  "not-handed-off": "a conversa já é do Otto",
  "not-recorded": "o registro não guarda o bastante deste turno",
  "on-its-way": "a última resposta ainda está a caminho; tente de novo daqui a pouco",
  unknown: "o registro não conhece este turno",
};

/** What may be wrong with a field of a request. */
const fields: Record<string, string> = {
  advance: "não dá para avançar tanto, nem para trás",
  caption: "a legenda é longa demais",
  data: "o arquivo falta ou é grande demais",
  from: "o número não é de um telefone",
  "latitude, longitude": "essas coordenadas não existem",
  mime: "não dá para saber de que tipo é o arquivo",
  name: "o nome é longo demais",
  point: "essa falha não pode ser armada aqui",
  reply_to: "a mensagem a que isso responde falta",
  text: "o texto está vazio ou é longo demais",
  to: "o número não é de um telefone",
  until: "não há uma abertura da empresa no próximo mês",
};

const statuses: Record<number, string> = {
  404: "isso já não está guardado, ou nunca esteve",
  409: "agora não é possível",
  413: "é grande demais",
  502: "só uma parte foi feita; tente de novo",
  503: "uma parte de que isso depende não responde; tente de novo",
};

/** Why a request was refused, by the answer's status and body. */
export function reason(status: number, { code, error }: { code: string; error: string }): string {
  const field = error.slice(0, Math.max(0, error.indexOf(": ")));
  return codes[code] ?? fields[field] ?? statuses[status] ?? `não foi aceito (resposta ${status})`;
}
