// Everything that happened to the conversation, turn by turn and act by act.

import { chooseTurn, inspection, shownTurn } from "../store";
import { clockTime, dollars, exactTime, states, took } from "../words";
import { Nothing } from "./inspector";
import { acts, routes, word } from "./terms";

export function AuditTab() {
  const shown = inspection.value;
  if (!shown) return <Nothing>Ainda não há o que auditar.</Nothing>;
  const turns = [...(shown.turns ?? [])].reverse();
  return (
    <>
      <section>
        <h3>Atos</h3>
        {(shown.acts?.length ?? 0) === 0 && <p class="soft">Nenhum ato além dos turnos: nem retomada, nem operador.</p>}
        <ul class="rows">
          {shown.acts?.map((act) => (
            <li key={act.id}>
              <span>{word(acts, act.kind)}{act.reason ? ` (${act.reason})` : ""}</span>
              <span class="soft number">{exactTime(act.at)}</span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>Turnos</h3>
        <div class="table" tabIndex={0} role="region" aria-label="Turnos da conversa">
          <table>
            <thead><tr><th scope="col">Turno</th><th scope="col">Hora</th><th scope="col">Como</th><th scope="col">Para</th><th scope="col">Tempo</th><th scope="col">Custo</th></tr></thead>
            <tbody>
              {turns.map((t) => (
                <tr key={t.id} aria-current={t.id === shownTurn.value ? "true" : undefined}>
                  <td><button type="button" class="link" onClick={() => chooseTurn(t.id)}>{t.version}</button></td>
                  <td class="number">{clockTime(t.at)}</td>
                  <td>{word(routes, t.route)}{t.blocked > 0 ? `, ${t.blocked} barrado` : ""}</td>
                  <td>{states[t.into] ?? t.into}</td>
                  <td class="number">{t.took_ms > 0 ? took(t.took_ms) : ""}</td>
                  <td class="number">{t.cost_micro_usd > 0 ? dollars(t.cost_micro_usd) : ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
