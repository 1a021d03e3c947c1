import { describe, expect, it } from "vitest";
import de from "../i18n/de";
import { fieldTexts } from "./field-texts";
import { isProblem, Problem } from "./problem";
import { problemText } from "./problem-text";

describe("Problem.fromBody", () => {
  it("reads code, sentence, fields and waiting time of a problem document", () => {
    const body = { code: "rate-limited", detail: "Wait.", fields: { name: ["Too short."] }, retry_after: 30 };
    const problem = Problem.fromBody(429, body, new Headers({ "X-Request-ID": "abc" }));
    expect(problem).toMatchObject({
      code: "rate-limited",
      detail: "Wait.",
      retryAfter: 30,
      requestId: "abc",
    });
    expect(problem.fields).toEqual({ name: ["Too short."] });
  });

  it("finds a code for an answer that is no problem document", () => {
    expect(Problem.fromBody(502, "<html>").code).toBe("offline");
    expect(Problem.fromBody(404, null).code).toBe("not-found");
    expect(Problem.fromBody(500, {}).code).toBe("internal");
  });

  it("leaves out the sentence when detail is the list of a 422 answer", () => {
    expect(Problem.fromBody(422, { code: "invalid", detail: [{ loc: ["name"], msg: "x" }] }).detail).toBe("");
  });
});

describe("fieldTexts", () => {
  const told = (fields: object, faults?: object[]) =>
    fieldTexts(Problem.fromBody(422, { code: "invalid", fields, faults }), () => de.fault);

  it("tells limits in the shown language, of a list at the whole field", () => {
    const faults = [
      { field: "tags[2]", code: "longer-than", parameters: { most: 50 } },
      { field: "port", code: "above", parameters: { most: 65535 } },
    ];
    const fields = { "tags[2]": ["Expected `str` of length <= 50"], port: ["Expected `int` <= 65535"] };
    expect(told(fields, faults)).toEqual({
      tags: "Nimm höchstens 50 Zeichen.",
      port: "Nimm eine Zahl bis 65535.",
    });
  });

  it("keeps the server's words for codes that it does not know", () => {
    expect(told({ name: ["Taken."] })).toEqual({ name: "Taken." });
    const faults = [{ field: "name", code: "of-the-future", parameters: {} }];
    expect(told({ name: ["Taken."] }, faults)).toEqual({ name: "Taken." });
  });
});

describe("problemText", () => {
  const words = { internal: "Broken.", conflict: "Changed." };
  it("prefers the words of the shown language and falls back to the server's", () => {
    expect(problemText(new Problem(409, "conflict", "server words"), words)).toBe("Changed.");
    expect(problemText(new Problem(409, "pod-busy", "server words"), words)).toBe("server words");
    expect(problemText(new Error("x"), words)).toBe("Broken.");
  });
});

describe("isProblem", () => {
  it("tells by code", () => {
    const problem = new Problem(409, "file-exists", "");
    expect(isProblem(problem)).toBe(true);
    expect(isProblem(problem, "conflict", "file-exists")).toBe(true);
    expect(isProblem(problem, "conflict")).toBe(false);
    expect(isProblem(new Error("x"))).toBe(false);
  });
});
