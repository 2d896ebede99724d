// The strip of figures above the columns, and what they are made of.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Overview } from "../api";
import { overview } from "../store";
import { clockTime, dollars, exactTime, figure, lasting, took } from "../words";
import { some } from "./terms";

const open = signal(false);

/** Every figure with where it is from; short is its word in the strip. */
const figures: { short?: string; name: string; value: (o: Overview) => string; origin: string; bad?: (o: Overview) => boolean }[] = [
  { short: "conversas", name: "Conversas", value: (o) => figure(o.conversations), origin: "quem já escreveu nesta sessão" },
  { name: "Mensagens do cliente", value: (o) => figure(o.messages), origin: "o que chegou, como o celular mostra" },
  { short: "respostas", name: "Respostas", value: (o) => figure(o.replies), origin: "o que saiu, como o celular mostra" },
  { short: "p50", name: "Mediana do tempo de resposta (p50)", value: (o) => waited(o, o.p50_ms), origin: "da chegada da última mensagem ao aceite da primeira resposta pela Meta" },
  { short: "p95", name: "95% respondem em até (p95)", value: (o) => waited(o, o.p95_ms), origin: "a mesma medida" },
  { short: "custo", name: "Custo do modelo", value: (o) => dollars(o.cost_micro_usd), origin: "soma dos turnos no registro, com os preços de tabela" },
  {
    name: "Tokens de entrada e de saída", origin: "soma dos turnos no registro, como o modelo informou",
    value: (o) => `${figure(o.tokens_in)} + ${figure(o.tokens_out)}`,
  },
  { name: "Tokens de entrada vindos do cache", value: (o) => figure(o.tokens_cached), origin: "o começo do prompt que o modelo já conhecia" },
  { short: "passagens", name: "Passagens para pessoa", value: (o) => figure(o.handoffs), origin: "turnos que chamaram uma pessoa" },
  { short: "bloqueados", name: "Rascunhos bloqueados", value: (o) => figure(o.blocked), origin: "vezes em que uma guarda barrou um rascunho" },
  { name: "À espera de um operador", value: (o) => figure(o.parked), origin: "turnos e tarefas que pararam e esperam alguém", bad: (o) => o.parked > 0 },
  { short: "falhas", name: "Falhas de entrega", value: (o) => figure(o.failed), origin: "o que a Meta não entregou ao celular", bad: (o) => o.failed > 0 },
];

const waited = (o: Overview, ms: number): string => (o.timed > 0 ? took(ms) : "–");

export function OverviewStrip() {
  const o = overview.value;
  return (
    <section class="overview" aria-label="Visão geral">
      {o && (
        <button type="button" aria-haspopup="dialog" title="Os números da sessão e de onde vêm" onClick={() => { open.value = true; }}>
          {figures.map((f) => f.short && (
            <span key={f.short} class={`sum${f.bad?.(o) ? " bad" : ""}`}>
              <span class="value number">{f.value(o)}</span> <span class="word">{f.short}</span>
            </span>
          ))}
          <Chart o={o} />
          <span class="quiet">Gráfico e origem dos números</span>
        </button>
      )}
      {o && open.value && <Session o={o} />}
    </section>
  );
}

const width = 600;
const height = 100;

/** The narrowest bar that is still seen, in the chart's own units. */
const thinnest = 5;

