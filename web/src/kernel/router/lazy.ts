import { type AnyRouter, lazyRouteComponent } from "@tanstack/react-router";
import { type ComponentType, createElement, lazy, Suspense } from "react";
import type { Area } from "../i18n/area";
import { language } from "../i18n/language";
import { firstPaint } from "./painted";
import { untilLoaded } from "./patience";

/** A page in its own chunk, loaded together with the text it needs. */
export function lazyPage<K extends string, P extends object>(
  load: () => Promise<Record<K, ComponentType<P>>>,
  name: K,
  ...areas: Area<unknown>[]
) {
  return lazyRouteComponent<Record<K, ComponentType<P>>, K>(async () => {
    const texts = areas.map((area) => untilLoaded(() => area.load(language())));
    const [module] = await Promise.all([untilLoaded(load), ...texts]);
    return module;
  }, name);
}

/** A part that the first paint does not need: its chunk is asked for afterwards, until it comes. */
export function lazyLater<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
  return lazy(() => firstPaint().then(() => untilLoaded(load)));
}

/** A dialog: its chunk is asked for when it is opened, and the page stays while it comes. */
export function lazyDialog<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
  const Dialog: ComponentType<P> = lazy(() => untilLoaded(load));
  return (props: P) => createElement(Suspense, null, createElement(Dialog, props));
}

/** Asks for the chunks of the page at the current address, beside the question who is signed in. */
export function preloadPage(router: AnyRouter): void {
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    const page = router.routesById[routeId].options.component;
    // What fails here is asked for again, and shown, when the page is drawn.
    void page?.preload?.();
  }
}
