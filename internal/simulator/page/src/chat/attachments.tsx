// What a lead can send beside words.

import { useEffect, useRef } from "preact/hooks";
import { person, write } from "../store";

/** As much as WhatsApp takes of an audio, in bytes; the street takes no more of anything. */
const largest = 16 * 1024 * 1024;

const stickers = ["😀", "👍", "🎉", "❤️", "🤔", "🙏"];

/** WhatsApp's stickers are square, of this many pixels. */
const stickerSize = 512;

interface Props {
  text: string;
  onClose: () => void;
  onSpeak: () => void;
  onTrouble: (words: string) => void;
}

export function Attachments({ text, onClose, onSpeak, onTrouble }: Props) {
  const to = person.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const latitude = useRef<HTMLInputElement>(null);
  const longitude = useRef<HTMLInputElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();

  const chosen = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    close();
    if (file.size > largest) {
      onTrouble("O arquivo tem mais de 16 MB, e o WhatsApp não o aceitaria.");
      return;
    }
    const family = file.type.split("/")[0] ?? "";
    const type = ["image", "audio", "video"].includes(family) ? family : "document";
    await write({ type, mime: file.type || "application/octet-stream", filename: file.name, data: await base64(file) }, to);
  };
  const stick = async (emoji: string) => {
    close();
    const picture = await draw(emoji);
    if (picture) await write({ type: "sticker", mime: "image/webp", data: await base64(picture) }, to);
  };
  const locate = () => {
    close();
    void write({ type: "location", latitude: Number(latitude.current?.value), longitude: Number(longitude.current?.value) }, to);
  };
  return (
    <dialog ref={dialog} class="sheet attachments" aria-labelledby="attach-title" onClose={onClose}>
      <h2 id="attach-title">Anexar</h2>
      <label class="outlined choose">Escolher imagem, áudio, vídeo ou documento
        <input class="quiet" type="file" onChange={(e) => void chosen(e.currentTarget)} />
      </label>
      <h3>Figurinha</h3>
      <div class="stickers emoji" role="group" aria-label="Figurinhas">
        {stickers.map((emoji) => (
          <button key={emoji} type="button" aria-label={`Figurinha ${emoji}`} onClick={() => void stick(emoji)}>{emoji}</button>
        ))}
      </div>
      <h3>Áudio que diz um texto</h3>
      <p class="small soft">Um áudio de verdade, cuja transcrição é o texto digitado na conversa.</p>
      <button type="button" class="outlined" disabled={text.trim() === ""} onClick={() => {
        close();
        onSpeak();
      }}>
        {text.trim() === "" ? "Escreva o texto antes" : `Enviar como áudio: “${text.trim().slice(0, 40)}”`}
      </button>
      <h3>Localização</h3>
      <div class="place-form">
        <label class="field">Latitude<input ref={latitude} type="number" min={-90} max={90} step="any" defaultValue="-23.5614" /></label>
        <label class="field">Longitude<input ref={longitude} type="number" min={-180} max={180} step="any" defaultValue="-46.6559" /></label>
        <button type="button" class="outlined" onClick={locate}>Enviar localização</button>
      </div>
      <form method="dialog" class="actions"><button type="submit" class="plain">Fechar</button></form>
    </dialog>
  );
}

/** The bytes in base64, which is how the street takes files. */
export function base64(data: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).split(",")[1] ?? ""));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("unreadable file")));
    reader.readAsDataURL(data);
  });
}

/** A sticker is made here: the page brings no pictures along. */
function draw(emoji: string): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = stickerSize;
  const pen = canvas.getContext("2d");
  if (!pen) return Promise.resolve(null);
  pen.font = `${stickerSize * 0.75}px system-ui, "Noto Color Emoji", sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(emoji, stickerSize / 2, stickerSize * 0.54);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp"));
}
