// The two frames every page hangs below: with the shell for signed-in people, bare for the rest.
import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { queryClient } from "../api/query";
import { bootstrapQuery } from "../session/session";
import { RootFrame } from "./frame";
import { CrashPage, NotFound } from "./states";

export const rootRoute = createRootRoute({
  component: RootFrame,
  errorComponent: CrashPage,
});

/** For pages behind sign-in; sends others to setup or sign-in and back afterwards. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "app",
  beforeLoad: async ({ location }) => {
    const boot = await queryClient.ensureQueryData(bootstrapQuery);
    if (boot.setup_required) throw redirect({ to: "/setup" });
    if (!boot.user) {
      const next = location.href === "/" ? undefined : location.href;
      throw redirect({ to: "/login", search: { next } });
    }
    return { user: boot.user };
  },
  component: lazyRouteComponent(() => import("../shell/shell"), "Shell"),
  errorComponent: CrashPage,
});

/** For administration; others see that the page does not exist. */
export const adminRoute = createRoute({
  getParentRoute: () => appRoute,
  id: "admin",
  component: Outlet,
  beforeLoad: ({ context }) => {
    if (context.user.role !== "admin") throw redirect({ to: "/" });
  },
});

/** For pages without the shell: setup, sign-in. */
export const bareRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "bare",
  component: Outlet,
  errorComponent: CrashPage,
});

/** Every other address; with the shell around, so that one can go on. */
export const missingRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "$",
  component: NotFound,
});
