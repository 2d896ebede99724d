// What can be done to the street: faults, and what is real in it.

export function Bench() {
  return <section class="bench" id="tools" tabIndex={-1} aria-label="Falhas" />;
}
