// A turn decided again with another pack or model.

import { useId, useState } from "preact/hooks";
import { api, Refused, type Repeat as Repetition, type RepeatSide } from "../api";
import { guards, routes } from "../inspector/terms";
import { say, street } from "../store";
import { dollars, figure, states, took } from "../words";

export function Repeat({ turn }: { turn: string }) {
  // What was repeated belongs to its turn.
  return <Again key={turn} turn={turn} />;
}

function why(error: Refused): string {
  return error.status === 503 ? "o modelo não respondeu; tente de novo" : error.message;
}

type Outcome = { asked: string; came: Repetition } | { refused: string } | null;

function Again({ turn }: { turn: string }) {
  const id = useId();
  const { packs = [], pack: own = "", models = [] } = street.value ?? {};
  const [pack, setPack] = useState("");
  const [model, setModel] = useState("");
  const [running, setRunning] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>(null);
  const repeat = async (e: Event) => {
    e.preventDefault();
    if (running) return;
    setRunning(true);
    try {
      const came = await api.repeat(turn, pack, model.trim());
      setOutcome({ asked: [pack || own, model.trim()].filter(Boolean).join(" e "), came });
      const n = came.differences?.length ?? 0;
      say(n === 0 ? "Repetido: nada muda" : `Repetido: ${n === 1 ? "1 diferença" : `${n} diferenças`}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setOutcome({ refused: why(error) });
    } finally {
      setRunning(false);
    }
  };
  return (
    <section class="repeat" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>Repetir este turno</h3>
      <p class="soft small">Otto decide outra vez, com o mesmo que sabia. Nada é enviado nem gravado; um modelo real cobra a consulta.</p>
      <form onSubmit={(e) => void repeat(e)}>
        <label class="field">Pack
          <select value={pack} onChange={(e) => setPack(e.currentTarget.value)}>
            <option value="">{own || "o de agora"}</option>
            {packs.filter((name) => name !== own).map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label class="field">Modelo
          <input
            value={model} list={`${id}-models`} placeholder={models[0] ?? "o de agora"} maxLength={200} autocomplete="off" spellcheck={false}
            onInput={(e) => setModel(e.currentTarget.value)}
          />
        </label>
        <datalist id={`${id}-models`}>{models.map((name) => <option key={name} value={name} />)}</datalist>
        <button type="submit" class="outlined" aria-disabled={running}>{running ? "Repetindo…" : "Repetir"}</button>
      </form>
      {outcome && ("refused" in outcome
        ? <p class="refused" role="alert">Não deu para repetir: {outcome.refused}.</p>
        : <Result asked={outcome.asked} came={outcome.came} />)}
    </section>
  );
}

const fieldNames: Record<string, string> = {
  route: "Caminho", from: "Estado antes", into: "Estado depois", options: "Opções", facts: "Fatos", verdicts: "Guardas",
};

function Result({ asked, came }: { asked: string; came: Repetition }) {
  const differences = came.differences ?? [];
  const others = differences.filter((d) => d.field !== "text");
  return (
    <div class="result">
      <p>
        {differences.length === 0
          ? <span class="chip good">Nada muda</span>
          : <span class="chip warn">{differences.length === 1 ? "1 diferença" : `${differences.length} diferenças`}</span>}
        {asked && <span class="soft small"> com {asked}</span>}
      </p>
      <table>
        <caption class="quiet">Antes e agora</caption>
        <thead><tr><td /><th scope="col">Antes</th><th scope="col">Agora</th></tr></thead>
        <tbody>
          {others.map((d) => (
            <tr key={d.field} class="changed">
              <th scope="row">{fieldNames[d.field] ?? d.field}</th>
              <td><Value field={d.field} of={d.was} /></td>
              <td><Value field={d.field} of={d.now} /></td>
            </tr>
          ))}
          <tr class={others.length < differences.length ? "changed" : ""}>
            <th scope="row">Texto{others.length < differences.length ? " (mudou)" : ""}</th><td><Value field="text" of={came.was.text} /></td><td><Value field="text" of={came.now.text} /></td>
          </tr>
          <tr class="number"><th scope="row">Gasto</th><td><Spent of={came.was} /></td><td><Spent of={came.now} /></td></tr>
        </tbody>
      </table>
    </div>
  );
}

const names: Record<string, Record<string, string>> = { route: routes, from: states, into: states };

/** A value of a decision: one word, or several, or what the guards said. */
function Value({ field, of }: { field: string; of: unknown }) {
  const all = (Array.isArray(of) ? of : of === null || of === "" ? [] : [of]) as unknown[];
  if (all.length === 0) return <span class="soft">nada</span>;
  return <>{all.map((one, i) => <p key={i}>{spoken(field, one)}</p>)}</>;
}

function spoken(field: string, one: unknown): string {
  if (typeof one === "object" && one !== null && "guard" in one) {
    const { guard, ok } = one as { guard: string; ok: boolean };
    return `${guards[guard] ?? guard}: ${ok ? "passou" : "barrou"}`;
  }
  return names[field]?.[String(one)] ?? String(one);
}

function Spent({ of }: { of: RepeatSide }) {
  if (of.tokens_in + of.tokens_out === 0) return <span class="soft">sem modelo</span>;
  return <>{figure(of.tokens_in)} + {figure(of.tokens_out)} tokens, {dollars(of.cost_micro_usd)}, {took(of.took_ms)}</>;
}
