// Which modal dialog is top-most. Outside of it everything is inert, popovers and toasts too,
// so those are rendered inside.
import { useSyncExternalStore } from "react";

let stack: HTMLElement[] = [];
const listeners = new Set<() => void>();

/** Puts an opened dialog on top; call the answer when it closes. */
export function enterTopLayer(element: HTMLElement): () => void {
  change([...stack, element]);
  return () => change(stack.filter((other) => other !== element));
}

/** The element that pop-ups belong into: the top-most dialog, else the body. */
export function topLayer(): HTMLElement {
  return stack.at(-1) ?? document.body;
}

export function useTopLayer(): HTMLElement {
  return useSyncExternalStore(subscribe, topLayer, topLayer);
}

function change(next: HTMLElement[]): void {
  stack = next;
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
