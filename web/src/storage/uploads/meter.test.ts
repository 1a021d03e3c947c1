import { expect, it } from "vitest";
import { meter } from "./meter";

it("settles on a steady speed and tells the time left", () => {
  const speed = meter();
  for (let s = 0; s <= 20; s += 1) speed.update(s * 1000, s * 1000);
  expect(speed.rate).toBeCloseTo(1000);
  expect(speed.left(5000)).toBeCloseTo(5);
});

it("follows a change of speed by 63 % within its time constant", () => {
  const speed = meter();
  const at = (ms: number) => (ms <= 10_000 ? ms : 10_000 + 2 * (ms - 10_000));
  for (let ms = 0; ms <= 12_500; ms += 100) speed.update(at(ms), ms);
  expect(speed.rate).toBeGreaterThan(1600);
  expect(speed.rate).toBeLessThan(1660);
});

it("does not know the time left while nothing moves", () => {
  const speed = meter();
  speed.update(0, 0);
  expect(speed.left(10)).toBeNull();
  speed.update(500, 1000);
  speed.restart(500, 60_000);
  expect(speed.left(10)).toBeNull();
});

it("counts a file that starts over as a stop", () => {
  const speed = meter();
  speed.update(0, 0);
  speed.update(1000, 1000);
  speed.update(0, 2000);
  expect(speed.rate).toBeLessThan(1000);
  expect(speed.rate).toBeGreaterThan(0);
});
