import { describe, expect, it } from "vitest";
import { rowAtPoint, scrollFor, TALLEST_PX, windowOf } from "./window";

const list = { total: 100_000, rowHeight: 44, viewport: 600, scrollTop: 0 };

describe("the row window", () => {
  it("draws the rows in view and a few around them", () => {
    const rows = windowOf({ ...list, scrollTop: 44_000 });
    expect(rows.first).toBe(994);
    expect(rows.end).toBe(1020);
    expect(rows.top).toBe(994 * 44);
    expect(rows.height).toBe(4_400_000);
  });

  it("draws nothing for an empty list", () => {
    expect(windowOf({ ...list, total: 0 })).toEqual({ first: 0, end: 0, height: 0, top: 0 });
  });

  it("stays inside the list when the scroll position is stale", () => {
    const rows = windowOf({ ...list, total: 20, scrollTop: 9_000 });
    expect(rows.end).toBe(20);
    expect(rows.first).toBeLessThan(10);
  });

  it("reaches the last of a million rows although no element may be that tall", () => {
    const long = { ...list, total: 1_000_000 };
    const bottom = windowOf({ ...long, scrollTop: TALLEST_PX - 600 });
    expect(bottom.height).toBe(TALLEST_PX);
    expect(bottom.end).toBe(1_000_000);
    const lastRowEnds = bottom.top + (bottom.end - bottom.first) * 44;
    expect(lastRowEnds).toBeCloseTo(TALLEST_PX, 3);
  });

  it("brings a row into view with the least movement", () => {
    expect(scrollFor(3, list)).toBeNull();
    expect(scrollFor(20, list)).toBe(21 * 44 - 600);
    expect(scrollFor(5, { ...list, scrollTop: 4400 })).toBe(220);
  });

  it("shows a far row of a scaled list after scrolling to it", () => {
    const long = { ...list, total: 2_000_000 };
    const scrollTop = scrollFor(1_234_567, long) ?? 0;
    const rows = windowOf({ ...long, scrollTop });
    expect(rows.first).toBeLessThanOrEqual(1_234_567);
    expect(rows.end).toBeGreaterThan(1_234_567);
  });

  it("knows the row under a point", () => {
    expect(rowAtPoint(50, { ...list, scrollTop: 440 })).toBe(11);
  });
});
