import { describe, expect, it } from "vitest";
import {
  click,
  countSelected,
  isSelected,
  NOTHING,
  onlyOf,
  type Selection,
  selectAll,
  toggle,
} from "./selection";

const between = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `f${from + i}`);
const plain = { toggle: false, shift: false };
const ctrl = { toggle: true, shift: false };
const shift = { toggle: false, shift: true };
const both = { toggle: true, shift: true };

function clicks(...steps: [number, typeof plain][]): Selection {
  return steps.reduce((now, [row, keys]) => click(now, `f${row}`, row, keys, between), NOTHING);
}

describe("a selection", () => {
  it("holds one row after a plain click", () => {
    expect([...clicks([3, plain], [7, plain]).ids]).toEqual(["f7"]);
  });

  it("toggles single rows with Ctrl and moves the anchor there", () => {
    const now = clicks([1, plain], [4, ctrl], [1, ctrl]);
    expect([...now.ids]).toEqual(["f4"]);
    expect(now.anchor).toBe(1);
  });

  it("ranges from the anchor with Shift, and the anchor stays", () => {
    const now = clicks([5, plain], [8, shift], [3, shift]);
    expect([...now.ids]).toEqual(["f3", "f4", "f5"]);
    expect(now.anchor).toBe(5);
  });

  it("adds a range with Ctrl+Shift", () => {
    const now = clicks([1, plain], [5, ctrl], [7, both]);
    expect([...now.ids].sort()).toEqual(["f1", "f5", "f6", "f7"]);
  });

  it("selects all rows of a list it has not loaded, less the ones taken out", () => {
    const all = selectAll(NOTHING);
    expect(countSelected(all, 100_000)).toBe(100_000);
    const fewer = toggle(all, "f9", 9);
    expect(isSelected(fewer, "f9")).toBe(false);
    expect(isSelected(fewer, "f10")).toBe(true);
    expect(countSelected(fewer, 100_000)).toBe(99_999);
  });

  it("puts a range back into an excluding selection with Ctrl+Shift", () => {
    const fewer = toggle(selectAll(NOTHING), "f2", 2);
    const now = click(fewer, "f3", 3, both, between);
    expect(now.ids.size).toBe(0);
    expect(now.mode).toBe("exclude");
  });

  it("forgets rows that left the list", () => {
    const now = onlyOf(clicks([1, plain], [2, ctrl]), [{ path: "f2" }, { path: "f3" }]);
    expect([...now.ids]).toEqual(["f2"]);
    expect(onlyOf(now, [{ path: "f2" }])).toBe(now);
  });
});
