import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "../router/lazy";
import { appRoute } from "../router/roots";

export const moreRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/more",
  component: lazyPage(() => import("./more"), "MorePage"),
});
