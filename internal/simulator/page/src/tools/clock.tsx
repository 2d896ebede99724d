// The time machine.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api";
import { now, problem, say, skip, street } from "../store";
import { weekdayClock, weekdayTime } from "../words";
import { reason, some } from "./terms";

const open = signal(false);
/** What came of the last step, for a dialog hides everything else. */
const told = signal("");

export function Clock() {
  return (
    <>
      <button type="button" class="clock" aria-haspopup="dialog" title="Máquina do tempo" onClick={() => { told.value = ""; open.value = true; }}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2a7 7 0 1 1 0 14 7 7 0 0 1 0-14zm-1 2v5.4l4 2.4 1-1.6-3-1.8V7z" /></svg>
        <span class="quiet">Máquina do tempo, agora </span>
        <Time words={weekdayClock} />
      </button>
      {open.value && <Machine />}
    </>
  );
}

/** The street's time; what is around it need not be drawn each second. */
function Time({ words }: { words: (at: number) => string }) {
  return <time class="number">{words(now.value)}</time>;
}

/** Moves time, and says what time it is then. */
async function move(what: string, how: () => Promise<{ now: string }>): Promise<void> {
  let at = "";
  await skip(async () => {
    const moved = await how();
    at = moved.now;
    return moved;
  });
  told.value = at ? `${what}: agora é ${weekdayTime(at)}` : problem.value;
  if (at) say(told.value);
}

const units = {
  m: { one: "minuto", more: "minutos", hours: 1 / 60 },
  h: { one: "hora", more: "horas", hours: 1 },
  d: { one: "dia", more: "dias", hours: 24 },
};
type Unit = keyof typeof units;

/** The longest step that the street takes, in hours. */
const longest = 31 * 24;

const amount = signal(2);
const unit = signal<Unit>("h");

function Machine() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const off = street.value?.clock_off;
  const opening = street.value?.next_opening;
  const chosen = units[unit.value];
  const free = (e: Event) => {
    e.preventDefault();
    const step = unit.value === "d" ? `${amount.value * 24}h` : `${amount.value}${unit.value}`;
    void move(`Avançou ${some(amount.value, chosen.one, chosen.more)}`, () => api.advance(step));
  };
  return (
    <dialog ref={dialog} class="sheet skipping" aria-labelledby="clock-title" onClose={() => { open.value = false; }}>
      <h2 id="clock-title">Máquina do tempo</h2>
      <p class="at"><Time words={weekdayTime} /></p>
      {off
        ? <p class="why">O tempo não anda daqui: {reason(off)}.</p>
        : (
          <>
            <p class="soft small">Prazos, filas, travas e a janela de 24 horas andam juntos. O tempo não volta.</p>
            <div class="steps">
              <button type="button" class="outlined" onClick={() => void move("Avançou 2 minutos", () => api.advance("2m"))}>+2 minutos</button>
              <button type="button" class="outlined" onClick={() => void move("Avançou 1 hora", () => api.advance("1h"))}>+1 hora</button>
              <button type="button" class="outlined" onClick={() => void move("Avançou 24 horas", () => api.advance("24h"))}>+24 horas</button>
              {opening && (
                <button type="button" class="outlined opening" onClick={() => void move("Abriu o expediente", api.untilOpening)}>
                  Próximo expediente <span class="soft number">{weekdayTime(opening)}</span>
                </button>
              )}
            </div>
            <form class="free" onSubmit={free}>
              <label class="field">Outro tanto
                <input
                  type="number" required min={1} max={Math.floor(longest / chosen.hours)} value={amount.value}
                  onInput={(e) => { amount.value = e.currentTarget.valueAsNumber || 0; }}
                />
              </label>
              <label class="field">Unidade
                <select value={unit.value} onChange={(e) => { unit.value = e.currentTarget.value as Unit; }}>
                  {Object.entries(units).map(([key, u]) => <option key={key} value={key}>{u.more}</option>)}
                </select>
              </label>
              <button type="submit" class="outlined">Avançar</button>
            </form>
          </>
        )}
      <p class="told" role="status">{told.value}</p>
      <form method="dialog" class="actions"><button type="submit" class="strong">Fechar</button></form>
    </dialog>
  );
}
