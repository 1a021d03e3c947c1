import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "@/kernel/router/lazy";
import { appRoute } from "@/kernel/router/roots";
import { trashText } from "./text";

export const trashRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/trash",
  component: lazyPage(() => import("./page"), "TrashPage", trashText),
});
