import { useSyncExternalStore } from "react";

const query = matchMedia("(max-width: 720px)");

/** True on a phone. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, read, read);
}

function read(): boolean {
  return query.matches;
}

function subscribe(tell: () => void): () => void {
  query.addEventListener("change", tell);
  return () => query.removeEventListener("change", tell);
}
