// The WhatsApp column: as the lead's phone would show it, and what concerns the
// whole conversation above it.

import { api } from "../api";
import { attempt, current, inspection, now, person, say, summaries, talk } from "../store";
import { lasting, states } from "../words";
import { Composer, suggest } from "./composer";
import { Log } from "./log";

export function Chat({ notice }: { notice: string }) {
  const shown = talk.value;
  const empty = !summaries.value.has(current.value);
  return (
    <main class="chat" id="chat" aria-label="WhatsApp">
      <Head />
      {notice !== "" && <p class="notice">{notice}</p>}
      {shown?.owner === "person" && <Handoff />}
      {empty ? <Welcome /> : <Log key={current.value} />}
      <Composer key={`composer ${current.value}`} />
    </main>
  );
}

function Head() {
  const { name, from } = person.value;
  const shown = talk.value;
  return (
    <header class="head">
      <span class="avatar otto" aria-hidden="true">O</span>
      <div class="who">
        <h2>Otto</h2>
        <p class="soft small">você é {name ? `${name} · ${from}` : from}</p>
      </div>
      {summaries.value.has(from) && (
        <a class="icon" href={api.scenarioAddress(from)} download="conversa.yaml" aria-label="Salvar como cenário" title="Salvar como cenário: o arquivo que atende scenario run executa">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M11 3h2v9.2l3.3-3.3 1.4 1.4L12 16l-5.7-5.7 1.4-1.4 3.3 3.3zM4 18h16v2H4z" /></svg>
        </a>
      )}
      <p class="chips">
        {shown && <span class="chip" title={shown.state}>{states[shown.state] ?? shown.state}</span>}
        {shown && <span class={`chip ${shown.owner === "person" ? "warn" : "good"}`}>{shown.owner === "person" ? "Uma pessoa responde" : "Otto responde"}</span>}
        <Window />
      </p>
    </header>
  );
}

/** Meta's customer-service window, as a countdown. */
function Window() {
  const until = talk.value?.window_until;
  if (until === undefined) return null;
  const left = Date.parse(until) - now.value;
  return left > 0
    ? <span class={`chip ${left < 3_600_000 ? "warn" : ""}`} title="Até quando o WhatsApp deixa a empresa responder livremente">Janela: {lasting(left)}</span>
    : <span class="chip bad" title="A empresa só pode mandar mensagens de modelo">Janela fechada</span>;
}

/** What can be done about a conversation that a person owns. */
function Handoff() {
  const waiting = inspection.value?.handoff;
  const who = talk.value?.conversation ?? current.value;
  const came = waiting?.came !== undefined;
  const accept = async () => {
    if (await attempt("Não deu para assumir", () => api.accept(who))) say("Você assumiu a conversa");
  };
  const release = async () => {
    if (await attempt("Não deu para devolver", () => api.release(who))) say("Otto voltou a responder");
  };
  return (
    <div class="handoff" role="group" aria-label="Atendimento por uma pessoa">
      <p>
        {waiting && !came ? <Waited since={waiting.since} /> : "Uma pessoa cuida desta conversa: Otto fica em silêncio."}
      </p>
      {waiting && !came && <button type="button" class="outlined" onClick={() => void accept()}>Assumir</button>}
      <button type="button" class="outlined" onClick={() => void release()}>Devolver ao Otto</button>
    </div>
  );
}

function Waited({ since }: { since: string | undefined }) {
  return <>O cliente espera uma pessoa{since ? ` há ${lasting(now.value - Date.parse(since))}` : ""}.</>;
}

const suggestions = ["oi, quero automatizar meu WhatsApp", "quanto custa?", "quero falar com uma pessoa"];

function Welcome() {
  return (
    <div class="scroll">
      <section class="welcome" aria-label="Primeiros passos">
        <h3>Converse com Otto</h3>
        <ol>
          <li>Você é o cliente: escreva como escreveria no WhatsApp.</li>
          <li>A mensagem percorre os programas de produção, nesta máquina, e a resposta chega aqui.</li>
          <li>Ao lado, o inspetor mostra por que Otto respondeu assim; embaixo, as falhas deixam você quebrar tudo.</li>
        </ol>
        <div class="suggestions">
          {suggestions.map((words) => (
            <button key={words} type="button" class="outlined" onClick={() => suggest(words)}>{words}</button>
          ))}
        </div>
      </section>
    </div>
  );
}
