import { expect, it } from "vitest";
import { matching } from "./matching";

const entries = ["Account: Security", "Sign out", "Theme: Dark", "Über uns", "Security report"].map(
  (label) => ({
    label,
  }),
);
const labels = (typed: string) => matching(entries, typed).map((entry) => entry.label);

it("lists everything while nothing is typed", () => {
  expect(labels("  ")).toHaveLength(entries.length);
});

it("wants every word, in any order, and puts beginnings first", () => {
  expect(labels("security")).toEqual(["Security report", "Account: Security"]);
  expect(labels("dark theme")).toEqual(["Theme: Dark"]);
  expect(labels("dark mode")).toEqual([]);
});

it("ignores accents and case", () => {
  expect(labels("uber")).toEqual(["Über uns"]);
});
