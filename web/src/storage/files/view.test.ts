import { expect, it } from "vitest";
import { searchFor, sortedBy, validateFilesSearch, viewFrom } from "./view";

it("reads the order from the address and writes it back without defaults", () => {
  const view = viewFrom("a/b", { sort: "-modified", filter: "jpg" });
  expect(view).toEqual({ path: "a/b", sort: "modified", order: "desc", filter: "jpg" });
  expect(searchFor(view)).toEqual({ sort: "-modified", filter: "jpg" });
  expect(searchFor(viewFrom("", {}))).toEqual({});
});

it("drops what it does not know", () => {
  expect(validateFilesSearch({ sort: "-colour", filter: 3, other: 1 })).toEqual({});
});

it("turns a column's order round, and starts sizes and dates with the largest", () => {
  const start = viewFrom("", {});
  expect(sortedBy(start, "name").order).toBe("desc");
  expect(sortedBy(start, "modified")).toMatchObject({ sort: "modified", order: "desc" });
  expect(sortedBy(start, "type").order).toBe("asc");
});
