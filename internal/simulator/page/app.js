"use strict";

// Everything that people wrote goes through textContent: nothing of it is ever
// read as HTML.

const byId = (id) => document.getElementById(id);
const log = byId("log");
const scroll = byId("scroll");
const text = byId("text");
const store = window.localStorage;

const starters = [
  { from: "5511988887777", name: "Iara" },
  { from: "5521977776666", name: "Bruno" },
  { from: "5541966665555", name: "Conceição" },
  { from: "BR.20417735518", name: "Otávio (sem telefone)" },
];

const states = {
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

const owners = { otto: "Otto responde", person: "Uma pessoa responde" };

const ticks = {
  sent: ["✓", "enviada"],
  delivered: ["✓✓", "entregue"],
  read: ["✓✓", "lida"],
  failed: ["!", "não entregue"],
};

const kinds = {
  audio: "Áudio",
  image: "Imagem",
  video: "Vídeo",
  document: "Documento",
  sticker: "Figurinha",
  location: "Localização",
  reaction: "Reação",
};

// What each part of the street is, by name and variant.
const parts = {
  "meta fake": ["WhatsApp", "simulado: nada sai desta máquina"],
  "ingress program": ["Ingress", "o programa de produção"],
  "redis embedded": ["Redis", "embutido; use REDIS_URL para um real"],
  "redis external": ["Redis", "real, o de REDIS_URL"],
  "redis none": ["Redis", "nenhum: as dicas ficam na memória"],
  "tasks process": ["Cloud Tasks", "simulado, com o protocolo e os tokens reais"],
  "worker program": ["Worker", "o programa de produção"],
  "ledger memory": ["Registro", "na memória, esquecido ao sair"],
  "ledger emulator": ["Registro", "emulador do Firestore"],
  "model offline": ["Modelo", "de demonstração, sem rede"],
  "model real": ["Modelo", "real"],
  "model off": ["Modelo", "desligado: Otto responde pelo menu"],
  "team receiver": ["Equipe", "simulada: recebe os avisos de atendimento"],
};

const modelNotices = {
  offline: "Modelo de demonstração: as respostas vêm de regras locais, ninguém ouve os áudios (a transcrição é um roteiro) nem enxerga as imagens. Defina OPENAI_API_KEY para usar o modelo real.",
  off: "Modelo desligado: Otto responde apenas pelo menu.",
};

let contacts = remembered();
let current = decodeURIComponent(location.hash.slice(1)) || store.getItem("current") || contacts[0].from;
let summaries = new Map();
let shown = new Map(); // element and fingerprint by key
let drafts = new Map();
let following = true; // the newest message stays in sight
let connected = true;
let notice = "";

// People.

function remembered() {
  try {
    const list = JSON.parse(store.getItem("contacts"));
    if (Array.isArray(list) && list.length > 0 && list.every((c) => typeof c.from === "string")) return list;
  } catch { /* Somebody else's data: start anew. */ }
  return starters.slice();
}

function remember() {
  store.setItem("contacts", JSON.stringify(contacts));
}

function contact(from) {
  return contacts.find((c) => c.from === from) || { from, name: "" };
}

function drawContacts() {
  const order = contacts.slice().sort((a, b) => lastTime(b.from) - lastTime(a.from));
  byId("contacts").replaceChildren(...order.map((c) => {
    const last = summaries.get(c.from);
    const button = make("button");
    button.type = "button";
    if (c.from === current) button.setAttribute("aria-current", "true");
    const avatar = make("span", "avatar", initial(c.name || c.from));
    avatar.setAttribute("aria-hidden", "true");
    button.append(
      avatar,
      make("span", "name", c.name || c.from),
      make("span", "time", last ? shortTime(last.at) : ""),
      make("span", "last", last ? preview(last) : c.from),
    );
    button.addEventListener("click", () => choose(c.from));
    const item = make("li");
    item.append(button);
    return item;
  }));
}

function lastTime(from) {
  const last = summaries.get(from);
  return last ? Date.parse(last.at) : 0;
}

function choose(from) {
  drafts.set(current, text.value);
  current = from;
  store.setItem("current", from);
  history.replaceState(null, "", `#${encodeURIComponent(from)}`);
  document.body.dataset.view = "chat";
  log.replaceChildren();
  shown = new Map();
  following = true;
  text.value = drafts.get(from) || "";
  grow();
  drawContacts();
  document.querySelector("#contacts [aria-current]")?.scrollIntoView({ block: "nearest" });
  drawHead({});
  complain("");
  refresh();
  text.focus();
}

// The conversation.

function drawHead(conversation) {
  const c = contact(current);
  byId("as").textContent = "você é " + (c.name ? `${c.name} · ${current}` : current);
  const state = byId("state");
  state.textContent = states[conversation.state] || conversation.state || "";
  state.title = conversation.state ? `Estado da conversa: ${conversation.state}` : "";
  byId("owner").textContent = owners[conversation.owner] || "";
  const scenario = byId("scenario");
  scenario.hidden = !summaries.has(current);
  scenario.href = `/api/conversations/${encodeURIComponent(current)}/scenario`;
}

async function refresh() {
  const from = current;
  if (!summaries.has(from)) {
    drawHead({});
    drawLog([]);
    return;
  }
  const response = await ask(`/api/conversations/${encodeURIComponent(from)}`);
  if (from !== current || !response) return;
  const conversation = await response.json();
  if (from !== current) return;
  if (!response.ok) {
    complain("O registro não responde; a conversa pode estar incompleta.");
    return;
  }
  drawHead(conversation);
  drawLog(conversation.messages);
}

function drawLog(messages) {
  byId("empty").hidden = messages.length > 0;
  const known = new Map(messages.map((m) => [m.id, m]));
  const reactions = new Map();
  for (const m of messages) {
    if (m.type === "reaction" && known.has(m.reply_to)) reactions.set(m.reply_to, m.text);
  }
  const rows = [];
  let day = "";
  let side = "";
  for (const m of messages) {
    if (m.type === "reaction" && known.has(m.reply_to)) continue;
    const its = dayOf(m.at);
    if (its !== day) {
      rows.push(["day " + its, its, () => make("li", "day", its)]);
      day = its;
      side = "";
    }
    const turned = m.direction !== side;
    side = m.direction;
    const quoted = known.get(m.reply_to);
    const reaction = reactions.get(m.id) || "";
    rows.push([m.id, JSON.stringify([m, turned, reaction, quoted && preview(quoted)]), () => drawMessage(m, turned, reaction, quoted)]);
  }
  const next = new Map();
  const elements = rows.map(([key, print, build]) => {
    const old = shown.get(key);
    const element = old && old.print === print ? old.element : build();
    next.set(key, { print, element });
    return element;
  });
  shown = next;
  elements.forEach((element, i) => {
    if (log.children[i] !== element) log.insertBefore(element, log.children[i] || null);
  });
  while (log.children.length > elements.length) log.lastChild.remove();
}

function toEnd() {
  scroll.scrollTop = scroll.scrollHeight;
}

// The lead is who sits before this page, so what the lead wrote is "mine".
function drawMessage(m, turned, reaction, quoted) {
  const mine = m.direction === "in";
  const row = make("li", `row${mine ? " mine" : ""}${turned ? " turned" : ""}`);
  const bubble = make("div", "bubble");
  bubble.append(make("span", "hidden", mine ? "Você: " : "Otto: "));
  if (quoted && m.type !== "button" && m.type !== "list") bubble.append(make("span", "quote", preview(quoted)));
  if (m.header) bubble.append(make("span", "header", m.header));
  bubble.append(...content(m));
  if (m.footer) bubble.append(make("span", "footer", m.footer));
  bubble.append(meta(m));
  row.append(bubble);
  if (reaction) {
    const badge = make("span", "reaction", reaction);
    badge.setAttribute("aria-label", `Reação: ${reaction}`);
    row.append(badge);
  }
  if (m.options && m.options.length > 0) row.append(choices(m));
  return row;
}

function content(m) {
  const parts = [];
  if (m.media) parts.push(media(m));
  if (m.type === "location" && m.direction === "in") {
    parts.push(make("span", "kind", `Localização: ${m.latitude}, ${m.longitude}`));
  }
  if (m.type === "reaction") parts.push(make("span", "kind", m.text ? `Reação: ${m.text}` : "Reação retirada"));
  else if (m.text) parts.push(styled(m.text));
  return parts;
}

function media(m) {
  const address = `/api/media/${encodeURIComponent(m.media)}`;
  const family = (m.mime || "").split("/")[0];
  let element;
  if (family === "image" && !m.mime.includes("svg")) {
    element = make("img");
    element.alt = m.text || kinds[m.type];
    element.src = address;
  } else if (family === "audio" || family === "video") {
    element = make(family);
    element.controls = true;
    element.preload = "metadata";
    element.setAttribute("aria-label", kinds[m.type]);
    element.src = address;
  } else {
    element = make("a", "", m.filename || kinds[m.type]);
    element.href = address;
    element.download = m.filename || "arquivo";
  }
  return element;
}

// styled shows the marks of WhatsApp: *bold*, _italic_, ~struck~ and ```code```.
function styled(words) {
  const tags = { "*": "strong", _: "em", "~": "s", "`": "code" };
  const pattern = /```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;
  const whole = document.createDocumentFragment();
  let end = 0;
  for (const match of words.matchAll(pattern)) {
    whole.append(words.slice(end, match.index));
    const tag = tags[match[2] || "`"];
    whole.append(make(tag, "", match[1] || match[3]));
    end = match.index + match[0].length;
  }
  whole.append(words.slice(end));
  return whole;
}

