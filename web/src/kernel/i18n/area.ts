// Text of one area: English and German are separate modules, loaded when first needed.
import { use } from "react";
import { type Language, language, registerArea, useLanguage } from "./language";

/** The shape every translation must have: strings stay strings, functions keep their parameters. */
export type CatalogOf<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => string
    ? (...args: A) => string
    : T[K] extends string
      ? string
      : CatalogOf<T[K]>;
};

export interface Area<C> {
  load(language: Language): Promise<C>;
  /** The loaded catalogue of the shown language; throws when `load` has not finished. */
  now(): C;
}

type Loaders<C> = Record<Language, () => Promise<{ default: C }>>;
type Tracked<C> = Promise<C> & { status?: "fulfilled"; value?: C };

export function defineArea<C>(loaders: Loaders<C>): Area<C> {
  const loads = new Map<Language, Tracked<C>>();
  const load = (wanted: Language): Tracked<C> => {
    let pending = loads.get(wanted);
    if (!pending) {
      registerArea(load);
      pending = loaders[wanted]().then((module) => module.default);
      loads.set(wanted, pending);
      const settled = pending;
      // React's `use` reads these two fields and then returns without suspending.
      pending.then(
        (value) => Object.assign(settled, { status: "fulfilled", value }),
        () => loads.delete(wanted),
      );
    }
    return pending;
  };
  const now = (): C => {
    const value = loads.get(language())?.value;
    if (!value) throw new Error("text used before it was loaded");
    return value;
  };
  return { load, now };
}

/** The catalogue of an area in the shown language; suspends while it loads. */
export function useText<C>(area: Area<C>): C {
  return use(area.load(useLanguage()));
}
