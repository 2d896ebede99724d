// Recording a voice note.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { focusText, now, person, problem, write } from "../store";
import { base64 } from "./attachments";

/** What a recorder can write, the form that WhatsApp itself records in first. */
const forms = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

interface Recording {
  recorder: MediaRecorder;
  since: number;
  /** Whether what was recorded is to be sent when the recorder stops. */
  wanted: boolean;
}

const recording = signal<Recording | null>(null);

async function start(): Promise<void> {
  const to = person.value;
  let microphone: MediaStream;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    problem.value = "O navegador não deixou usar o microfone. Em Anexar dá para escolher um áudio.";
    return;
  }
  const form = forms.find((f) => MediaRecorder.isTypeSupported(f));
  const recorder = new MediaRecorder(microphone, form ? { mimeType: form } : {});
  const chunks: Blob[] = [];
  const mine: Recording = { recorder, since: now.value, wanted: false };
  recorder.addEventListener("dataavailable", (e) => chunks.push(e.data));
  recorder.addEventListener("stop", () => {
    for (const track of microphone.getTracks()) track.stop();
    recording.value = null;
    if (!mine.wanted) return;
    const mime = recorder.mimeType.split(";")[0] ?? "";
    void base64(new Blob(chunks)).then((data) => write({ type: "audio", mime, data }, to));
  });
  recorder.start();
  recording.value = mine;
}

function finish(wanted: boolean): void {
  const going = recording.value;
  if (!going) return;
  going.wanted = wanted;
  going.recorder.stop();
  focusText();
}

export function Recorder() {
  // A recording belongs to the conversation it was begun in.
  useEffect(() => () => finish(false), []);
  if (!recording.value) {
    return (
      <button type="button" class="icon" aria-label="Gravar áudio" title="Gravar áudio" onClick={() => void start()}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 15a3 3 0 0 0 3-3V6a3 3 0 1 0-6 0v6a3 3 0 0 0 3 3zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.9V22h2v-3.1A7 7 0 0 0 19 12z" /></svg>
      </button>
    );
  }
  const seconds = Math.max(0, Math.round((now.value - recording.value.since) / 1000));
  return (
    <span class="recording" role="group" aria-label="Gravando áudio">
      <span class="number">{Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, "0")}</span>
      <button type="button" class="plain" onClick={() => finish(false)}>Descartar</button>
      <button type="button" class="strong" onClick={() => finish(true)}>Enviar áudio</button>
    </span>
  );
}
