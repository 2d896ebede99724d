// The page as a whole: the strip above, the columns, and the keys that lead from
// one to the other.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Chat } from "./chat/chat";
import { Inspector } from "./inspector/inspector";
import { newContact, People } from "./people";
import { connected, notice, problem, street, view, type View } from "./store";
import { Clock } from "./tools/clock";
import { OverviewStrip } from "./tools/overview";

type Theme = "auto" | "light" | "dark";

const themes: Record<Theme, { name: string; next: Theme }> = {
  auto: { name: "do sistema", next: "light" },
  light: { name: "claro", next: "dark" },
  dark: { name: "escuro", next: "auto" },
};

const theme = signal<Theme>(rememberedTheme());
const helping = signal(false);

function rememberedTheme(): Theme {
  const kept = localStorage.getItem("theme");
  return kept === "light" || kept === "dark" ? kept : "auto";
}

const views: { view: View; name: string; focus: string }[] = [
  { view: "people", name: "Conversas", focus: "search" },
  { view: "chat", name: "WhatsApp", focus: "text" },
  { view: "inspector", name: "Inspetor", focus: "inspector" },
  { view: "tools", name: "Falhas", focus: "tools" },
];

function go(to: (typeof views)[number]): void {
  view.value = to.view;
  // What is chosen may still have to appear.
  requestAnimationFrame(() => document.getElementById(to.focus)?.focus());
}

/** Keys with Alt, so that nobody's typing is mistaken for a command. */
function command(e: KeyboardEvent): void {
  if (!e.altKey || e.ctrlKey || e.metaKey) return;
  const place = views[Number(e.code.replace(/^Digit/, "")) - 1];
  if (place) go(place);
  else if (e.code === "KeyN") newContact();
  else if (e.code === "KeyB") document.getElementById("search")?.focus();
  else if (e.code === "KeyH") helping.value = true;
  else return;
  e.preventDefault();
}

const modelNotices: Record<string, string> = {
  offline: "Modelo de demonstração: regras locais, sem rede.",
  off: "Modelo desligado: Otto responde só pelo menu.",
};

export function App() {
  useEffect(() => {
    document.addEventListener("keydown", command);
    return () => document.removeEventListener("keydown", command);
  }, []);
  useEffect(() => {
    if (theme.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  }, [theme.value]);
  const model = street.value?.parts.find((p) => p.name === "model")?.variant ?? "";
  return (
    <>
      <header class="top">
        <h1 class="brand">
          <img src="icon.svg" alt="" width="26" height="26" />
          Atende
        </h1>
        <OverviewStrip />
        <div class="tools">
          <Clock />
          <button type="button" class="icon" aria-label={`Tema ${themes[theme.value].name}`} title={`Tema ${themes[theme.value].name}`} onClick={changeTheme}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z" /></svg>
          </button>
          <button type="button" class="icon" aria-label="Ajuda e teclas" title="Ajuda e teclas (Alt+H)" onClick={() => { helping.value = true; }}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M11 17h2v2h-2zm1-12a4 4 0 0 0-4 4h2a2 2 0 1 1 3.4 1.4L12.2 11.7A4 4 0 0 0 11 14.5V15h2v-.5a2 2 0 0 1 .6-1.4l1.2-1.3A4 4 0 0 0 12 5z" /></svg>
          </button>
        </div>
      </header>
      <div>
        {!connected.value
          ? <p class="banner bad" role="alert">Atende parou de responder nesta máquina. Tentando de novo…</p>
          : problem.value !== ""
            ? <p class="banner bad" role="alert">{problem.value} <button type="button" class="plain" onClick={() => { problem.value = ""; }}>Fechar</button></p>
            : null}
      </div>
      <div class="columns" data-view={view.value}>
        <People />
        <Chat notice={modelNotices[model] ?? ""} />
        <Inspector />
      </div>
      <nav class="views" aria-label="Partes da página">
        {views.map((v) => (
          <button key={v.view} type="button" aria-current={view.value === v.view ? "true" : undefined} onClick={() => go(v)}>{v.name}</button>
        ))}
      </nav>
      <p class="quiet" role="status">{notice.value}</p>
      {helping.value && <Help />}
    </>
  );
}

function changeTheme(): void {
  theme.value = themes[theme.value].next;
  localStorage.setItem("theme", theme.value);
}

const keys: [string, string][] = [
  ["Enter", "envia a mensagem, e a rajada que espera"],
  ["Shift + Enter", "põe a mensagem na rajada: saem todas juntas"],
  ["Alt + 1, 2, 3, 4", "conversas, WhatsApp, inspetor, falhas"],
  ["Alt + B", "procura conversas"],
  ["Alt + N", "novo contato"],
  ["Setas", "andam pela lista de conversas e pelas mensagens"],
  ["R · E · Enter", "na mensagem: responder, reagir, ver o turno"],
  ["Esc", "fecha o que está aberto"],
];

function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="sheet help" aria-labelledby="help-title" onClose={() => { helping.value = false; }}>
      <h2 id="help-title">Como funciona</h2>
      <p>Você é o cliente. O que escreve vira um webhook assinado e percorre os programas de produção, nesta máquina. Nada sai daqui.</p>
      <h3>Teclas</h3>
      <dl>
        {keys.map(([key, what]) => [<dt key={key}><kbd>{key}</kbd></dt>, <dd key={what}>{what}</dd>])}
      </dl>
      <p class="small soft">Licenças: <a href="licenses.txt" target="_blank">licenses.txt</a></p>
      <form method="dialog" class="actions"><button type="submit" class="strong">Fechar</button></form>
    </dialog>
  );
}
