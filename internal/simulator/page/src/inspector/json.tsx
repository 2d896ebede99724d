// JSON for people: indented, with its keys set off, to be copied whole.

import { useState } from "preact/hooks";
import { copy } from "../store";

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

export function Json({ value, name }: { value: unknown; name: string }) {
  const text = JSON.stringify(value, null, 2) ?? "";
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(tokens)) {
    parts.push(text.slice(end, match.index));
    if (match[1] !== undefined) {
      parts.push(<span class={match[2] ? "key" : "string"}>{match[1]}</span>, match[2] ?? "");
    } else {
      parts.push(<span class="literal">{match[0]}</span>);
    }
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return (
    <div class="json">
      <button type="button" class="outlined small" onClick={() => void copy(text, name)} aria-label={`Copiar ${name}`}>Copiar</button>
      <pre tabIndex={0} aria-label={name}><code>{parts}</code></pre>
    </div>
  );
}

/** JSON that is unfolded on demand; it is not made before. */
export function Folded({ name, value, note }: { name: string; value: unknown; note?: string | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="folded" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{name}{note && <span class="soft small"> · {note}</span>}</summary>
      {open && <Json value={value} name={name} />}
    </details>
  );
}