/** Replies as bars and their p95 as a line, each on a scale of its own. Time in which nothing happened is a gap. */
function Chart({ o }: { o: Overview }) {
  const series = o.series ?? [];
  const first = Date.parse(series[0]?.at ?? o.since);
  // A session that has just begun does not fill the chart with one bar.
  const span = Math.max(Date.parse(series.at(-1)?.at ?? o.since) - first + o.width_ms, 12 * o.width_ms, 1);
  const slot = (o.width_ms / span) * width;
  const bar = Math.max(thinnest, slot * 0.76);
  const middle = (at: string) => Math.min(width - bar / 2, Math.max(bar / 2, ((Date.parse(at) - first) / span) * width + slot / 2));
  const most = Math.max(1, ...series.map((s) => s.replies));
  const slowest = Math.max(1, ...series.map((s) => s.p95_ms));
  const timed = series.filter((s) => s.p95_ms > 0).map((s) => ({ x: middle(s.at), y: height - 4 - (s.p95_ms / slowest) * (height - 10) }));
  return (
    <svg class="series" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="base" x1="0" x2={width} y1={height} y2={height} />
      {series.map((s) => {
        const tall = (s.replies / most) * (height - 4);
        return <rect key={s.at} x={middle(s.at) - bar / 2} width={bar} y={height - tall} height={tall} />;
      })}
      {timed.length > 1
        ? <polyline points={timed.map((p) => `${p.x},${p.y}`).join(" ")} />
        : timed.map((p) => <line key={p.x} class="point" x1={p.x - bar / 2} x2={p.x + bar / 2} y1={p.y} y2={p.y} />)}
    </svg>
  );
}

function Session({ o }: { o: Overview }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const series = o.series ?? [];
  const most = Math.max(0, ...series.map((s) => s.replies));
  const slowest = Math.max(0, ...series.map((s) => s.p95_ms));
  const [first, last] = [series[0], series.at(-1)];
  return (
    <dialog ref={dialog} class="sheet session" aria-labelledby="session-title" onClose={() => { open.value = false; }}>
      <h2 id="session-title" tabIndex={-1} autofocus>A sessão em números</h2>
      <p class="soft small">Desde {exactTime(o.since)}, no relógio desta página.</p>
      {first && last && (
        <figure>
          <figcaption class="small">
            <span class="key of-replies">Respostas por intervalo (até {figure(most)})</span>
            <span class="key of-p95">p95 do intervalo (até {slowest > 0 ? took(slowest) : "–"})</span>
          </figcaption>
          <div role="img" aria-label={`Gráfico: ${some(o.replies, "resposta", "respostas")} em ${some(series.length, "intervalo", "intervalos")}, no máximo ${most} em um deles; p95 de até ${took(slowest)}. Os valores estão em “Intervalo a intervalo”.`}>
            <Chart o={o} />
          </div>
          <p class="soft small number">
            {some(series.length, "intervalo", "intervalos")} com movimento, de {clockTime(first.at)} a {clockTime(last.at)}.
          </p>
        </figure>
      )}
      <dl class="sums">
        {figures.map((f) => (
          <div key={f.name}>
            <dt>{f.name}</dt>
            <dd class={`number${f.bad?.(o) ? " bad" : ""}`}>{f.value(o)}</dd>
            <dd class="origin-of">{f.origin}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>Intervalo a intervalo</summary>
        {o.width_ms > 0 && (
          <p class="soft small">Cada linha soma {o.width_ms < 60_000 ? took(o.width_ms) : lasting(o.width_ms)}. Só aparecem as que tiveram movimento.</p>
        )}
        <table class="buckets number">
          <thead>
            <tr>
              <th scope="col">Início</th><th scope="col">Mensagens</th><th scope="col">Respostas</th><th scope="col">p95</th>
              <th scope="col">Bloqueados</th><th scope="col">Passagens</th>
            </tr>
          </thead>
          <tbody>
            {series.map((s) => (
              <tr key={s.at}>
                <th scope="row">{exactTime(s.at)}</th><td>{figure(s.messages)}</td><td>{figure(s.replies)}</td>
                <td>{s.p95_ms > 0 ? took(s.p95_ms) : "–"}</td><td>{figure(s.blocked)}</td><td>{figure(s.handoffs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {series.length === 0 && <p class="soft">Ainda não aconteceu nada.</p>}
      </details>
      <form method="dialog" class="actions"><button type="submit" class="strong">Fechar</button></form>
    </dialog>
  );
}
