// What the model was asked, and what it said.

import { turn } from "../store";
import { figure } from "../words";
import { missing } from "./inspector";
import { Json } from "./json";

const roles: Record<string, string> = { system: "Instruções", developer: "Instruções", user: "Conversa", assistant: "Otto, antes" };

export function PromptTab() {
  const shown = turn.value;
  if (!shown) return missing();
  const { model } = shown.receipt;
  if (!model) return <p class="nothing">O modelo não foi consultado neste turno.</p>;
  const prompts = shown.prompts ?? [];
  return (
    <>
      {prompts.length === 0 && <p class="nothing">O pedido ao modelo não está mais na memória desta máquina; o registro guarda só a sua impressão.</p>}
      {prompts.map((prompt, n) => (
        <section key={n}>
          <h3>Pedido {prompts.length > 1 ? n + 1 : ""} ao modelo {prompt.model}</h3>
          <p class="soft small">Impressão <span class="mono">{prompt.fingerprint.slice(0, 16)}</span></p>
          <ol class="prompt">
            {prompt.messages.map((message, i) => (
              <li key={i} class={i < prompt.prefix ? "prefix" : ""}>
                {i === 0 && prompt.prefix > 0 && <p class="mark">Prefixo em cache: igual para todos os clientes, {prompt.prefix} mensage{prompt.prefix > 1 ? "ns" : "m"}</p>}
                {i === prompt.prefix && prompt.prefix > 0 && <p class="mark">Daqui em diante, só desta conversa</p>}
                <details open={i >= prompt.prefix}>
                  <summary>{roles[message.role] ?? message.role} <span class="soft small number">{figure(message.text.length)} caracteres</span></summary>
                  <pre tabIndex={0}>{message.text}</pre>
                </details>
              </li>
            ))}
          </ol>
          {prompt.answer && <Answer text={prompt.answer} />}
        </section>
      ))}
      {prompts.length === 0 && model.calls?.map((call, i) => call.said.text && <Answer key={i} text={call.said.text} />)}
    </>
  );
}

function Answer({ text }: { text: string }) {
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // A refusal, or half an answer: shown as it came.
  }
  return (
    <>
      <h4>O que o modelo respondeu</h4>
      <Json value={value} name="Resposta do modelo" />
    </>
  );
}
