// A turn decided again with another pack or model.

import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Repeat as Repetition, type RepeatSide } from "../api";
import { attempt, street } from "../store";
import { dollars, states, took } from "../words";

const words: Record<string, string> = {
  route: "caminho", from: "de", into: "para", text: "texto", facts: "fatos", verdicts: "guardas", options: "opções", event: "evento", refused: "passo recusado",
};

export function Repeat({ turn }: { turn: string }) {
  const [result, setResult] = useState<Repetition | null>(null);
  const [running, setRunning] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => setResult(null), [turn]);
  const { packs = [], pack = "", models = [] } = street.value ?? {};
  const run = async (e: Event) => {
    e.preventDefault();
    const data = new FormData(form.current ?? undefined);
    setRunning(true);
    const came = await attempt("O turno não pôde ser repetido", () => api.repeat(turn, String(data.get("pack") ?? ""), String(data.get("model") ?? "").trim()));
    setRunning(false);
    setResult(came ?? null);
  };
  return (
    <section class="repeat">
      <h3>E se fosse outro?</h3>
      <p class="soft small">Decide este turno de novo. Nada é enviado nem gravado.</p>
      <form ref={form} onSubmit={(e) => void run(e)}>
        <label class="field">Pacote
          <select name="pack" defaultValue={pack}>
            {packs.length === 0 && <option value="">o desta rua</option>}
            {packs.map((name) => <option key={name} value={name} selected={name === pack}>{name}</option>)}
          </select>
        </label>
        <label class="field">Modelo
          <input name="model" list="models" autocomplete="off" placeholder={models[0] ?? "o mesmo"} />
          <datalist id="models">{models.map((name) => <option key={name} value={name} />)}</datalist>
        </label>
        <button type="submit" class="outlined" disabled={running}>{running ? "Repetindo…" : "Repetir este turno"}</button>
      </form>
      <div role="status">{result && <Result result={result} />}</div>
    </section>
  );
}

function Result({ result }: { result: Repetition }) {
  const differences = result.differences ?? [];
  return (
    <>
      <p><strong>{differences.length === 0 ? "Nada muda." : `${differences.length} diferença${differences.length > 1 ? "s" : ""}.`}</strong></p>
      {differences.length > 0 && (
        <ul class="differences">
          {differences.map((d, i) => (
            <li key={i}>
              <h4>{words[d.field] ?? d.field}</h4>
              <p class="was"><span class="quiet">antes: </span>{d.was || "nada"}</p>
              <p class="is"><span class="quiet">agora: </span>{d.now || "nada"}</p>
            </li>
          ))}
        </ul>
      )}
      <dl class="pairs small">
        <dt>Antes</dt><dd><Side side={result.was} /></dd>
        <dt>Agora</dt><dd><Side side={result.now} /></dd>
      </dl>
    </>
  );
}

function Side({ side }: { side: RepeatSide }) {
  return <>{side.route}, {states[side.into] ?? side.into}, {side.tokens_in + side.tokens_out} tokens, {dollars(side.cost_micro_usd)}, {took(side.took_ms)}</>;
}
