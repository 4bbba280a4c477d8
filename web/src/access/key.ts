// The API key of this tab. It is kept in the tab's session storage, so it ends with the tab, and it is sent as a header:
// no address, link or curl line that the page makes has it.

// Other pages of this origin, such as a second server behind the same proxy, have keys of their own.
const NAME = `eider-key ${new URL(".", location.href).pathname}`;

let withoutStorage: string | null = null;  // where the browser refuses to keep anything: until the page is left
const listeners: (() => void)[] = [];

export function currentKey(): string | null {
  try { return sessionStorage.getItem(NAME); } catch { return withoutStorage; }
}

// Null signs out.
export function useKey(key: string | null) {
  try {
    if (key === null) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, key);
  } catch {
    withoutStorage = key;
  }
  for (const listener of listeners) listener();
}

export const onKeyChange = (listener: () => void) => { listeners.push(listener); };

export const keyHeaders = (key = currentKey()): Record<string, string> => (key === null ? {} : { Authorization: `Bearer ${key}` });

// For a curl line, which somebody may show to others.
export const curlKey = () => (currentKey() === null ? "" : ` -H "Authorization: Bearer $EIDER_API_KEY"`);

// What tells a key from others on the screen and says nothing of use.
export const keyEnding = (key: string) => (key.length > 12 ? `…${key.slice(-4)}` : "");
