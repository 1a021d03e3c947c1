// How this device shows Balu. Kept in localStorage so that the script in index.html can apply it
// before the first paint; the theme and language of the account arrive with the bootstrap call.
import { useSyncExternalStore } from "react";

export const THEMES = ["system", "light", "dark"] as const;
export const ACCENTS = ["teal", "indigo", "violet", "plum", "graphite"] as const;
export const DENSITIES = ["comfortable", "compact"] as const;

export interface Look {
  theme?: (typeof THEMES)[number];
  accent?: (typeof ACCENTS)[number];
  density?: (typeof DENSITIES)[number];
  language?: string;
}

const KEY = "balu.look";
const listeners = new Set<() => void>();
let current = read();

export function look(): Look {
  return current;
}

export function useLook(): Look {
  return useSyncExternalStore(subscribe, look, look);
}

export function setLook(change: Look): void {
  current = { ...current, ...change };
  const { theme, accent, density } = current;
  const data = document.documentElement.dataset;
  assign(data, "theme", theme === "system" ? undefined : theme);
  assign(data, "accent", accent === "teal" ? undefined : accent);
  assign(data, "density", density === "comfortable" ? undefined : density);
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage may be full or switched off; the choice then lasts until the page is closed.
  }
  for (const tell of listeners) tell();
}

function read(): Look {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Look;
  } catch {
    return {};
  }
}

function assign(data: DOMStringMap, key: string, value: string | undefined): void {
  if (value) data[key] = value;
  else delete data[key];
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