function meta(m) {
  const [mark, name] = ticks[m.status] || ["", ""];
  const element = make("span", "meta", clockTime(m.at));
  if (mark) {
    const tick = make("span", `ticks ${m.status}`, mark);
    tick.setAttribute("role", "img");
    tick.setAttribute("aria-label", name);
    tick.title = name;
    element.append(tick);
  }
  return element;
}

function choices(m) {
  const box = make("div", "choices");
  if (m.type === "list") {
    const button = make("button", "", m.menu || "Ver opções");
    button.type = "button";
    button.setAttribute("aria-haspopup", "dialog");
    button.addEventListener("click", () => openList(m));
    box.append(button);
    return box;
  }
  for (const option of m.options) {
    const button = make("button", "", option.title);
    button.type = "button";
    button.addEventListener("click", () => tap("button", m, option));
    box.append(button);
  }
  return box;
}

function openList(m) {
  const sheet = byId("options");
  byId("options-title").textContent = m.menu || "Opções";
  byId("options-rows").replaceChildren(...m.options.map((option) => {
    const button = make("button", "", option.title);
    button.type = "button";
    if (option.description) button.append(make("small", "", option.description));
    button.addEventListener("click", () => {
      sheet.close();
      tap("list", m, option);
    });
    const item = make("li");
    item.append(button);
    return item;
  }));
  sheet.showModal();
}

