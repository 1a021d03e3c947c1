// What was cut or copied inside the file list, until it is pasted.
import { useSyncExternalStore } from "react";
import type { Target } from "./target";

export interface Clip {
  mode: "cut" | "copy";
  target: Target;
}

let clip: Clip | null = null;
const listeners = new Set<() => void>();

export function setClip(next: Clip | null): void {
  clip = next;
  for (const tell of listeners) tell();
}

export function currentClip(): Clip | null {
  return clip;
}

export function useClip(): Clip | null {
  return useSyncExternalStore(subscribe, currentClip, currentClip);
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
