// What the server finds wrong, in the shown language: it sends a code and values, its own words are English.
import { isProblem, Problem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import type { components } from "@/kernel/api/schema";
import type { Catalog } from "./en";
import { inventoryText } from "./text";
import type { DeviceType } from "./types";

export type Issue = components["schemas"]["FieldIssue"];
export type Fault = Issue["code"];
export type Values = Issue["parameters"];
type Told = Pick<Issue, "field" | "code" | "parameters">;

/** One sentence or two: what is wrong, and the way out. */
export function faultText({ code, parameters }: Omit<Told, "field">, t: Catalog): string | undefined {
  // Words of the vocabulary as the pages call them.
  const named = (words: string) =>
    words
      .split(", ")
      .map((word) => t.type[word as DeviceType] ?? word)
      .join(", ");
  const values = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      name === "like" || name === "known" ? named(String(value)) : value,
    ]),
  );
  return t.fault[code]?.(values);
}

/** The answer; a refusal is told in the shown language. */
export async function inWords<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isProblem(error) ? worded(error, inventoryText.now()) : error;
  }
}

export function worded(problem: Problem, t: Catalog): Problem {
  const told = Array.isArray(problem.more.faults) ? (problem.more.faults as Told[]) : [];
  const fields: Record<string, string[]> = { ...problem.fields };
  const texts: string[] = [];
  for (const one of told) {
    const text = faultText(one, t);
    // A newer server may know more faults than this page: then its own words are better than none.
    if (text === undefined) return problem;
    texts.push(text);
    if (one.field) fields[one.field] = [text];
  }
  const byCode: Record<string, string> = t.problem;
  const detail = texts.join(" ") || (byCode[problem.code] ?? problem.detail);
  return new Problem(
    problem.status,
    problem.code,
    detail,
    fields,
    problem.requestId,
    problem.retryAfter,
    problem.more,
  );
}

/** As problemText, but a named fault says more than the code of its problem. */
export function refusalText(error: unknown, byCode: Record<string, string>): string {
  return isProblem(error) && error.more.faults !== undefined ? error.detail : problemText(error, byCode);
}
