// What the programs exchanged, as it was.

import { turn } from "../store";
import { missing } from "./inspector";
import { Folded } from "./json";

export function RawTab() {
  const shown = turn.value;
  if (!shown) return missing();
  const logs = shown.logs ?? [];
  return (
    <>
      <section>
        <h3>Decisão</h3>
        <Folded name="Registro do turno" value={shown.record} note="gravado antes do envio, nunca muda" />
      </section>
      <section>
        <h3>Da Meta</h3>
        {(shown.webhooks?.length ?? 0) === 0 && <p class="soft">Nenhum webhook deste turno está na memória.</p>}
        {shown.webhooks?.map((w, i) => (
          <Folded key={w.id} name={`Webhook ${i + 1}`} value={w.body} note={w.deliveries ? `entregue ${w.deliveries} vez${w.deliveries > 1 ? "es" : ""}` : undefined} />
        ))}
        {shown.statuses?.map((s, i) => <Folded key={i} name={`Webhook de status ${i + 1}`} value={s} />)}
      </section>
      <section>
        <h3>Para a Meta</h3>
        {(shown.graph?.length ?? 0) === 0 && <p class="soft">Nada foi enviado.</p>}
        {shown.graph?.map((g, i) => <Folded key={g.id} name={`Chamada ao Graph ${i + 1}`} value={g.body} note={g.id} />)}
      </section>
      <section>
        <h3>Logs</h3>
        <p class="soft small">Tudo o que os dois programas registraram com a correlação <span class="mono">{shown.receipt.correlation_id}</span>.</p>
        {logs.map((line, i) => <Folded key={i} name={String(line.message ?? "linha")} value={line} note={service(line)} />)}
      </section>
    </>
  );
}

function service(line: Record<string, unknown>): string | undefined {
  const context = line.serviceContext as { service?: unknown } | undefined;
  return typeof context?.service === "string" ? context.service : undefined;
}
