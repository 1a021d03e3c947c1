// Things that can be done now: pages register theirs while they are shown, the palette and the
// phone's + button offer them.
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Icon } from "../kit";

export interface Action {
  id: string;
  label: string;
  icon?: Icon;
  shortcut?: string;
  /** Makes something new: also behind the + button of the phone. */
  adds?: boolean;
  run: () => void;
}

let sources: readonly (readonly Action[])[] = [];
let flat: readonly Action[] = [];
const listeners = new Set<() => void>();

/** Offers the actions as long as the calling part is mounted; later renders replace them. */
export function useActions(actions: readonly Action[]): void {
  const latest = useRef(actions);
  latest.current = actions;
  const key = actions.map((one) => `${one.id}\n${one.label}`).join("\n\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says when the list differs.
  useEffect(() => {
    const offered = latest.current.map((one) => ({
      ...one,
      run: () => latest.current.find((other) => other.id === one.id)?.run(),
    }));
    change([...sources, offered]);
    return () => change(sources.filter((other) => other !== offered));
  }, [key]);
}

export function useOfferedActions(): readonly Action[] {
  return useSyncExternalStore(subscribe, read, read);
}

function change(next: readonly (readonly Action[])[]): void {
  sources = next;
  // A page's own action takes the place of one that is always there.
  flat = [...new Map(next.flat().map((one) => [one.id, one])).values()];
  for (const tell of listeners) tell();
}

function read(): readonly Action[] {
  return flat;
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
