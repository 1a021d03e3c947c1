import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { untilLoaded } from "./patience";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it.each([
  "Failed to fetch dynamically imported module: /assets/a.js",
  "error loading dynamically imported module: /assets/a.js",
  "Importing a module script failed.",
])("asks again after %j", async (message) => {
  const load = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new TypeError(message))
    .mockResolvedValue("part");
  const part = untilLoaded(load);
  await vi.advanceTimersByTimeAsync(2_900);
  expect(load).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(await part).toBe("part");
});

it("asks again at once when there is a line again", async () => {
  const load = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new TypeError("Failed to fetch dynamically imported module"));
  load.mockResolvedValue("part");
  const part = untilLoaded(load);
  await vi.advanceTimersByTimeAsync(0);
  dispatchEvent(new Event("online"));
  expect(await part).toBe("part");
});

it("passes on what a part throws itself", async () => {
  const broken = new RangeError("out of range");
  await expect(untilLoaded(() => Promise.reject(broken))).rejects.toBe(broken);
});
