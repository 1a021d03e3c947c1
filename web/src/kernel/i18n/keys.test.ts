import { afterEach, expect, it } from "vitest";
import { keyNames } from "./keys";
import { setLanguage } from "./language";

afterEach(() => setLanguage("en"));

it("names keys as they are printed on keyboards of the language", async () => {
  expect(keyNames("Ctrl+Shift+N")).toBe("Ctrl+Shift+N");
  await setLanguage("de");
  expect(keyNames("Ctrl+Shift+N")).toBe("Strg+Umschalt+N");
  expect(keyNames("Shift+F10")).toBe("Umschalt+F10");
  expect(keyNames("Page ↑ Page ↓")).toBe("Bild ↑ Bild ↓");
  expect(keyNames("A … Z")).toBe("A … Z");
});
