import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "@/kernel/router/lazy";
import { appRoute } from "@/kernel/router/roots";
import { homeText } from "./text";

export const homeRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/",
  component: lazyPage(() => import("./page"), "HomePage", homeText),
});
