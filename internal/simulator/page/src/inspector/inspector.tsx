// The inspector: why Otto said what he said.

export function Inspector() {
  return <aside class="inspector" id="inspector" tabIndex={-1} aria-label="Inspetor" />;
}
