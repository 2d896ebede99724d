// One turn: where its time went, what came in, what went out.

import type { TimelineStep, TurnDocument } from "../api";
import { inspection, seek, turn } from "../store";
import { Repeat } from "../tools/repeat";
import { clockTime, dollars, figure, kinds, took } from "../words";
import { missing } from "./inspector";
import { effects, guards, moments, perceptions, phases, places, results, steps, word } from "./terms";

export function TurnTab() {
  const shown = turn.value;
  if (!shown) return missing();
  const { receipt } = shown;
  return (
    <>
      <Timeline steps={shown.timeline ?? []} />
      <Heard shown={shown} />
      <Said shown={shown} />
      {(receipt.verdicts?.length ?? 0) > 0 && <Verdicts verdicts={receipt.verdicts ?? []} />}
      <Cost shown={shown} />
      {(receipt.effects?.length ?? 0) > 0 && (
        <section>
          <h3>O que mais aconteceu</h3>
          <ul class="rows">
            {receipt.effects?.map((e) => (
              <li key={e.effect}>
                <span>{word(effects, e.kind)}{e.why ? ` (${e.why})` : ""}</span>
                <span class="soft">{word(phases, e.phase)}{e.attempts > 1 ? `, ${e.attempts} tentativas` : ""}</span>
                {e.briefing.text && <details><summary>O que a equipe lê</summary><p class="quoted">{e.briefing.text}</p></details>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Repeat turn={receipt.turn} />
    </>
  );
}

/** The steps as bars on one scale; what the phone reported comes long after and
    has a scale of its own. */
function Timeline({ steps: all }: { steps: TimelineStep[] }) {
  if (all.length === 0) return null;
  const work = all.filter((s) => !moments.has(s.step));
  const later = all.filter((s) => moments.has(s.step));
  return (
    <section>
      <h3>Onde foi o tempo</h3>
      <p class="soft small">Cada linha abre a origem do número.</p>
      <Bars all={work} label="Do webhook ao envio" />
      {later.length > 0 && <Bars all={later} label="No celular" />}
    </section>
  );
}

function Bars({ all, label }: { all: TimelineStep[]; label: string }) {
  const end = Math.max(1, ...all.map((s) => s.start_ms + s.took_ms));
  return (
    <ol class="bars" aria-label={label}>
      {all.map((s, i) => (
        <li key={i}>
          <details>
            <summary>
              <span class="step">{word(steps, s.step)}</span>
              <span class="bar" aria-hidden="true">
                <i style={{ left: `${Math.min(99, (s.start_ms / end) * 100)}%`, width: `${Math.max(0.8, (s.took_ms / end) * 100)}%` }} />
              </span>
              <span class="number">{moments.has(s.step) ? `+${took(s.start_ms)}` : took(s.took_ms)}</span>
            </summary>
            <p class="soft small">Começa em {took(s.start_ms)}. Origem: <Origins of={s.origins} />.</p>
          </details>
        </li>
      ))}
    </ol>
  );
}

/** Where each figure of a step is written, in the names that it has there. */
function Origins({ of }: { of: string[] }) {
  return of.map((origin, i) => {
    const [place = "", name] = origin.split(" ");
    return <span key={origin}>{i > 0 && ", "}{word(places, place)} <span class="mono">{name}</span></span>;
  });
}

/** The turn as the list has it, which knows Meta's ids of its messages and parts, each in its place. */
const listed = (shown: TurnDocument) => inspection.value?.turns?.find((t) => t.id === shown.receipt.turn);

function Heard({ shown }: { shown: TurnDocument }) {
  const heard = shown.receipt.heard ?? [];
  const ids = listed(shown)?.messages ?? [];
  if (heard.length === 0) return null;
  return (
    <section>
      <h3>O que chegou {heard.length > 1 && <span class="soft">({heard.length} mensagens, uma resposta)</span>}</h3>
      <ul class="rows">
        {heard.map((m, i) => {
          const id = ids[i];
          const words = m.text.text || m.note || word(kinds, m.kind ?? "") || "não está mais no registro";
          return (
            <li key={m.id}>
              {id ? <button type="button" class="origin" onClick={() => seek(id)}>{words}</button> : <span>{words}</span>}
              <span class="soft number">{m.sent_at ? clockTime(m.sent_at) : ""}</span>
              {m.perceived && (
                <p class="soft small">
                  Arquivo: {word(perceptions, m.perceived.outcome)}
                  {m.perceived.said.text ? `, ouvido “${m.perceived.said.text}”` : ""}
                  {m.perceived.confidence ? `, confiança ${figure(Math.round(m.perceived.confidence * 100))}%` : ""}
                  {m.perceived.took_ms ? `, em ${took(m.perceived.took_ms)}` : ""}
                </p>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Said({ shown }: { shown: TurnDocument }) {
  const parts = shown.receipt.parts ?? [];
  const ids = listed(shown)?.replies ?? [];
  return (
    <section>
      <h3>O que saiu</h3>
      {parts.length === 0 && <p class="soft">Nada: este turno não fala com o cliente.</p>}
      <ul class="rows">
        {parts.map((p, i) => {
          const id = ids[i];
          const words = p.text.text || (p.template ? `modelo ${p.template}` : p.kind);
          return (
            <li key={p.part}>
              {id ? <button type="button" class="origin" onClick={() => seek(id)}>{words}</button> : <span>{words}</span>}
              <span class="soft small">
                {word(phases, p.phase)}{p.reason ? ` (${p.reason})` : ""}
                {p.attempts?.map((a) => `; tentativa ${a.attempt}: ${a.result ? word(results, a.result) : "sem resposta"}${a.code ? ` ${a.code}` : ""}`).join("")}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Verdicts({ verdicts }: { verdicts: NonNullable<TurnDocument["receipt"]["verdicts"]> }) {
  return (
    <section>
      <h3>Guardas</h3>
      <ul class="verdicts">
        {verdicts.map((v, i) => (
          <li key={i}>
            <span class={`chip ${v.ok ? "good" : "bad"}`}>{v.ok ? "passou" : "barrou"}</span>
            <span>{word(guards, v.guard)}</span>
            {v.found.text && <p class="quoted">{v.found.text}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Cost({ shown }: { shown: TurnDocument }) {
  const { model } = shown.receipt;
  if (!model) {
    return (
      <section>
        <h3>Custo</h3>
        <p class="soft">O modelo não foi consultado: nenhum token.</p>
      </section>
    );
  }
  return (
    <section>
      <h3>Custo</h3>
      <dl class="pairs number">
        <dt>Modelo</dt><dd>{model.name}</dd>
        <dt>Chamadas</dt><dd>{(model.calls ?? []).map((c) => c.outcome || "sem resposta").join(", ")}</dd>
        <dt>Tokens de entrada</dt><dd>{figure(model.tokens_in)}, dos quais {figure(model.tokens_cached)} do cache</dd>
        <dt>Tokens de saída</dt><dd>{figure(model.tokens_out)}</dd>
        <dt>Preço</dt><dd>{model.cost_micro_usd > 0 ? dollars(model.cost_micro_usd) : "o preço deste modelo não é conhecido"}</dd>
        <dt>Tempo</dt><dd>{took(model.took_ms)}</dd>
      </dl>
      <p class="soft small">Origem: registro do turno, como o modelo informou.</p>
    </section>
  );
}
