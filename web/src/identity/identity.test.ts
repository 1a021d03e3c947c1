import { describe, expect, it } from "vitest";
import { deviceName } from "./account/device";
import { fulfilsRules, isUsername, suggestPassword } from "./auth/rules";
import { ownPath } from "./routes";

describe("password rules", () => {
  it.each([
    ["Abcdef12", true],
    ["abcdef12", false],
    ["ABCDEF12", false],
    ["Abcdefgh", false],
    ["Abc12", false],
    ["Ünïcode1", true],
    [`Ab1${"x".repeat(126)}`, false],
  ])("judges %s as %s", (password, good) => {
    expect(fulfilsRules(password)).toBe(good);
  });

  it("suggests different passwords that fulfil them", () => {
    const made = new Set(Array.from({ length: 50 }, suggestPassword));
    expect(made.size).toBe(50);
    expect([...made].every(fulfilsRules)).toBe(true);
  });
});

describe("isUsername", () => {
  it.each([
    ["anna", true],
    ["a-b_C9", true],
    ["ab", false],
    ["anna berg", false],
    ["../etc", false],
    ["x".repeat(33), false],
  ])("judges %s as %s", (name, good) => {
    expect(isUsername(name)).toBe(good);
  });
});

describe("ownPath", () => {
  it("keeps addresses of this application and refuses other hosts", () => {
    expect(ownPath("/files/a?x=1")).toBe("/files/a?x=1");
    for (const foreign of ["//evil.test", "/\\evil.test", "https://evil.test", "javascript:alert(1)", 3]) {
      expect(ownPath(foreign)).toBeUndefined();
    }
  });
});

describe("deviceName", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox · Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
      "Edge · Windows",
    ],
    ["balu-sync 2.1", "balu-sync 2.1"],
    ["  ", null],
    [null, null],
  ])("reads %s as %s", (info, name) => {
    expect(deviceName(info)).toBe(name);
  });
});
