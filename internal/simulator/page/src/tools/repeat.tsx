// A turn decided again with another pack or model.

export function Repeat(_: { turn: string }) {
  return null;
}
