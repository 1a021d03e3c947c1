import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Tokens = Record<string, string>;

const light = blocks(readFileSync("src/kernel/styles/tokens.css", "utf8"));
const dark = blocks(readFileSync("src/kernel/styles/tokens-dark.css", "utf8"));
const ACCENTS = ["indigo", "violet", "plum", "graphite"];

const themes: [string, Tokens][] = [
  ["light", light[":root"] ?? {}],
  ["dark", { ...light[":root"], ...dark[':root[data-theme="dark"]'] }],
];
for (const accent of ACCENTS) {
  const chosen = dark[`:root[data-theme="dark"][data-accent="${accent}"]`];
  themes.push([`light ${accent}`, { ...light[":root"], ...light[`:root[data-accent="${accent}"]`] }]);
  themes.push([`dark ${accent}`, { ...themes[1]?.[1], ...chosen }]);
}

const GROUNDS = ["bg", "surface", "sunken", "selected"];
const STATES = ["ok", "warn", "bad", "info"];
const PAIRS: [string, string, number][] = [
  ...["text", "text-2", "accent", "accent-hover", ...STATES].flatMap((ink) =>
    GROUNDS.map((ground): [string, string, number] => [ink, ground, 4.5]),
  ),
  ...STATES.map((state): [string, string, number] => [state, `${state}-soft`, 4.5]),
  ...STATES.map((state): [string, string, number] => ["text", `${state}-soft`, 4.5]),
  ["on-accent", "accent", 4.5],
  ["on-accent", "accent-hover", 4.5],
  ["on-bad", "bad", 4.5],
  ...["bg", "surface", "sunken"].map((ground): [string, string, number] => ["control", ground, 3]),
  ...[1, 2, 3, 4].map((chart): [string, string, number] => [`chart-${chart}`, "surface", 4.5]),
];

describe.each(themes)("the %s theme", (_name, tokens) => {
  it("keeps every text readable on every ground it may stand on", () => {
    const poor = PAIRS.map(([ink, ground, least]) => {
      const got = contrast(tokens[`--${ink}`] ?? "", tokens[`--${ground}`] ?? "");
      return got >= least ? null : `${ink} on ${ground}: ${got.toFixed(2)} of ${least}`;
    }).filter(Boolean);
    expect(poor).toEqual([]);
  });
});

describe("the dark theme", () => {
  it("is the same whether it was chosen or comes from the system", () => {
    for (const accent of ["", ...ACCENTS.map((name) => `[data-accent="${name}"]`)]) {
      const chosen = dark[`:root[data-theme="dark"]${accent}`];
      expect(chosen).toBeDefined();
      expect(dark[`:root:not([data-theme="light"])${accent}`]).toEqual(chosen);
    }
  });
});

/** Custom properties by selector; nested at-rules are looked through. */
function blocks(css: string): Record<string, Tokens> {
  const found: Record<string, Tokens> = {};
  for (const [, selector, body] of css.matchAll(/(:root[^{]*)\{([^}]*)\}/g)) {
    const tokens = [...(body ?? "").matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    const key = (selector ?? "").trim();
    found[key] = { ...Object.fromEntries(tokens), ...found[key] };
  }
  return found;
}

/** WCAG 2.2 contrast of two #rrggbb colours. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

function luminance(hex: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
