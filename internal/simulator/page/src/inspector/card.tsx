// What is known of the lead, and what the answer rests on; each with its origin.

import { chooseTurn, inspection, seek, turn } from "../store";
import { exactTime, figure } from "../words";
import { missing, Nothing } from "./inspector";
import { fields, word } from "./terms";

export function CardTab() {
  const card = inspection.value?.card ?? [];
  if (card.length === 0) return <Nothing>O cartão se preenche com o que o cliente conta.</Nothing>;
  return (
    <section>
      <h3>Cartão do contato</h3>
      <p class="soft small">Toque em um valor para ver a mensagem de onde ele veio.</p>
      <dl class="card">
        {card.map((value) => (
          <div key={value.field}>
            <dt>{word(fields, value.field)}</dt>
            <dd>
              {value.message
                ? <button type="button" class="origin" onClick={() => seek(value.message ?? "")}>{value.value}</button>
                : <span>{value.value}</span>}
              <p class="soft small">
                {value.words ? <>“{value.words}” · </> : null}
                confiança {figure(Math.round(value.confidence * 100))}% · {exactTime(value.at)}
                {value.turn && <> · <button type="button" class="link" onClick={() => chooseTurn(value.turn ?? "")}>turno {value.turn.split("~")[1]}</button></>}
              </p>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function FactsTab() {
  const shown = turn.value;
  if (!shown) return missing();
  const facts = shown.facts ?? [];
  const { decision } = shown.receipt;
  return (
    <>
      <section>
        <h3>Fatos usados</h3>
        {facts.length === 0 && <p class="soft">Esta resposta não se apoia em nenhum fato do pacote.</p>}
        <ul class="facts">
          {facts.map((fact) => (
            <li key={fact.id}>
              <p><span class="mono">{fact.id}</span></p>
              <p class="quoted">{fact.text || "o texto não está mais no pacote"}</p>
              {fact.file && <p class="soft small">Escrito em <span class="mono">{fact.file}:{fact.line}</span></p>}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>O que o modelo achou</h3>
        <dl class="pairs number">
          {decision.confidence ? <><dt>Os fatos sustentam</dt><dd>{figure(Math.round(decision.confidence * 100))}%</dd></> : null}
          {decision.intent ? <><dt>Vontade de comprar</dt><dd>{figure(Math.round(decision.intent * 100))}%</dd></> : null}
          {decision.asked && <><dt>Pergunta pelo campo</dt><dd>{word(fields, decision.asked)}</dd></>}
          {decision.refused && <><dt>Passo recusado</dt><dd>{decision.refused}</dd></>}
          {decision.fallback && <><dt>Sem modelo porque</dt><dd>{decision.fallback}</dd></>}
          <dt>Pacote</dt><dd class="mono">{decision.pack_hash?.slice(0, 12) ?? "?"}{decision.pack_current ? "" : " (outro que o de agora)"}</dd>
        </dl>
      </section>
    </>
  );
}
