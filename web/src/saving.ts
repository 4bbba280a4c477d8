// Saves what no link can ask for as a file: the answer of a POST, or of a GET with a key. What goes on is told at the foot
// of the window: how much has come, a way to stop, and what went wrong. Nothing is saved of an answer that is cut.
import { clone, el, say, slot } from "./dom";
import { wordsOf } from "./problem";
import { whole } from "./server";
import { byteText } from "./text";

export interface Order {
  name: string;
  // Goes to a place that is asked for, as it comes, where the browser can do that. Else the browser gathers it, on its own
  // disk, and saves it when it is whole.
  large: boolean;
  ask(signal: AbortSignal): Promise<Response>;
}

// Of the File System API, which TypeScript does not know yet, and only Chromium offers.
interface FileHandle { createWritable(): Promise<WritableStream<Uint8Array>> }
type AskForFile = (options: { suggestedName: string }) => Promise<FileHandle>;

const GONE_MS = 8000;  // long enough to be read

export async function save(order: Order) {
  const entry = clone("saving");
  const state = slot(entry, "state");
  const stop = slot(entry, "stop");
  const going = new AbortController();
  slot(entry, "name").textContent = order.name;
  stop.ariaLabel = `Stop ${order.name}`;
  stop.onclick = () => { going.abort(); entry.remove(); };
  document.getElementById("tray")!.append(entry);
  try {
    let bytes = 0;
    await transfer(order, going.signal, (more) => { state.textContent = byteText(bytes += more); });
    state.textContent = `Saved, ${byteText(bytes)}`;
    say(`${order.name}: saved`);
    stop.remove();
    setTimeout(() => entry.remove(), GONE_MS);
  } catch (error) {
    if (going.signal.aborted || isAbort(error)) {  // stopped, or no place was chosen
      going.abort();
      return entry.remove();
    }
    const { title, detail } = wordsOf(error);
    entry.classList.add("failed");
    state.replaceChildren(el("strong", {}, title ?? "Failed"), ` ${detail ?? ""}`);
    state.role = "alert";
    stop.textContent = "Dismiss";
    stop.ariaLabel = `Dismiss ${order.name}`;
  }
}

const isAbort = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

async function transfer({ name, large, ask }: Order, signal: AbortSignal, came: (bytes: number) => void) {
  const response = await ask(signal);  // first, so that a refusal leaves no empty file
  const counted = response.body!.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, next) { came(piece.length); next.enqueue(piece); },
  }));
  const askForFile = (window as { showSaveFilePicker?: AskForFile }).showSaveFilePicker?.bind(window);
  if (large && askForFile && navigator.userActivation.isActive) {
    const file = await (await askForFile({ suggestedName: name })).createWritable();
    await whole(response, signal, () => counted.pipeTo(file, { signal }));  // a file is in place when it is closed
  } else {
    hand(await whole(response, signal, () => new Response(counted).blob()), name);
  }
}

function hand(content: Blob, name: string) {
  const link = el("a", { href: URL.createObjectURL(content), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);  // the browser may still be reading
}
