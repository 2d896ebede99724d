// The inspector: why Otto said what he said.

import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { chooseTurn, chosenTurn, copy, current, inspection, shownTurn, turn, turnAddress } from "../store";
import { dollars, exactTime, took } from "../words";
import { AuditTab } from "./audit";
import { CardTab, FactsTab } from "./card";
import { PromptTab } from "./prompt";
import { RawTab } from "./raw";
import { StateTab } from "./state";
import { phases, routes, word } from "./terms";
import { TurnTab } from "./turn";

const tabs: { id: string; name: string; show: () => JSX.Element }[] = [
  { id: "turn", name: "Turno", show: () => <TurnTab /> },
  { id: "state", name: "Estado", show: () => <StateTab /> },
  { id: "card", name: "Cartão", show: () => <CardTab /> },
  { id: "facts", name: "Fatos", show: () => <FactsTab /> },
  { id: "prompt", name: "Prompt", show: () => <PromptTab /> },
  { id: "raw", name: "Bruto", show: () => <RawTab /> },
  { id: "audit", name: "Auditoria", show: () => <AuditTab /> },
];

const open = signal("turn");

export function Inspector() {
  const list = useRef<HTMLDivElement>(null);
  const walk = (e: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === open.value);
    const to: Record<string, number> = {
      ArrowRight: (at + 1) % tabs.length, ArrowLeft: (at + tabs.length - 1) % tabs.length, Home: 0, End: tabs.length - 1,
    };
    const next = tabs[to[e.key] ?? -1];
    if (!next) return;
    e.preventDefault();
    open.value = next.id;
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  const shown = tabs.find((tab) => tab.id === open.value);
  return (
    <aside class="inspector" id="inspector" tabIndex={-1} aria-label="Inspetor">
      <Head />
      <div ref={list} class="tabs" role="tablist" aria-label="Partes do inspetor" onKeyDown={walk}>
        {tabs.map((tab) => (
          <button
            key={tab.id} id={`tab-${tab.id}`} type="button" role="tab" aria-selected={tab.id === open.value}
            aria-controls="inspected" tabIndex={tab.id === open.value ? 0 : -1} onClick={() => { open.value = tab.id; }}
          >
            {tab.name}
          </button>
        ))}
      </div>
      <div class="inspected" id="inspected" role="tabpanel" aria-labelledby={`tab-${open.value}`} tabIndex={0}>
        {shown?.show()}
      </div>
    </aside>
  );
}

function Head() {
  const turns = inspection.value?.turns ?? [];
  const at = turns.findIndex((t) => t.id === shownTurn.value);
  const summary = turns[at];
  if (!summary) {
    return (
      <header class="inspector-head">
        <h2>Inspetor</h2>
        <p class="soft small">Cada resposta deixa aqui o seu porquê.</p>
      </header>
    );
  }
  const step = (n: number) => {
    const next = turns[at + n];
    if (next) chooseTurn(next.id);
  };
  return (
    <header class="inspector-head">
      <div class="which">
        <h2>Turno {at + 1} <span class="soft">de {turns.length}</span></h2>
        <button type="button" class="icon" aria-label="Turno anterior" disabled={at <= 0} onClick={() => step(-1)}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M15.4 7.4 14 6l-6 6 6 6 1.4-1.4L10.8 12z" /></svg>
        </button>
        <button type="button" class="icon" aria-label="Próximo turno" disabled={at >= turns.length - 1} onClick={() => step(1)}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8.6 16.6 10 18l6-6-6-6-1.4 1.4L13.2 12z" /></svg>
        </button>
        {chosenTurn.value !== "" && <button type="button" class="plain small" onClick={() => chooseTurn("")}>Seguir o mais novo</button>}
        <button type="button" class="icon copy" aria-label="Copiar o endereço deste turno" title="Copiar o endereço deste turno" onClick={() => void copy(turnAddress(), "endereço do turno")}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3.9 12a3.1 3.1 0 0 1 3.1-3.1h4V7H7a5 5 0 0 0 0 10h4v-1.9H7A3.1 3.1 0 0 1 3.9 12zM8 13h8v-2H8zm9-6h-4v1.9h4a3.1 3.1 0 0 1 0 6.2h-4V17h4a5 5 0 0 0 0-10z" /></svg>
        </button>
      </div>
      <p class="chips">
        <span class="chip">{word(routes, summary.route)}</span>
        {(turn.value?.receipt.turn !== summary.id || (turn.value.receipt.parts?.length ?? 0) > 0) && <span class={`chip ${tone(summary.phase)}`}>{word(phases, summary.phase)}</span>}
        {summary.blocked > 0 && <span class="chip warn">{summary.blocked} rascunho{summary.blocked > 1 ? "s" : ""} barrado{summary.blocked > 1 ? "s" : ""}</span>}
      </p>
      <p class="soft small number">
        {exactTime(summary.at)}
        {summary.took_ms > 0 && ` · ${took(summary.took_ms)}`}
        {summary.cost_micro_usd > 0 && ` · ${dollars(summary.cost_micro_usd)}`}
      </p>
    </header>
  );
}

function tone(phase: string): string {
  if (phase === "SENT" || phase === "DONE") return "good";
  return phase === "FAILED" || phase === "PARKED" ? "bad" : "";
}

/** What stands where there is nothing to show. */
export function Nothing({ children }: { children: string }) {
  return <p class="nothing">{children}</p>;
}

/** Why there is no turn to show; null when there is one. */
export function missing(): JSX.Element | null {
  if (turn.value) return null;
  if (current.value === "" || (inspection.value?.turns?.length ?? 0) === 0) {
    return <Nothing>Ainda não há turno: escreva uma mensagem ao lado.</Nothing>;
  }
  return <Nothing>O registro não tem mais este turno, ou ainda não respondeu.</Nothing>;
}
