// Elements: made, cloned from the templates of index.html, and found by their data-slot.

type Properties<T> = { [K in keyof T]?: T[K] };
type Child = Node | string;

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Properties<HTMLElementTagNameMap[K]> = {},
                                                          ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// What a template holds; the caller says which element that is.
export function clone<T extends HTMLElement = HTMLElement>(id: string): T {
  const template = document.getElementById(id) as HTMLTemplateElement;
  return document.importNode(template.content.firstElementChild!, true) as Element as T;
}

export function slot<T extends HTMLElement = HTMLElement>(root: ParentNode, name: string): T {
  return root.querySelector<T>(`[data-slot="${name}"]`)!;
}

export const say = (text: string) => { document.getElementById("said")!.textContent = text; };

function copyWithoutClipboard(text: string, button: HTMLElement) {  // a page from a host without TLS has no clipboard
  const area = el("textarea", { className: "unseen", value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus();
  return done;
}

const labels = new WeakMap<HTMLElement, { text: string; timer: number }>();

export async function copy(text: string, button: HTMLElement) {
  let done = true;
  try { await navigator.clipboard.writeText(text); } catch { done = copyWithoutClipboard(text, button); }
  const label = labels.get(button) ?? { text: button.textContent ?? "", timer: 0 };
  button.textContent = done ? "Copied" : "Not copied";
  say(`${button.ariaLabel ?? label.text}: ${done ? "done" : "not possible"}`);
  clearTimeout(label.timer);
  label.timer = window.setTimeout(() => {
    button.textContent = label.text;
    labels.delete(button);
  }, 1500);
  labels.set(button, label);
}