// Writing.

function tap(type, m, option) {
  write({ type, reply_to: m.id, id: option.id, title: option.title });
}

async function write(message) {
  const c = contact(current);
  toEnd();
  const response = await ask("/api/messages", { from: c.from, name: c.name, ...message });
  if (!response) return false;
  if (response.status === 202) {
    complain("");
    return true;
  }
  const { error } = await response.json().catch(() => ({ error: "" }));
  complain(`A mensagem não foi enviada (${response.status}). ${error || ""}`);
  return false;
}

async function submit() {
  const words = text.value;
  if (words.trim() === "") return;
  text.value = "";
  grow();
  if (!await write({ type: "text", text: words }) && text.value === "") {
    text.value = words;
    grow();
  }
}

function sendFile(chosen) {
  if (chosen.size > 16 * 1024 * 1024) {
    complain("O arquivo tem mais de 16 MB.");
    return;
  }
  const family = chosen.type.split("/")[0];
  const type = ["image", "audio", "video"].includes(family) ? family : "document";
  const reader = new FileReader();
  reader.addEventListener("load", () => write({
    type, mime: chosen.type || "application/octet-stream", filename: chosen.name,
    data: String(reader.result).split(",")[1] || "",
  }));
  reader.addEventListener("error", () => complain("O arquivo não pôde ser lido."));
  reader.readAsDataURL(chosen);
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

// Talking to the street.

async function ask(path, body) {
  try {
    return await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
  } catch {
    connection(false);
    return null;
  }
}

async function refreshList() {
  const response = await ask("/api/conversations");
  if (!response || !response.ok) return;
  const { conversations } = await response.json();
  summaries = new Map(conversations.map((c) => [c.from, c.last]));
  let grew = false;
  for (const c of conversations) {
    if (contacts.some((known) => known.from === c.from)) continue;
    contacts.push({ from: c.from, name: c.name });
    grew = true;
  }
  if (grew) remember();
  drawContacts();
}

async function refreshStreet() {
  const response = await ask("/api/street");
  if (!response || !response.ok) return;
  const street = await response.json();
  byId("parts").replaceChildren(...street.parts.flatMap((p) => {
    const [name, what] = parts[`${p.name} ${p.variant}`] || [p.name, p.variant];
    return [make("dt", "", name), make("dd", "", what)];
  }));
  const model = street.parts.find((p) => p.name === "model");
  notice = (model && modelNotices[model.variant]) || "";
  connection(true);
}

function connection(up) {
  connected = up;
  const strip = byId("notice");
  strip.textContent = connected ? notice : "Atende parou de responder nesta máquina. Tentando de novo…";
  strip.hidden = strip.textContent === "";
}

function complain(words) {
  byId("problem").textContent = words;
  byId("problem").hidden = words === "";
}

function listen() {
  const events = new EventSource("/api/events");
  let waiting = 0;
  events.addEventListener("open", refreshStreet);
  events.addEventListener("error", () => connection(false));
  events.addEventListener("message", () => {
    // A burst of changes is one redraw.
    if (waiting) return;
    waiting = setTimeout(async () => {
      waiting = 0;
      await refreshList();
      refresh();
    }, 60);
  });
}

// Words and elements.

function make(tag, name, words) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (words) element.textContent = words;
  return element;
}

