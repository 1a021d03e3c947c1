import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { kernelText } from "../i18n/kernel";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

/** Draws into the document with English text loaded; answers how to draw again and how to take it away. */
export async function render(node: ReactNode) {
  await kernelText.load("en");
  const box = document.body.appendChild(document.createElement("div"));
  const root = createRoot(box);
  const draw = (next: ReactNode) => act(async () => root.render(next));
  await draw(node);
  return {
    box,
    draw,
    remove: async () => {
      await act(async () => root.unmount());
      box.remove();
    },
  };
}

export function press(target: Element | null, key: string, more: KeyboardEventInit = {}) {
  return act(async () => {
    target?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  });
}

export function click(target: Element | null | undefined) {
  return act(async () => {
    (target as HTMLElement | null)?.click();
  });
}

export function find<E extends HTMLElement>(selector: string, text?: string): E {
  const all = [...document.querySelectorAll<E>(selector)];
  const found = text === undefined ? all[0] : all.find((one) => one.textContent?.includes(text));
  if (!found) throw new Error(`nothing matches ${selector} ${text ?? ""}`);
  return found;
}
