// The time machine.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api";
import { now, say, skip, street } from "../store";
import { weekdayTime } from "../words";

const open = signal(false);

/** Why time cannot be skipped, in Portuguese, by the name that the reason begins with. */
const reasons: [string, string][] = [
  ["REDIS_URL", "o Redis de REDIS_URL tem relógio próprio"],
  ["FIRESTORE_EMULATOR_HOST", "o emulador do Firestore tem relógio próprio"],
];

export function Clock() {
  return (
    <>
      <button type="button" class="clock outlined" aria-haspopup="dialog" title="Máquina do tempo" onClick={() => { open.value = true; }}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2a7 7 0 1 1 0 14 7 7 0 0 1 0-14zm-1 3v4.6l3.7 2.2 1-1.7-2.7-1.6V8z" /></svg>
        <span class="quiet">Máquina do tempo: </span>
        <Time />
      </button>
      {open.value && <Machine />}
    </>
  );
}

function Time() {
  return <span class="number">{weekdayTime(now.value)}</span>;
}

function Machine() {
  const dialog = useRef<HTMLDialogElement>(null);
  const hours = useRef<HTMLInputElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const off = street.value?.clock_off ?? "";
  const opening = street.value?.next_opening;
  const jump = async (what: () => Promise<{ now: string }>) => {
    dialog.current?.close();
    await skip(what);
    say(`Agora é ${weekdayTime(now.value)}`);
  };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="clock-title" onClose={() => { open.value = false; }}>
      <h2 id="clock-title">Máquina do tempo</h2>
      {off !== ""
        ? <p>O relógio não pode ser adiantado: {reasons.find(([name]) => off.startsWith(name))?.[1] ?? off}.</p>
        : (
          <>
            <p class="soft">O relógio da rua inteira anda: temporizadores disparam, janelas fecham, sessões terminam. Não há volta.</p>
            <div class="jumps">
              <button type="button" class="outlined" onClick={() => void jump(() => api.advance("2m"))}>+2 minutos</button>
              <button type="button" class="outlined" onClick={() => void jump(() => api.advance("1h"))}>+1 hora</button>
              <button type="button" class="outlined" onClick={() => void jump(() => api.advance("24h"))}>+24 horas</button>
              <button type="button" class="outlined" disabled={opening === undefined} onClick={() => void jump(() => api.untilOpening())}>
                Próximo expediente{opening ? `: ${weekdayTime(opening)}` : ""}
              </button>
            </div>
            <form class="jumps" onSubmit={(e) => { e.preventDefault(); void jump(() => api.advance(`${hours.current?.value ?? "0"}m`)); }}>
              <label class="field">Outro tanto, em minutos<input ref={hours} type="number" min={1} max={44640} defaultValue="10" required /></label>
              <button type="submit" class="outlined">Adiantar</button>
            </form>
          </>
        )}
      <form method="dialog" class="actions"><button type="submit" class="plain">Fechar</button></form>
    </dialog>
  );
}
