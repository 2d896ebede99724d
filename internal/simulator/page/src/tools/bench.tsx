// What can be done to the street: faults, what came of them, and what is real.

import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { api, Refused, type FaultRequest, type Faults, type Overview } from "../api";
import { attempt, faults, now, overview, problem, refreshFaults, refreshStreet, say, street, talk, turn, view } from "../store";
import { clockTime } from "../words";
import { groups, type Group, type Ready } from "./faults";
import { kindAt, left, parts, points, reason, some } from "./terms";

/** What was done last, with the figures as they were then. */
const done = signal<{ name: string; at: number; before: Overview | null; result: string } | null>(null);

export function Bench() {
  const known = faults.value;
  const armed = known?.armed ?? [];
  return (
    <section class="bench" id="tools" tabIndex={-1} aria-labelledby="tools-title">
      <div class="bench-head">
        <h2 id="tools-title">Falhas</h2>
        {armed.length > 0 && <span class="chip warn number">{armed.length}<span class="quiet"> {armed.length === 1 ? "armada" : "armadas"}</span></span>}
        {armed.length > 0 && <button type="button" class="outlined" onClick={() => void healAll()}>Desfazer todas</button>}
      </div>
      <div class="bench-body">
        {known && <ArmedList armed={armed} />}
        <Aftermath />
        {known ? groups.map((g) => <Choices key={g.name} group={g} known={known} />) : <p class="soft small">Perguntando o que pode falhar…</p>}
        {known && <Advanced known={known} />}
        <Real />
      </div>
    </section>
  );
}

async function refresh(): Promise<void> {
  await Promise.all([refreshFaults(), refreshStreet()]);
}

async function arm(name: string, fault: FaultRequest): Promise<void> {
  const before = overview.peek();
  const armed = await attempt("A falha não foi armada", () => api.arm(fault).then(() => true));
  if (!armed) return;
  done.value = { name, at: now.peek(), before, result: "" };
  say(`Falha armada: ${name}`);
  await refresh();
}

async function healAll(): Promise<void> {
  const healed = await attempt("As falhas não foram desfeitas", () => api.heal().then(() => true));
  if (!healed) return;
  say("Todas as falhas foram desfeitas");
  await refresh();
  // Its button is gone; who has gone on meanwhile is left alone.
  if (document.activeElement === document.body) document.getElementById("tools")?.focus();
}

/** Delivers the newest message of the lead again, and tells how each copy was answered. */
async function again(name: string, copies: number): Promise<void> {
  const id = talk.peek()?.messages.findLast((line) => line.direction === "in")?.id;
  if (!id) {
    problem.value = "Ainda não há mensagem para repetir: escreva a este contato primeiro.";
    return;
  }
  const before = overview.peek();
  const delivered = await attempt("A mensagem não foi entregue de novo", async () => {
    try {
      return await api.deliverAgain(id, copies, copies > 1);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) throw new Refused(404, "ela já não está guardada");
      throw error;
    }
  });
  if (!delivered) return;
  const result = Object.entries(delivered.answers)
    .map(([status, n]) => `${some(n, "entrega", "entregas")}: ${status === "0" ? "sem resposta" : status === "200" ? "aceita (200)" : status}`)
    .join("; ");
  done.value = { name, at: now.peek(), before, result };
  say(`${name}: ${result}`);
}

type Armed = NonNullable<Faults["armed"]>[number];

/** The name under which a fault was armed here, if it is one of those that are ready. */
function readyName(a: Armed): string | undefined {
  return groups.flatMap((g) => g.ready).find(({ fault }) =>
    fault?.point === a.point && fault.kind === a.kind && (fault.times === -1) === (a.left < 0) &&
    (fault.status === undefined || fault.status === a.status) && (fault.code ?? 0) === (a.code ?? 0) &&
    (fault.delay === undefined || fault.delay === a.delay))?.name;
}

