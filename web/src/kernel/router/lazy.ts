import { lazyRouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";
import type { Area } from "../i18n/area";
import { language } from "../i18n/language";

/** A page in its own chunk, loaded together with the text it needs. */
export function lazyPage<K extends string, P extends object>(
  load: () => Promise<Record<K, ComponentType<P>>>,
  name: K,
  ...areas: Area<unknown>[]
) {
  return lazyRouteComponent<Record<K, ComponentType<P>>, K>(async () => {
    const [module] = await Promise.all([load(), ...areas.map((area) => area.load(language()))]);
    return module;
  }, name);
}
