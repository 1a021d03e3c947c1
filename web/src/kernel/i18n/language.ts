// Which language is shown. The catalogues of all areas in use are loaded before the switch,
// so a change never shows half a page in each language.
import { useSyncExternalStore } from "react";
import { look, setLook } from "../theme/look";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

type Load = (language: Language) => Promise<unknown>;

const areasInUse = new Set<Load>();
const listeners = new Set<() => void>();
let current: Language = initial();

function initial(): Language {
  const wanted = [look().language, ...(globalThis.navigator?.languages ?? [])];
  for (const tag of wanted) {
    const short = tag?.slice(0, 2);
    if (isLanguage(short)) return short;
  }
  return "en";
}

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}

export function language(): Language {
  return current;
}

/** The locale for Intl: the browser's own variant of the shown language, such as en-GB. */
export function locale(): string {
  const own = globalThis.navigator?.languages?.find((tag) => tag.slice(0, 2) === current);
  return own ?? current;
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language, language);
}

export function registerArea(load: Load): void {
  areasInUse.add(load);
}

export async function setLanguage(next: Language): Promise<void> {
  setLook({ language: next });
  document.documentElement.lang = next;
  if (next === current) return;
  await Promise.all([...areasInUse].map((load) => load(next)));
  current = next;
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
