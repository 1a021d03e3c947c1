import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "@/kernel/router/lazy";
import { adminRoute, appRoute, bareRoute } from "@/kernel/router/roots";
import { identityText } from "./text";

export const ACCOUNT_TABS = ["profile", "security", "appearance"] as const;
export type AccountTab = (typeof ACCOUNT_TABS)[number];

const setupRoute = createRoute({
  getParentRoute: () => bareRoute,
  path: "/setup",
  component: lazyPage(() => import("./auth/setup"), "SetupPage", identityText),
});

const loginRoute = createRoute({
  getParentRoute: () => bareRoute,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: ownPath(search.next) }),
  component: lazyPage(() => import("./auth/login"), "LoginPage", identityText),
});

const resetRoute = createRoute({
  getParentRoute: () => bareRoute,
  path: "/reset",
  component: lazyPage(() => import("./auth/reset"), "AskResetPage", identityText),
});

const newPasswordRoute = createRoute({
  getParentRoute: () => bareRoute,
  path: "/reset/$token",
  component: lazyPage(() => import("./auth/reset"), "NewPasswordPage", identityText),
});

const accountRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/account",
  validateSearch: (search: Record<string, unknown>): { tab?: AccountTab } => ({
    tab: ACCOUNT_TABS.find((tab) => tab === search.tab),
  }),
  component: lazyPage(() => import("./account/page"), "AccountPage", identityText),
});

const peopleRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/server/people",
  component: lazyPage(() => import("./users/page"), "PeoplePage", identityText),
});

export const bareRoutes = [setupRoute, loginRoute, resetRoute, newPasswordRoute] as const;
export const accountRoutes = [accountRoute] as const;
export const peopleRoutes = [peopleRoute] as const;

/** An address of this application, never of another host ("//other" and "/\other" are others). */
export function ownPath(next: unknown): string | undefined {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? next : undefined;
}
