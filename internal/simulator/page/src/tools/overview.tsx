// The strip of figures above the columns.

export function OverviewStrip() {
  return <section class="overview" aria-label="Visão geral" />;
}
