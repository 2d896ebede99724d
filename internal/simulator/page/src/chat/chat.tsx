// The WhatsApp column.

export function Chat(_: { notice: string }) {
  return <main class="chat" id="chat" aria-label="WhatsApp" />;
}
