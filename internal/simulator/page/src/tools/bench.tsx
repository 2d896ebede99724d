// What can be done to the street: faults, and what is real in it.

import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { api } from "../api";
import { attempt, faults, refreshFaults, say, street, talk } from "../store";
import { figure } from "../words";
import { groups, kindOf, points, set, type Ready } from "./faults";

/** What came of the last thing that was done. */
const outcome = signal("");

export function Bench() {
  return (
    <section class="bench" id="tools" tabIndex={-1} aria-label="Falhas">
      <header><h2>Falhas</h2></header>
      <Armed />
      <Afterwards />
      {groups.map((group) => (
        <fieldset key={group.name}>
          <legend>{group.name}</legend>
          <ul>{group.ready.map((ready) => <One key={ready.name} ready={ready} />)}</ul>
        </fieldset>
      ))}
      <details>
        <summary>Outra falha</summary>
        <Free />
      </details>
      <details>
        <summary>O que é real aqui</summary>
        <Parts />
      </details>
    </section>
  );
}

function Armed() {
  const armed = faults.value?.armed ?? [];
  const heal = async () => {
    await attempt("As falhas continuam", () => api.heal());
    outcome.value = "Tudo desfeito.";
    say(outcome.value);
    void refreshFaults();
  };
  if (armed.length === 0) return <p class="soft small">Nada está quebrado agora.</p>;
  return (
    <div class="armed">
      <ul aria-label="Falhas armadas">
        {armed.map((f, i) => (
          <li key={i}>
            <strong>{points[f.point] ?? f.point}</strong>: {kindOf(f.point, f.kind)}
            {f.status ? ` ${f.status}` : ""}{f.code ? ` (${f.code})` : ""}{f.delay ? ` ${f.delay}` : ""},{" "}
            {f.left < 0 ? "até desfazer" : f.left === 1 ? "mais uma vez" : `mais ${f.left} vezes`}
          </li>
        ))}
      </ul>
      <button type="button" class="outlined" onClick={() => void heal()}>Desfazer todas</button>
    </div>
  );
}

/** What is on its way, so that nobody has to wonder whether something was lost. */
function Afterwards() {
  const waiting = street.value?.waiting;
  return (
    <div class="afterwards">
      {outcome.value !== "" && <p class="small" role="status">{outcome.value}</p>}
      {waiting && (
        <p class="soft small number">
          A caminho: {figure(waiting.webhooks)} webhook{waiting.webhooks === 1 ? "" : "s"}, {figure(waiting.tasks)} tarefa{waiting.tasks === 1 ? "" : "s"}; {figure(waiting.timers)} temporizador{waiting.timers === 1 ? "" : "es"}.
        </p>
      )}
    </div>
  );
}

function One({ ready }: { ready: Ready }) {
  const point = faults.value?.points.find((p) => p.point === ready.fault?.point);
  const impossible = ready.fault && faults.value && (point?.without || !point?.kinds?.includes(ready.fault.kind));
  const last = talk.value?.messages.findLast((m) => m.direction === "in");
  const act = async () => {
    const came = await attempt(`“${ready.name}” não deu certo`, () => set(ready, last));
    if (came === undefined) return;
    outcome.value = came;
    say(came);
    void refreshFaults();
  };
  return (
    <li>
      <button type="button" disabled={Boolean(impossible) || Boolean(ready.again && !last)} onClick={() => void act()}>
        {ready.name}
        <small>{impossible ? "Não pode ser quebrado aqui." : ready.then}</small>
      </button>
    </li>
  );
}

function Free() {
  const all = faults.value?.points.filter((p) => !p.without) ?? [];
  const [point, setPoint] = useState("graph");
  const form = useRef<HTMLFormElement>(null);
  const chosen = all.find((p) => p.point === point) ?? all[0];
  const arm = async (e: Event) => {
    e.preventDefault();
    const data = new FormData(form.current ?? undefined);
    const number = (name: string) => Number(data.get(name) || 0);
    const delay = String(data.get("delay") ?? "").trim();
    const done = await attempt("A falha não foi armada", () => api.arm({
      point: String(data.get("point")), kind: String(data.get("kind")), times: number("times"),
      ...(number("status") ? { status: number("status") } : {}), ...(number("code") ? { code: number("code") } : {}), ...(delay ? { delay } : {}),
    }).then(() => true));
    if (done) say("Armada");
    void refreshFaults();
  };
  return (
    <form ref={form} class="free" onSubmit={(e) => void arm(e)}>
      <label class="field">Onde
        <select name="point" value={chosen?.point} onChange={(e) => setPoint(e.currentTarget.value)}>
          {all.map((p) => <option key={p.point} value={p.point}>{points[p.point] ?? p.point}</option>)}
        </select>
      </label>
      <label class="field">Como
        <select name="kind">{chosen?.kinds?.map((k) => <option key={k} value={k}>{kindOf(chosen.point, k)}</option>)}</select>
      </label>
      <label class="field">Vezes (−1: até desfazer)<input name="times" type="number" min={-1} max={10000} defaultValue="1" /></label>
      <label class="field">Status HTTP<input name="status" type="number" min={400} max={599} placeholder="500" /></label>
      <label class="field">Código<input name="code" type="number" min={0} placeholder="131047" /></label>
      <label class="field">Atraso<input name="delay" placeholder="30s" autocomplete="off" /></label>
      <button type="submit" class="outlined">Armar</button>
    </form>
  );
}

/** What each part of the street is, by name and variant. */
const parts: Record<string, [string, string]> = {
  "meta fake": ["WhatsApp", "simulado: nada sai desta máquina"],
  "ingress program": ["Ingress", "o programa de produção"],
  "redis embedded": ["Redis", "embutido; REDIS_URL põe um real"],
  "redis external": ["Redis", "real, o de REDIS_URL"],
  "redis none": ["Redis", "nenhum: as dicas ficam na memória"],
  "tasks process": ["Cloud Tasks", "simulado, com o protocolo e os tokens reais"],
  "worker program": ["Worker", "o programa de produção"],
  "ledger memory": ["Registro", "na memória, esquecido ao sair"],
  "ledger emulator": ["Registro", "emulador do Firestore"],
  "model offline": ["Modelo", "de demonstração, sem rede: não ouve nem enxerga; OPENAI_API_KEY põe o real"],
  "model real": ["Modelo", "real"],
  "model off": ["Modelo", "desligado: Otto responde pelo menu"],
  "team receiver": ["Equipe", "simulada: recebe os avisos de atendimento"],
};

function Parts() {
  return (
    <dl class="parts small">
      {street.value?.parts.map((part) => {
        const [name, what] = parts[`${part.name} ${part.variant}`] ?? [part.name, part.variant];
        return [<dt key={part.name}>{name}</dt>, <dd key={`${part.name} is`} class="soft">{what}</dd>];
      })}
    </dl>
  );
}
