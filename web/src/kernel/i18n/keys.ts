// What is printed on the keys of the shown language.
import { language } from "./language";

const GERMAN: Record<string, string> = {
  Ctrl: "Strg",
  Del: "Entf",
  Shift: "Umschalt",
  Home: "Pos1",
  End: "Ende",
  Page: "Bild",
  Space: "Leertaste",
  Enter: "Eingabe",
};
const IS_MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");

/** "Ctrl+Shift+N" as "Strg+Umschalt+N" in German, and with the Command key on a Mac. */
export function keyNames(keys: string): string {
  return keys.replace(/[A-Z][a-z]+\d?/g, (key) => {
    if (IS_MAC && key === "Ctrl") return "⌘";
    return (language() === "de" && GERMAN[key]) || key;
  });
}