function ArmedList({ armed }: { armed: Armed[] }) {
  if (armed.length === 0) return <p class="soft small">Nada está quebrado agora. Um clique arma a falha para o que vier.</p>;
  return (
    <ul class="armed" aria-label="Falhas armadas">
      {armed.map((a, i) => {
        const details = [a.status ? `${a.status}` : "", a.code ? `código ${a.code}` : "", a.delay ?? ""].filter(Boolean).join(", ");
        return (
          <li key={i}>
            <span>{readyName(a) ?? `${points[a.point] ?? a.point}: ${kindAt(a.point, a.kind)}${details ? ` (${details})` : ""}`}</span>
            <span class="chip warn">{left(a.left)}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** What came after the last fault, and what is on its way. */
function Aftermath() {
  const waiting = street.value?.waiting;
  const last = done.value;
  const sums = overview.value;
  const shown = turn.value;
  if (!waiting && !last) return null;
  const way = waiting
    ? [
        waiting.webhooks > 0 && some(waiting.webhooks, "webhook", "webhooks"),
        waiting.tasks > 0 && `${some(waiting.tasks, "tarefa", "tarefas")}${waiting.due > 0 ? ` (${some(waiting.due, "vencida", "vencidas")})` : ""}`,
        waiting.timers > 0 && some(waiting.timers, "temporizador", "temporizadores"),
      ].filter(Boolean).join(", ")
    : "";
  // Another street would have begun to count anew.
  const since = last?.before && last.before.since === sums?.since
    ? [
        some(sums.messages - last.before.messages, "mensagem", "mensagens"),
        some(sums.replies - last.before.replies, "resposta", "respostas"),
        `${sums.failed - last.before.failed} sem entrega`,
        sums.parked > last.before.parked && `${sums.parked - last.before.parked} à espera de um operador`,
      ].filter(Boolean).join(", ")
    : "";
  const deliveries = shown?.webhooks?.reduce((n, w) => n + Math.max(0, (w.deliveries ?? 1) - 1), 0) ?? 0;
  const sends = shown?.receipt.parts?.reduce((n, p) => n + Math.max(0, (p.attempts?.length ?? 0) - 1), 0) ?? 0;
  const calls = Math.max(0, (shown?.receipt.model?.calls?.length ?? 1) - 1);
  const repeated = [
    deliveries > 0 && some(deliveries, "entrega a mais do webhook", "entregas a mais do webhook"),
    calls > 0 && some(calls, "consulta a mais ao modelo", "consultas a mais ao modelo"),
    sends > 0 && some(sends, "envio a mais ao Graph", "envios a mais ao Graph"),
  ].filter(Boolean).join(", ");
  return (
    <section class="aftermath" aria-label="O que aconteceu depois">
      {last && (
        <>
          <h3>Depois de “{last.name}” <span class="soft number">{clockTime(new Date(last.at).toISOString())}</span></h3>
          {last.result && <p>{last.result}</p>}
          {since && <p class="number">{since}</p>}
        </>
      )}
      {waiting && <p class="number"><span class="soft">No caminho: </span>{way || "nada"}</p>}
      {last && shown && Date.parse(shown.receipt.decided_at) >= last.at - 1000 && (
        <p>
          <span class="soft">No turno: </span>{repeated || "nada se repetiu"}{" "}
          <button type="button" class="lead" onClick={toInspector}>Ver o turno</button>
        </p>
      )}
    </section>
  );
}

function toInspector(): void {
  view.value = "inspector";
  requestAnimationFrame(() => document.getElementById("inspector")?.focus());
}

function Choices({ group, known }: { group: Group; known: Faults }) {
  const pointOf = (ready: Ready) => known.points.find((p) => p.point === ready.fault?.point);
  const offered = group.ready.filter((ready) => {
    const point = pointOf(ready);
    return !ready.fault || point?.without || point?.kinds?.includes(ready.fault.kind);
  });
  if (offered.length === 0) return null;
  const whole = [...new Set(offered.map(pointOf))].filter((p) => p?.without);
  return (
    <section class="ready" aria-label={group.name}>
      <h3>{group.name}</h3>
      {whole.map((p) => p && <p key={p.point} class="why small">{points[p.point] ?? p.point} não pode falhar aqui: {reason(p.without ?? "")}.</p>)}
      <ul>
        {offered.map((ready) => (
          <Choice key={ready.name} ready={ready} off={Boolean(pointOf(ready)?.without)} />
        ))}
      </ul>
    </section>
  );
}

/** A button that all of its line belongs to; its name stays short when it is read out. */
function Choice({ ready, off }: { ready: Ready; off: boolean }) {
  const id = useId();
  const armed = faults.value?.armed?.find((a) => readyName(a) === ready.name);
  return (
    <li>
      <button
        type="button" disabled={off} aria-describedby={id}
        onClick={() => void (ready.fault ? arm(ready.name, ready.fault) : again(ready.name, ready.copies ?? 1))}
      >
        {ready.name}
      </button>
      {armed && <span class="chip warn">{left(armed.left)}</span>}
      <p class="what" id={id}>{ready.then}</p>
    </li>
  );
}

const wish = signal({ point: "graph", kind: "status", forever: false, times: 1, status: 500, code: 0, delay: 30 });

function Advanced({ known }: { known: Faults }) {
  const breakable = known.points.filter((p) => !p.without);
  const point = breakable.find((p) => p.point === wish.value.point) ?? breakable[0];
  if (!point) return null;
  const kinds = point.kinds ?? [];
  const kind = kinds.includes(wish.value.kind) ? wish.value.kind : kinds[0] ?? "";
  const { forever, times, status, code, delay } = wish.value;
  const coded = kind === "fail_later" || (kind === "status" && (point.point === "graph" || point.point === "tasks"));
  const change = (part: Partial<typeof wish.value>) => { wish.value = { ...wish.value, ...part }; };
  const submit = (e: Event) => {
    e.preventDefault();
    void arm(`${points[point.point] ?? point.point}: ${kindAt(point.point, kind)}`, {
      point: point.point, kind, times: forever ? -1 : times,
      ...(kind === "status" ? { status } : {}),
      ...(coded && code > 0 ? { code } : {}),
      ...(kind === "late" ? { delay: `${delay}s` } : {}),
    });
  };
  return (
    <details class="advanced">
      <summary>Avançado: qualquer falha</summary>
      <form onSubmit={submit}>
        <label class="field wide">Onde
          <select value={point.point} onChange={(e) => change({ point: e.currentTarget.value })}>
            {breakable.map((p) => <option key={p.point} value={p.point}>{points[p.point] ?? p.point}</option>)}
          </select>
        </label>
        <label class="field wide">Como
          <select value={kind} onChange={(e) => change({ kind: e.currentTarget.value })}>
            {kinds.map((k) => <option key={k} value={k}>{kindAt(point.point, k)}</option>)}
          </select>
        </label>
        {kind === "status" && <Figure label="Status HTTP" value={status} min={400} max={599} onChange={(n) => change({ status: n })} />}
        {coded && (
          <Figure
            label={point.point === "graph" ? "Código da Meta" : "Código gRPC"}
            value={code} min={0} max={999_999} onChange={(n) => change({ code: n })}
          />
        )}
        {kind === "late" && <Figure label="Atraso (s)" value={delay} min={1} max={86_400} onChange={(n) => change({ delay: n })} />}
        {!forever && <Figure label="Vezes" value={times} min={1} max={10_000} onChange={(n) => change({ times: n })} />}
        <label class="check">
          <input type="checkbox" checked={forever} onChange={(e) => change({ forever: e.currentTarget.checked })} /> Até desfazer
        </label>
        <button type="submit" class="outlined">Armar</button>
      </form>
    </details>
  );
}

function Figure({ label, value, min, max, onChange }: { label: string; value: number; min: number; max: number; onChange: (n: number) => void }) {
  return (
    <label class="field">{label}
      <input type="number" required min={min} max={max} value={value} onInput={(e) => onChange(e.currentTarget.valueAsNumber || 0)} />
    </label>
  );
}

function Real() {
  const all = street.value?.parts ?? [];
  return (
    <details class="real">
      <summary>O que é real aqui</summary>
      <ul>
        {all.map((p) => {
          const [name, what] = parts[`${p.name} ${p.variant}`] ?? [p.name, p.what];
          return (
            <li key={p.name}>
              <span class="name">{name}</span>
              <span class={`chip ${p.real ? "good" : ""}`}>{p.real ? "real" : "simulado"}</span>
              <span class="what">{what}</span>
            </li>
          );
        })}
      </ul>
    </details>
  );
}
