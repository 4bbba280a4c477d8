// What is shown in place of what could not be: the server's words, and what may help: a key, waiting, trying again.
import { keyForm } from "./access/key_form";
import { currentKey, useKey } from "./access/key";
import { clone, slot } from "./dom";
import { Problem, type ProblemText } from "./server";

const SOON_SECONDS = 60;  // what is allowed by then is asked again by itself

const saidOf = (error: unknown): ProblemText =>
  error instanceof Problem ? error.said : { title: "This page has a fault", detail: String(error) };

export function problemBox(error: unknown, again?: () => void) {
  const said = saidOf(error);
  const { title, detail } = wordsOf(error);
  const box = clone("problem");
  slot(box, "title").textContent = title ?? "";
  slot(box, "detail").textContent = detail ?? "";
  const asks = said.status === 401 && currentKey() === null;  // and nothing is wrong
  box.classList.toggle("asks", asks);
  slot(box, "id").textContent = said.request_id && !asks ? `Request ${said.request_id}` : "";
  const key = said.status === 401 || (said.status === 403 && currentKey() !== null);
  const out = slot(box, "out");
  out.hidden = !key || currentKey() === null;
  out.onclick = () => useKey(null);
  if (key) slot(box, "key").append(keyForm());
  const button = slot<HTMLButtonElement>(box, "again");
  button.hidden = !again || key || said.status === 400;
  button.onclick = () => again?.();
  if (again && said.retryAfter) waitThen(again, said.retryAfter, button);
  return box;
}

// The server says all there is to say to who writes programs; who is here wants to know what to do.
export function wordsOf(error: unknown): ProblemText {
  const said = saidOf(error);
  if (said.status === 401 && currentKey() === null) {
    return { title: "An API key is needed", detail: "This is for holders of a key. Whoever runs the server gives them out." };
  }
  if (said.status === 401) return { ...said, title: "Your key is not accepted" };
  if (said.status === 403 && currentKey() !== null) return { ...said, title: "Your key does not open this" };
  if (said.status === 429) {
    return { ...said, title: "That was too much at once", detail: (said.retryAfter ?? Infinity) > SOON_SECONDS
      ? "The server sets a limit to what it answers. Try again later."
      : "The server sets a limit to what it answers. It is asked again as soon as it allows." };
  }
  return said;
}

// Counts down on the button, and then asks again, if the box is still there.
function waitThen(again: () => void, seconds: number, button: HTMLButtonElement) {
  const label = button.textContent ?? "";
  const until = performance.now() + seconds * 1000;
  const step = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left > 0) {
      button.textContent = `${label} in ${left} s`;
      setTimeout(step, 250);
    } else if (seconds <= SOON_SECONDS && button.isConnected) {
      again();
    } else {
      button.textContent = label;
      button.disabled = false;
    }
  };
  button.disabled = true;
  step();
}
