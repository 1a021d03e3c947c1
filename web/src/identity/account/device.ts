const BROWSERS: [RegExp, string][] = [
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrom(?:e|ium)\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad|iOS/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux|X11/, "Linux"],
];

/** "Firefox · Linux" for a browser's user agent; other texts, such as a client's name, stay as they are. */
export function deviceName(info: string | null): string | null {
  if (!info?.trim()) return null;
  if (!info.startsWith("Mozilla/")) return info;
  const parts = [first(BROWSERS, info), first(SYSTEMS, info)].filter(Boolean);
  return parts.length > 0 ? parts.join(" · ") : null;
}

function first(table: [RegExp, string][], info: string): string | undefined {
  return table.find(([pattern]) => pattern.test(info))?.[1];
}
