/** The entries that contain every typed word, those that begin with the text first. */
export function matching<E extends { label: string }>(entries: readonly E[], typed: string): E[] {
  const wanted = fold(typed).split(/\s+/).filter(Boolean);
  const text = wanted.join(" ");
  const hits = entries.filter((entry) => wanted.every((word) => fold(entry.label).includes(word)));
  const rank = (entry: E) => (fold(entry.label).startsWith(text) ? 0 : 1);
  return text ? hits.sort((a, b) => rank(a) - rank(b)) : hits;
}

/** Small letters without accents, so that "uber" finds "Über". */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
