import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, formatPercent, formatWhen } from "./format";
import { plural } from "./plural";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1540, "1.5 kB"],
    [999_600, "1 MB"],
    [38_240_000, "38.2 MB"],
    [1_800_000_000_000, "1.8 TB"],
    [-5, "0 B"],
  ])("writes %d as %s", (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
});

describe("formatDuration", () => {
  it.each([
    [8, "8 sec"],
    [240, "4 min"],
    [7500, "2 hr 5 min"],
    [7200, "2 hr"],
  ])("writes %d seconds as %s", (seconds, words) => {
    expect(formatDuration(seconds)).toBe(words);
  });
});

describe("formatWhen", () => {
  const now = new Date(2026, 10, 21, 12, 0).getTime();
  it.each([
    [new Date(2026, 10, 21, 11, 59, 40), "now"],
    [new Date(2026, 10, 21, 11, 40), "20 minutes ago"],
    [new Date(2026, 10, 20, 18, 2), "yesterday 06:02 PM"],
    [new Date(2026, 10, 17, 18, 2), "4 days ago"],
    [new Date(2026, 8, 1), "Sep 1, 2026"],
  ])("says %s as %s", (when, words) => {
    expect(formatWhen(when, now)).toBe(words);
  });

  it("says nothing for what is no date", () => {
    expect(formatWhen("soon", now)).toBe("");
  });
});

describe("plural", () => {
  it("picks the form of the language and fills in the number", () => {
    const forms = { one: "# Datei", other: "# Dateien", zero: "Keine Dateien" };
    expect([0, 1, 2, 1200].map((n) => plural("de", n, forms))).toEqual([
      "Keine Dateien",
      "1 Datei",
      "2 Dateien",
      "1.200 Dateien",
    ]);
  });
});

describe("formatPercent", () => {
  it("takes a share", () => {
    expect(formatPercent(0.614)).toBe("61%");
  });
});
