// Names and paths. A path has no leading slash; the empty path is the user's own top folder.

export function joinPath(...parts: string[]): string {
  return parts.filter(Boolean).join("/");
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Every folder on the way to `path`, top first, `path` last: a, a/b, a/b/c. */
export function trail(path: string): string[] {
  const names = path.split("/").filter(Boolean);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** True when `path` is `folder` or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "" || path.startsWith(`${folder}/`);
}

export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** Length of the part of a name that a rename preselects: all of it, or all before the extension. */
export function stemLength(name: string, isFolder: boolean): number {
  const dot = name.lastIndexOf(".");
  return isFolder || dot <= 0 ? name.length : dot;
}

export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

export type NameFault = "empty" | "slash" | "dots" | "control" | "long";

/** What makes a name impossible, or null; the server's own check stays the judge. */
export function nameFault(name: string): NameFault | null {
  if (!name.trim()) return "empty";
  if (name.includes("/")) return "slash";
  if (name === "." || name === "..") return "dots";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse.
  if (/[\u0000-\u001f\u007f]/.test(name)) return "control";
  return new TextEncoder().encode(name).length > 255 ? "long" : null;
}

/** A name that is free among `taken`: "Notes.txt", "Notes (2).txt", ... */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const cut = stemLength(name, false);
  let candidate = name;
  for (let n = 2; taken.has(candidate); n += 1) candidate = `${name.slice(0, cut)} (${n})${name.slice(cut)}`;
  return candidate;
}
