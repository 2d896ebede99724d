// One message, and what a lead can do with it: quote it, react to it, tap what
// it offers.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api, type Line } from "../api";
import { chooseTurn, shownTurn, view, write } from "../store";
import { clockTime, failure, kinds, preview, statuses } from "../words";
import { quote } from "./composer";
import { turnOf } from "./log";

/** The message whose reactions are being chosen. */
const picking = signal("");
/** The message whose list is open. */
const listing = signal("");

const emojis = ["👍", "❤️", "😂", "😮", "🙏", "👎"];

interface Props {
  line: Line;
  turned: boolean;
  reaction: string;
  quoted: Line | undefined;
  active: boolean;
  onActive: () => void;
}

export function Bubble({ line, turned, reaction, quoted, active, onActive }: Props) {
  const row = useRef<HTMLDivElement>(null);
  const mine = line.direction === "in";
  const team = line.author === "person";
  const turn = turnOf.value.get(line.id) ?? "";
  const inspect = () => {
    if (turn === "") return;
    chooseTurn(turn);
    view.value = "inspector";
  };
  const react = () => { picking.value = picking.value === line.id ? "" : line.id; };
  const keys = (e: KeyboardEvent) => {
    if (e.target !== row.current || e.ctrlKey || e.altKey || e.metaKey) return;
    const act = { r: () => quote(line), e: react, Enter: inspect }[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  };
  const tabIndex = active ? 0 : -1;
  return (
    <div
      ref={row} class={`row${mine ? " mine" : ""}${team ? " team" : ""}${turned ? " turned" : ""}${turn !== "" && turn === shownTurn.value ? " told" : ""}`}
      role="article" data-key={line.id} tabIndex={tabIndex} onKeyDown={keys} onFocus={onActive} aria-label={spoken(line)}
    >
      <div class="bubble">
        {team && <span class="author">Equipe</span>}
        {quoted && line.type !== "button" && line.type !== "list" && <span class="quote">{preview(quoted)}</span>}
        {line.header && <strong class="header">{line.header}</strong>}
        <Content line={line} />
        {line.footer && <span class="footer">{line.footer}</span>}
        <span class="meta">
          {clockTime(line.at)}
          <Ticks line={line} />
        </span>
      </div>
      {line.status === "failed" && <p class="failed">{mine ? "O webhook desta mensagem não foi aceito." : `Mensagem ${failure(line.error)}.`}</p>}
      {reaction !== "" && <span class="reaction emoji" role="img" aria-label={`Reação: ${reaction}`}>{reaction}</span>}
      {line.direction === "out" && (line.options?.length ?? 0) > 0 && <Choices line={line} />}
      <div class="acts">
        <button type="button" tabIndex={tabIndex} onClick={() => quote(line)}>Responder</button>
        <button type="button" tabIndex={tabIndex} aria-expanded={picking.value === line.id} onClick={react}>Reagir</button>
        {turn !== "" && <button type="button" tabIndex={tabIndex} onClick={inspect}>Ver o turno</button>}
      </div>
      {picking.value === line.id && <Picker line={line} reaction={reaction} />}
    </div>
  );
}

function spoken(line: Line): string {
  const who = line.direction === "in" ? "Você" : line.author === "person" ? "Equipe" : "Otto";
  const status = line.status === "failed" ? (line.direction === "in" ? "não aceita" : failure(line.error)) : statuses[line.status];
  return `${who}: ${preview(line)}, ${clockTime(line.at)}, ${status ?? ""}`;
}

function Ticks({ line }: { line: Line }) {
  const name = statuses[line.status] ?? line.status;
  const mark = line.status === "failed" ? "!" : line.status === "sent" ? "✓" : "✓✓";
  return <span class={`ticks ${line.status}`} role="img" aria-label={name} title={name}>{mark}</span>;
}

function Picker({ line, reaction }: { line: Line; reaction: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("button")?.focus(), []);
  const close = () => {
    picking.value = "";
    box.current?.closest<HTMLElement>("[data-key]")?.focus();
  };
  const put = (emoji: string) => {
    close();
    void write({ type: "reaction", reply_to: line.id, emoji });
  };
  return (
    <div ref={box} class="picker emoji" role="group" aria-label="Reagir com" onKeyDown={(e) => { if (e.key === "Escape") close(); }}>
      {emojis.map((emoji) => <button key={emoji} type="button" aria-label={`Reagir com ${emoji}`} onClick={() => put(emoji)}>{emoji}</button>)}
      {reaction !== "" && <button type="button" class="plain" onClick={() => put("")}>Tirar</button>}
    </div>
  );
}

function Content({ line }: { line: Line }) {
  if (line.type === "reaction") return <span class="soft">{preview(line)}</span>;
  return (
    <>
      {line.media && <Media line={line} />}
      {line.type === "location" && line.latitude !== undefined && (
        <span class="place">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2a7 7 0 0 0-7 7c0 5.2 7 13 7 13s7-7.8 7-13a7 7 0 0 0-7-7zm0 9.5a2.5 2.5 0 1 1 0-5 2.5 2.5 0 0 1 0 5z" /></svg>
          {line.latitude}, {line.longitude}
        </span>
      )}
      {line.text !== "" && <Styled text={line.text} />}
    </>
  );
}

function Media({ line }: { line: Line }) {
  const address = api.mediaAddress(line.media ?? "");
  const family = (line.mime ?? "").split("/")[0];
  const name = kinds[line.type] ?? "Arquivo";
  if (family === "image" && !line.mime?.includes("svg")) {
    return <img class={line.type === "sticker" ? "sticker" : "picture"} src={address} alt={line.text || name} />;
  }
  if (family === "audio") return <audio controls preload="metadata" src={address} aria-label={name} />;
  if (family === "video") return <video controls preload="metadata" src={address} aria-label={name} />;
  return <a href={address} download={line.filename ?? "arquivo"}>{line.filename ?? name}</a>;
}

/** WhatsApp's own marks: *bold*, _italic_, ~struck~ and ```code```. */
const marks = /```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;

function Styled({ text }: { text: string }) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(marks)) {
    parts.push(text.slice(end, match.index));
    const inner = match[1] ?? match[3] ?? "";
    switch (match[2]) {
      case "*": parts.push(<strong>{inner}</strong>); break;
      case "_": parts.push(<em>{inner}</em>); break;
      case "~": parts.push(<s>{inner}</s>); break;
      default: parts.push(<code>{inner}</code>);
    }
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return <span class="words">{parts}</span>;
}

function Choices({ line }: { line: Line }) {
  if (line.type === "list") {
    return (
      <div class="choices">
        <button type="button" aria-haspopup="dialog" onClick={() => { listing.value = line.id; }}>{line.menu || "Ver opções"}</button>
        {listing.value === line.id && <List line={line} />}
      </div>
    );
  }
  return (
    <div class="choices">
      {line.options?.map((option) => (
        <button key={option.id} type="button" onClick={() => void write({ type: "button", reply_to: line.id, id: option.id, title: option.title })}>
          {option.title}
        </button>
      ))}
    </div>
  );
}

function List({ line }: { line: Line }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const title = line.menu || "Opções";
  return (
    <dialog ref={dialog} class="sheet options" aria-label={title} onClose={() => { listing.value = ""; }}>
      <h2>{title}</h2>
      <ul>
        {line.options?.map((option) => (
          <li key={option.id}>
            <button type="button" onClick={() => {
              dialog.current?.close();
              void write({ type: "list", reply_to: line.id, id: option.id, title: option.title });
            }}>
              {option.title}
              {option.description && <small>{option.description}</small>}
            </button>
          </li>
        ))}
      </ul>
      <form method="dialog" class="actions"><button type="submit" class="plain">Fechar</button></form>
    </dialog>
  );
}
