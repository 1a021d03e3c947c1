import { describe, expect, it } from "vitest";

type Tree = { [key: string]: Tree | string | ((...args: never[]) => string) };

const modules = import.meta.glob<{ default: Tree }>("/src/**/{en,de}.ts", { eager: true });
const areas = Object.keys(modules)
  .filter((path) => path.endsWith("/en.ts"))
  .map((path): [string, Tree, Tree] => {
    const german = modules[path.replace("/en.ts", "/de.ts")];
    return [path, modules[path]?.default ?? {}, german?.default ?? {}];
  });

/** Words that are right in both languages. */
const SHARED = new Set(["Status", "Name", "Server", "OK", "Audio", "Video", "Code", "Indigo", "URL"]);

describe.each(areas)("the text of %s", (_path, en, de) => {
  it("has the same keys in German", () => {
    expect(leaves(de).map(([key]) => key)).toEqual(leaves(en).map(([key]) => key));
  });

  it("takes the same parameters in German", () => {
    const shape = (tree: Tree) =>
      leaves(tree).map(([key, leaf]) => [key, typeof leaf === "function" && leaf.length]);
    expect(shape(de)).toEqual(shape(en));
  });

  it("leaves no sentence in English", () => {
    const german = new Map(leaves(de));
    const same = leaves(en).filter(
      ([key, text]) =>
        typeof text === "string" && text.includes(" ") && german.get(key) === text && !SHARED.has(text),
    );
    expect(same).toEqual([]);
  });
});

function leaves(tree: Tree, before = ""): [string, string | ((...args: never[]) => string)][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "object" ? leaves(value, `${before}${key}.`) : [[`${before}${key}`, value]],
  );
}
