// The field for an API key: in the dialog that the button at the top opens, and in place of what wants a key. A key is
// tried before it is taken.
import { clone, el, slot } from "../dom";
import { Problem, tryKey } from "../server";
import { currentKey, keyEnding, useKey } from "./key";

// A header can have nothing else; who pasted a whole line of curl is told so, too.
const KEY = /^[\x21-\x7e]+$/;

export function keyForm(taken: () => void = () => {}) {
  const form = clone<HTMLFormElement>("key-form");
  const field = slot<HTMLInputElement>(form, "key");
  const button = slot(form, "use");
  let going: AbortController | null = null;

  async function take(key: string) {
    going?.abort();
    const { signal } = going = new AbortController();
    button.ariaBusy = "true";
    try {
      await tryKey(key, signal);
      field.value = "";
      complain("");
      taken();
      useKey(key);
    } catch (error) {
      if (!signal.aborted) complain(reasonOf(error));
    } finally {
      button.ariaBusy = null;
    }
  }

  function complain(text: string) {
    slot(form, "error").textContent = text;
    field.ariaInvalid = text ? "true" : null;
    if (text) field.focus();
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (!key) complain("Paste the key first.");
    else if (!KEY.test(key)) complain("A key is one word of plain letters, digits and signs.");
    else void take(key);
  };
  return form;
}

function reasonOf(error: unknown) {
  const { status, detail = "", retryAfter } = error instanceof Problem ? error.said : { detail: String(error) };
  if (status === 401) {
    return /expired/.test(detail) ? `${sentence(detail)} Ask whoever gave it to you for a new one.`
      : "This key is not known here. It may be mistyped, or revoked.";
  }
  if (status === 429) return `Too many tries. Wait ${retryAfter ?? "some"} seconds.`;
  return sentence(detail);
}

const sentence = (text: string) => text && `${text[0]!.toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;

// The button at the top and the dialog that it opens.
export function keyButton(button: HTMLElement) {
  const dialog = clone<HTMLDialogElement>("key-dialog");
  document.body.append(dialog);
  slot(dialog, "form").replaceWith(keyForm(() => dialog.close()));
  slot(dialog, "close").onclick = () => dialog.close();
  slot(dialog, "out").onclick = () => { dialog.close(); useKey(null); };
  dialog.onclick = ({ target }) => { if (target === dialog) dialog.close(); };  // beside it
  button.onclick = () => dialog.showModal();
  const show = () => {
    const key = currentKey();
    button.replaceChildren(...(key === null ? ["API key"] : [el("span", {}, "Key\u00a0"), el("code", {}, keyEnding(key) || "in use")]));
    button.classList.toggle("in-use", key !== null);
    slot(dialog, "used").hidden = key === null;
    slot(dialog, "why").hidden = key !== null;
    slot(dialog, "ending").textContent = key === null ? "" : keyEnding(key);
    slot(dialog, "use").textContent = key === null ? "Use this key" : "Use this key instead";
  };
  show();
  return { show };
}
