// The time machine.

export function Clock() {
  return <div class="clock" />;
}
