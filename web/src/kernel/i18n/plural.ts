import type { Language } from "./language";

type Forms = { one: string; other: string; zero?: string };

/** Picks the form for `count`; `#` in it becomes the number. `zero` is used for exactly 0. */
export function plural(language: Language, count: number, forms: Forms): string {
  const rule = new Intl.PluralRules(language).select(count);
  const form = count === 0 && forms.zero ? forms.zero : rule === "one" ? forms.one : forms.other;
  return form.replace("#", new Intl.NumberFormat(language).format(count));
}
