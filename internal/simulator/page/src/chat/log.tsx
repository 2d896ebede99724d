// The messages of one conversation. However many there are, only those in sight
// and their neighbours are in the document.

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { computed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { Line } from "../api";
import { inspection, sought, talk } from "../store";
import { dayOf, preview } from "../words";
import { Bubble } from "./bubble";

/** A row is a day, or a message with what surrounds it. */
type Row =
  | { key: string; day: string }
  | { key: string; line: Line; turned: boolean; reaction: string; quoted: Line | undefined };

const isDay = (row: Row | undefined): boolean => row !== undefined && "day" in row;

/** How far from the end, in pixels, still counts as being there. */
const nearEnd = 60;

/** Which turn a message belongs to, by the message's id. */
export const turnOf = computed(() => {
  const turns = new Map<string, string>();
  for (const turn of inspection.value?.turns ?? []) {
    for (const id of [...(turn.messages ?? []), ...(turn.replies ?? [])]) {
      if (id !== "") turns.set(id, turn.id);
    }
  }
  return turns;
});

export function Log() {
  const messages = talk.value?.messages ?? [];
  const rows = useMemo(() => arrange(messages), [messages]);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useVirtual(rows, scroller);
  const following = useRef(true);
  const lastTop = useRef(0);
  // The row that the arrow keys have reached; the newest until they are used.
  const [active, setActive] = useState("");
  const activeKey = rows.some((row) => row.key === active) ? active : rows.at(-1)?.key;
  const wantsFocus = useRef("");

  const newest = messages.at(-1);
  // Who writes wants to see what follows.
  useLayoutEffect(() => { if (newest?.direction === "in") following.current = true; }, [newest?.id]);
  useLayoutEffect(() => {
    if (following.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
    if (wantsFocus.current !== "") {
      const row = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(wantsFocus.current)}"]`);
      if (row) {
        wantsFocus.current = "";
        row.focus({ preventScroll: true });
      }
    }
  });

  const reach = (index: number) => {
    const row = rows[index];
    if (!row) return;
    following.current = index === rows.length - 1;
    wantsFocus.current = row.key;
    setActive(row.key);
    list.scrollToIndex(index, { align: "auto" });
  };

  const seek = sought.value;
  useEffect(() => {
    const index = rows.findIndex((row) => row.key === seek.id);
    if (seek.n === 0 || index < 0) return;
    following.current = false;
    wantsFocus.current = seek.id;
    setActive(seek.id);
    list.scrollToIndex(index, { align: "center" });
  }, [seek.n]);

  const walk = (e: KeyboardEvent) => {
    const at = rows.findIndex((row) => row.key === activeKey);
    const to: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1, PageUp: at - 10, PageDown: at + 10 };
    const index = to[e.key];
    if (index === undefined || !(e.target as HTMLElement).matches("[data-key]")) return;
    e.preventDefault();
    let next = Math.max(0, Math.min(rows.length - 1, index));
    // Days are not stopped at.
    const step = next < at ? -1 : 1;
    while (isDay(rows[next]) && rows[next + step]) next += step;
    reach(next);
  };

  return (
    <div
      ref={scroller} class="scroll" onKeyDown={walk}
      onScroll={(e) => {
        // Rows that turn out taller than they were guessed move the end away: only
        // who goes back leaves it.
        const { scrollTop, scrollHeight, clientHeight } = e.currentTarget;
        if (scrollHeight - scrollTop - clientHeight < nearEnd) following.current = true;
        else if (scrollTop < lastTop.current) following.current = false;
        lastTop.current = scrollTop;
      }}
    >
      <ol class="log" aria-label="Mensagens" style={{ height: `${list.getTotalSize()}px` }}>
        {list.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <li
              key={row.key} data-index={item.index} ref={(el) => { if (el) list.measureElement(el); }}
              class="slot" style={{ transform: `translateY(${item.start}px)` }}
              aria-setsize={rows.length} aria-posinset={item.index + 1}
            >
              {"day" in row
                ? <p class="day">{row.day}</p>
                : <Bubble {...row} active={row.key === activeKey} onActive={() => setActive(row.key)} />}
            </li>
          );
        })}
      </ol>
      {talk.value?.typing && (
        <p class="typing" role="status"><span class="quiet">Otto está digitando</span><i /><i /><i /></p>
      )}
      <Latest messages={messages} />
    </div>
  );
}

/** Says new answers aloud, for whoever does not see them. */
function Latest({ messages }: { messages: Line[] }) {
  const last = messages.at(-1);
  const first = useRef(last?.id);
  const fresh = last && last.direction === "out" && last.id !== first.current ? last : undefined;
  return <p class="quiet" aria-live="polite">{fresh ? `${fresh.author === "person" ? "Equipe" : "Otto"}: ${preview(fresh)}` : ""}</p>;
}

function useVirtual(rows: Row[], scroller: { current: HTMLDivElement | null }): Virtualizer<HTMLDivElement, HTMLElement> {
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const options = {
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i: number) => {
      const row = rows[i];
      return row && "line" in row ? 46 + Math.ceil(row.line.text.length / 44) * 20 : 40;
    },
    getItemKey: (i: number) => rows[i]?.key ?? i,
    observeElementRect, observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 8,
    onChange: () => redraw(undefined),
  };
  const [list] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => list._willUpdate());
  return list;
}

/** Days of Brasília's time, which knows no daylight saving any more. */
const dayNumber = (at: string): number => Math.floor((Date.parse(at) - 3 * 3_600_000) / 86_400_000);

/** Makes rows of messages: days between them, reactions on what they are put on. */
function arrange(messages: Line[]): Row[] {
  const known = new Map(messages.map((m) => [m.id, m]));
  const reactions = new Map<string, string>();
  for (const m of messages) {
    if (m.type === "reaction" && m.reply_to) reactions.set(m.reply_to, m.text);
  }
  const rows: Row[] = [];
  let day = Number.NaN;
  let side = "";
  for (const line of messages) {
    const quoted = line.reply_to ? known.get(line.reply_to) : undefined;
    if (line.type === "reaction" && quoted) continue;
    const its = dayNumber(line.at);
    if (its !== day) {
      rows.push({ key: `day ${its} ${line.id}`, day: dayOf(line.at) });
      day = its;
      side = "";
    }
    const whose = line.author ?? line.direction;
    rows.push({ key: line.id, line, turned: whose !== side, reaction: reactions.get(line.id) ?? "", quoted });
    side = whose;
  }
  return rows;
}
