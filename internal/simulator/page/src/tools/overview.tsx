// The strip of figures above the columns, and the session as a chart.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Overview } from "../api";
import { overview } from "../store";
import { clockTime, dollars, figure, took } from "../words";

const open = signal(false);

export function OverviewStrip() {
  const shown = overview.value;
  return (
    <section class="overview" aria-label="Visão geral">
      {shown && (
        <>
          <dl>
            <Figure name="conversas" value={figure(shown.conversations)} />
            <Figure name="respostas" value={figure(shown.replies)} />
            <Figure name="p50" value={shown.replies > 0 ? took(shown.p50_ms) : "–"} />
            <Figure name="p95" value={shown.replies > 0 ? took(shown.p95_ms) : "–"} />
            <Figure name="custo" value={dollars(shown.cost_micro_usd)} />
            <Figure name="pessoas" title="passagens para uma pessoa" value={figure(shown.handoffs)} />
            <Figure name="barrados" title="rascunhos que as guardas barraram" value={figure(shown.blocked)} />
            {shown.failed + shown.parked > 0 && <Figure name="falhas" title="não entregues ou à espera de um operador" value={figure(shown.failed + shown.parked)} />}
          </dl>
          <button type="button" class="spark" aria-haspopup="dialog" aria-label="Gráfico da sessão" title="Gráfico da sessão" onClick={() => { open.value = true; }}>
            <Chart shown={shown} width={120} height={30} />
          </button>
          {open.value && <Session shown={shown} />}
        </>
      )}
    </section>
  );
}

function Figure({ name, value, title }: { name: string; value: string; title?: string }) {
  return <div title={title}><dd class="number">{value}</dd><dt>{name}{title && <span class="quiet">: {title}</span>}</dt></div>;
}

/** Replies as bars, p95 as a line; each on its own scale. */
function Chart({ shown, width, height }: { shown: Overview; width: number; height: number }) {
  const series = shown.series ?? [];
  const step = width / Math.max(1, series.length);
  const most = Math.max(1, ...series.map((s) => s.replies));
  const slowest = Math.max(1, ...series.map((s) => s.p95_ms));
  const line = series
    .map((s, i) => [s, i] as const)
    .filter(([s]) => s.replies > 0)
    .map(([s, i]) => `${(i + 0.5) * step},${height - 2 - (s.p95_ms / slowest) * (height - 4)}`)
    .join(" ");
  return (
    <svg class="chart" viewBox={`0 0 ${width} ${height}`} width={width} height={height} preserveAspectRatio="none" aria-hidden="true">
      {series.map((s, i) => {
        const tall = (s.replies / most) * (height - 4);
        return <rect key={s.at} x={i * step + step * 0.15} y={height - tall} width={step * 0.7} height={tall} />;
      })}
      <polyline points={line} />
    </svg>
  );
}

function Session({ shown }: { shown: Overview }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const series = shown.series ?? [];
  return (
    <dialog ref={dialog} class="sheet session" aria-labelledby="session-title" onClose={() => { open.value = false; }}>
      <h2 id="session-title">A sessão, desde {clockTime(shown.since)}</h2>
      <Chart shown={shown} width={440} height={130} />
      <p class="soft small">Barras: respostas. Linha: p95, do webhook à aceitação pela Meta.</p>
      <p class="soft small number">
        {figure(shown.messages)} mensagens, {figure(shown.tokens_in)} tokens de entrada ({figure(shown.tokens_cached)} do cache), {figure(shown.tokens_out)} de saída,{" "}
        {figure(shown.failed)} sem entrega, {figure(shown.parked)} à espera de um operador.
      </p>
      <div class="table" tabIndex={0} role="region" aria-label="Números da sessão">
        <table>
          <thead><tr><th scope="col">Desde</th><th scope="col">Mensagens</th><th scope="col">Respostas</th><th scope="col">p95</th><th scope="col">Barrados</th><th scope="col">Pessoas</th></tr></thead>
          <tbody>
            {series.filter((s) => s.messages + s.replies > 0).map((s) => (
              <tr key={s.at} class="number">
                <td>{clockTime(s.at)}</td><td>{figure(s.messages)}</td><td>{figure(s.replies)}</td><td>{s.replies > 0 ? took(s.p95_ms) : ""}</td><td>{figure(s.blocked)}</td><td>{figure(s.handoffs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <form method="dialog" class="actions"><button type="submit" class="plain">Fechar</button></form>
    </dialog>
  );
}
