// What the inspector calls things.

export const routes: Record<string, string> = {
  fixed: "resposta fixa",
  model: "modelo",
  safe: "frase segura",
  menu: "menu, sem modelo",
  media: "mídia",
  late: "tarde demais",
  muted: "em silêncio: uma pessoa responde",
  silent: "nada a responder",
  timer: "o tempo passou",
};

export const phases: Record<string, string> = {
  DECIDED: "decidida, ainda não enviada",
  SENDING: "a caminho, ou sem notícia da Meta",
  SENT: "aceita pela Meta",
  FAILED: "não entregue",
  PARKED: "espera um operador",
  CLOSED: "encerrada por um operador",
  PENDING: "pendente",
  DONE: "feito",
};

export const steps: Record<string, string> = {
  webhook: "Webhook",
  queue: "Fila",
  lease: "Trava",
  ledger: "Registro",
  media: "Mídia",
  model: "Modelo",
  guards: "Guardas",
  commit: "Gravação",
  send: "Envio",
  sent: "Enviada",
  delivered: "Entregue",
  read: "Lida",
  failed: "Falhou",
};

/** Where a figure of the timeline was read. */
export const places: Record<string, string> = {
  message: "na mensagem",
  log: "no log",
  record: "no registro do turno",
  webhook: "no webhook da Meta",
};

/** Steps that are moments on the lead's phone, long after the turn. */
export const moments = new Set(["sent", "delivered", "read", "failed"]);

export const guards: Record<string, string> = {
  form: "forma da resposta",
  legality: "passo permitido",
  personal_data: "dados pessoais",
  claims: "afirmações com fato",
  promise: "promessas",
  promise_of_action: "promessas de ação",
  repetition: "repetição",
  hours: "horário",
  continuation: "continuidade",
};

export const fields: Record<string, string> = {
  full_name: "Nome",
  company: "Empresa",
  role: "Cargo",
  location: "Localização",
  email: "E-mail",
  primary_interest: "Interesse",
  specific_need: "Necessidade",
  urgency: "Urgência",
  budget_indication: "Orçamento",
  company_size: "Porte da empresa",
  message_volume_per_day: "Mensagens por dia",
  attendants_count: "Atendentes",
  specialists_count: "Especialistas",
  users_count: "Usuários",
  has_crm: "Tem CRM",
  needs_data_migration: "Precisa migrar dados",
  current_tools: "Ferramentas de hoje",
  modules_needed: "Módulos desejados",
  desired_features: "Recursos desejados",
  integrations_needed: "Integrações",
  legacy_systems: "Sistemas antigos",
  meeting_preference: "Reunião",
  meeting_at: "Data da reunião",
  meeting_mode: "Modo da reunião",
  source: "Origem",
  source_type: "Tipo da origem",
  source_id: "Anúncio",
  source_url: "Endereço da origem",
  source_text: "Texto da origem",
  ctwa_clid: "Clique no anúncio",
};

export const acts: Record<string, string> = {
  reply_failed: "uma resposta não foi entregue",
  retried: "um operador mandou tentar de novo",
  dropped: "um operador desistiu",
  closed: "um operador encerrou",
  released: "a conversa voltou para Otto",
  accepted: "uma pessoa assumiu",
};

export const effects: Record<string, string> = {
  handoff: "chamar uma pessoa",
  appointment: "anotar a reunião",
  handoff_unanswered: "avisar que ninguém veio",
  message: "encaminhar à equipe",
  undelivered: "avisar que não chegou",
  timer: "marcar um temporizador",
};

export const results: Record<string, string> = {
  accepted: "aceita pela Meta",
  refused: "recusada pela Meta",
  postponed: "adiada, tenta de novo",
  withheld: "retida, não saiu",
};

export const perceptions: Record<string, string> = {
  understood: "entendido",
  silence: "ninguém fala",
  unclear: "não dá para ter certeza",
  too_large: "grande ou longo demais",
  wrong_kind: "tipo que não se lê",
  gone: "a Meta não o tem mais",
  undone: "não pôde ser lido",
};

/** A word, or the code itself where there is none. */
export const word = (words: Record<string, string>, code: string): string => words[code] ?? code;
