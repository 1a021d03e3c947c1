import { expect, it } from "vitest";
import {
  encodePath,
  extensionOf,
  freeName,
  isWithin,
  joinPath,
  nameFault,
  parentOf,
  stemLength,
  trail,
} from "./names";

it("joins, splits and walks paths without leading slashes", () => {
  expect(joinPath("", "a", "", "b.txt")).toBe("a/b.txt");
  expect(parentOf("a/b/c")).toBe("a/b");
  expect(parentOf("a")).toBe("");
  expect(trail("a/b/c")).toEqual(["a", "a/b", "a/b/c"]);
  expect(trail("")).toEqual([]);
});

it("does not mistake a sibling with a longer name for a child", () => {
  expect(isWithin("photos/2026", "photos")).toBe(true);
  expect(isWithin("photos-old", "photos")).toBe(false);
  expect(isWithin("photos", "photos")).toBe(true);
});

it("escapes what a URL would read as syntax", () => {
  expect(encodePath("50% off/a#b?.txt")).toBe("50%25%20off/a%23b%3F.txt");
});

it("preselects the name without its extension", () => {
  expect(stemLength("photo.final.jpg", false)).toBe(11);
  expect(stemLength(".bashrc", false)).toBe(7);
  expect(stemLength("folder.d", true)).toBe(8);
  expect(extensionOf("A.JPG")).toBe("jpg");
  expect(extensionOf(".env")).toBe("");
});

it.each([
  ["  ", "empty"],
  ["a/b", "slash"],
  ["..", "dots"],
  ["a\nb", "control"],
  ["ü".repeat(128), "long"],
  ["Größe 1.txt", null],
])("judges the name %j", (name, fault) => {
  expect(nameFault(name)).toBe(fault);
});

it("finds a free name", () => {
  expect(freeName("a.txt", new Set(["a.txt", "a (2).txt"]))).toBe("a (3).txt");
});
