// Choices of this browser about the files page.
import { useState } from "react";

/** A switch that is remembered in this browser. */
export function useRemembered(name: string, initial: boolean): [boolean, (on: boolean) => void] {
  const key = `balu.files.${name}`;
  const [on, set] = useState(() => {
    const stored = localStorage.getItem(key);
    return stored === null ? initial : stored === "1";
  });
  return [
    on,
    (next) => {
      localStorage.setItem(key, next ? "1" : "0");
      set(next);
    },
  ];
}
