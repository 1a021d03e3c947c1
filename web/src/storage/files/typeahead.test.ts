import { expect, it } from "vitest";
import { findRow, typeAhead } from "./typeahead";

const names = ["Anna", "Berlin", "Bern", "Zoo"];
const at = (row: number) => names[row];

it("collects letters typed quickly and starts over after a pause", () => {
  const keys = typeAhead();
  expect(keys.add("b", 1000)).toBe("b");
  expect(keys.add("e", 1200)).toBe("be");
  expect(keys.add("z", 3000)).toBe("z");
});

it("walks through names with the same first letter", () => {
  const keys = typeAhead();
  keys.add("b", 0);
  expect(keys.add("b", 100)).toBe("b");
  expect(findRow(at, 4, 1, "b")).toBe(2);
  expect(findRow(at, 4, 2, "b")).toBe(1);
});

it("keeps the row while a longer word still fits it", () => {
  expect(findRow(at, 4, 1, "ber")).toBe(1);
  expect(findRow(at, 4, 1, "bern")).toBe(2);
  expect(findRow(at, 4, 0, "x")).toBeNull();
});
