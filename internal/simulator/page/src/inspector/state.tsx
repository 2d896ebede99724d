// The state machine, with where the conversation is and where it may go.

import { inspection, now } from "../store";
import { exactTime, lasting, owners, states, weekdayTime } from "../words";
import { Nothing } from "./inspector";
import { fields, word } from "./terms";

/** Where each state stands in the drawing; left to right as a conversation goes. */
const places: Record<string, { x: number; y: number }> = {
  INITIAL: { x: 100, y: 24 },
  TRIAGE: { x: 100, y: 84 },
  COLLECTING_INFO: { x: 100, y: 144 },
  GENERATING_RESPONSE: { x: 100, y: 204 },
  HANDOFF_HUMAN: { x: 300, y: 24 },
  SCHEDULED_FOLLOWUP: { x: 300, y: 84 },
  SELF_SERVE_INFO: { x: 300, y: 144 },
  ROUTE_EXTERNAL: { x: 300, y: 204 },
  TIMEOUT: { x: 100, y: 264 },
  ERROR: { x: 300, y: 264 },
};

const width = 176;
const height = 40;

export function StateTab() {
  const shown = inspection.value;
  if (!shown) return <Nothing>O estado aparece com a primeira mensagem.</Nothing>;
  const legal = (shown.legal ?? []).filter((s) => s !== shown.state);
  const name = (s: string) => states[s] ?? s;
  return (
    <>
      <section>
        <h3>Máquina de estados</h3>
        <p class="small">
          Agora: <strong>{name(shown.state)}</strong>. Pode ir para: {legal.map(name).join(", ")}.
        </p>
        <svg class="machine" viewBox="0 0 400 290" aria-hidden="true">
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
              <path d="M0 0 8 4 0 8z" />
            </marker>
          </defs>
          {legal.map((to) => <Arrow key={to} from={shown.state} to={to} />)}
          {Object.entries(places).map(([state, { x, y }]) => {
            const kind = state === shown.state ? "now" : legal.includes(state) ? "next" : "far";
            return (
              <g key={state} class={kind}>
                <rect x={x - width / 2} y={y - height / 2} width={width} height={height} rx="9" />
                <text x={x} y={y + (kind === "far" ? 4 : -2)} text-anchor="middle">{name(state)}</text>
                {kind !== "far" && <text class="tag" x={x} y={y + 13} text-anchor="middle">{kind === "now" ? "agora" : "possível"}</text>}
              </g>
            );
          })}
        </svg>
      </section>
      <section>
        <h3>A sessão</h3>
        <dl class="pairs">
          <dt>Quem responde</dt><dd>{owners[shown.owner] ?? shown.owner}</dd>
          {shown.since && <><dt>Neste estado desde</dt><dd>{exactTime(shown.since)}</dd></>}
          {shown.interest && <><dt>Interesse</dt><dd>{shown.interest}</dd></>}
          {shown.asked && <><dt>Otto perguntou</dt><dd>{word(fields, shown.asked)}</dd></>}
          {shown.opted_out && <><dt>Sem mensagens não pedidas</dt><dd>desde {exactTime(shown.opted_out)}</dd></>}
          {shown.window_until && <><dt>Janela de 24 horas</dt><dd>até {weekdayTime(shown.window_until)} (<Left until={shown.window_until} />)</dd></>}
          {shown.inactive_at && <><dt>Encerra por inatividade</dt><dd>{weekdayTime(shown.inactive_at)} (<Left until={shown.inactive_at} />)</dd></>}
          {shown.handoff?.since && <><dt>Espera uma pessoa</dt><dd>desde {exactTime(shown.handoff.since)}</dd></>}
          {shown.handoff?.deadline && <><dt>Próximo aviso</dt><dd>{weekdayTime(shown.handoff.deadline)}</dd></>}
          {shown.handoff?.came && <><dt>Uma pessoa veio</dt><dd>{exactTime(shown.handoff.came)}</dd></>}
          <dt>Versão</dt><dd class="number">{shown.version}</dd>
          <dt>Conversa</dt><dd class="mono">{shown.conversation}</dd>
        </dl>
      </section>
    </>
  );
}

function Left({ until }: { until: string }) {
  const left = Date.parse(until) - now.value;
  return <>{left > 0 ? `faltam ${lasting(left)}` : "passou"}</>;
}

function Arrow({ from, to }: { from: string; to: string }) {
  const a = places[from];
  const b = places[to];
  if (!a || !b) return null;
  // From edge to edge: across the gap, or down the column along its outer side.
  if (a.x !== b.x) {
    const side = a.x < b.x ? 1 : -1;
    return <line class="arrow" x1={a.x + (side * width) / 2} y1={a.y} x2={b.x - (side * width) / 2} y2={b.y} marker-end="url(#arrow)" />;
  }
  const down = a.y < b.y ? 1 : -1;
  if (Math.abs(a.y - b.y) <= 60) {
    return <line class="arrow" x1={a.x} y1={a.y + (down * height) / 2} x2={b.x} y2={b.y - (down * height) / 2} marker-end="url(#arrow)" />;
  }
  const inner = a.x < 200 ? a.x + width / 2 : a.x - width / 2;
  const bow = a.x < 200 ? inner + 18 : inner - 18;
  return <path class="arrow" d={`M${inner} ${a.y} C${bow} ${a.y} ${bow} ${b.y} ${inner} ${b.y}`} marker-end="url(#arrow)" />;
}
