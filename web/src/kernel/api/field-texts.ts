import type { Catalog } from "../i18n/en";
import type { Problem } from "./problem";

interface Fault {
  field: string;
  code: string;
  parameters: Record<string, number>;
}

/**
 * What is wrong with which field, in the shown language where the server's code has words there. A fault inside
 * of a list, such as `tags[2]`, is told at the whole field.
 */
export function fieldTexts(problem: Problem, words: () => Catalog["fault"]): Record<string, string> {
  const texts = new Map(Object.entries(problem.fields).map(([path, said]) => [path, said.join(" ")]));
  const faults = Array.isArray(problem.more.faults) ? (problem.more.faults as Fault[]) : [];
  for (const { field, code, parameters } of faults) {
    const said = code in words() ? words()[code as keyof Catalog["fault"]](parameters) : undefined;
    if (said) texts.set(field, said);
  }
  const found: Record<string, string> = {};
  for (const [path, text] of texts) found[path.split(/[.[]/, 1)[0] ?? path] ??= text;
  return found;
}