function preview(m) {
  const label = kinds[m.type];
  if (label && m.type !== "reaction") return m.text ? `${label}: ${m.text}` : label;
  if (m.type === "reaction") return m.text ? `Reagiu com ${m.text}` : "Retirou a reação";
  return m.text;
}

function initial(name) {
  return [...name][0].toUpperCase();
}

function clockTime(at) {
  return new Date(at).toLocaleTimeString("pt-BR", { hour: "2-digit", minute: "2-digit" });
}

function dayOf(at) {
  return new Date(at).toLocaleDateString("pt-BR", { weekday: "long", day: "numeric", month: "long" });
}

function shortTime(at) {
  const same = new Date(at).toDateString() === new Date().toDateString();
  return same ? clockTime(at) : new Date(at).toLocaleDateString("pt-BR", { day: "2-digit", month: "2-digit" });
}

scroll.addEventListener("scroll", () => {
  following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
});

const sizes = new ResizeObserver(() => {
  if (following) toEnd();
});
sizes.observe(scroll);
sizes.observe(log);

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});

byId("file").addEventListener("change", (event) => {
  const [chosen] = event.target.files;
  event.target.value = "";
  if (chosen) sendFile(chosen);
});

byId("suggestion").addEventListener("click", (event) => {
  write({ type: "text", text: event.target.textContent });
  text.focus();
});

byId("back").addEventListener("click", () => {
  document.body.dataset.view = "list";
});

byId("new-contact").addEventListener("click", () => {
  byId("contact-form").reset();
  byId("contact").showModal();
});

byId("contact-cancel").addEventListener("click", () => byId("contact").close());

byId("contact-form").addEventListener("submit", () => {
  const from = byId("contact-from").value.trim();
  const name = byId("contact-name").value.trim();
  contacts = contacts.filter((c) => c.from !== from);
  contacts.push({ from, name });
  remember();
  choose(from);
});

if (location.hash) document.body.dataset.view = "chat";
drawContacts();
drawHead({});
refreshList().then(refresh);
listen();
