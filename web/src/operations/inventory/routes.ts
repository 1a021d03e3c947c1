import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "@/kernel/router/lazy";
import { appRoute } from "@/kernel/router/roots";
import { idFrom, searchFrom, TABS, type Tab } from "./filters";
import { inventoryText } from "./text";

const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory",
  validateSearch: searchFrom,
  component: lazyPage(() => import("./page"), "InventoryPage", inventoryText),
});

const deviceRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory/$id",
  component: lazyPage(() => import("./device-page"), "DevicePage", inventoryText),
});

const importRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory/import",
  component: lazyPage(() => import("./import-page"), "ImportPage", inventoryText),
});

const discoverRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory/discover",
  validateSearch: ({ job }: Record<string, unknown>): { job?: number } => ({ job: idFrom(job) }),
  component: lazyPage(() => import("./discover-page"), "DiscoverPage", inventoryText),
});

const deletedRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory/deleted",
  // The address reads a word such as 2024 as a number.
  validateSearch: ({ q }: Record<string, unknown>): { q?: string } => ({ q: q ? String(q) : undefined }),
  component: lazyPage(() => import("./deleted-page"), "DeletedPage", inventoryText),
});

const cataloguesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory/catalogues",
  validateSearch: ({ tab, vendor }: Record<string, unknown>): { tab?: Tab; vendor?: number } => ({
    tab: TABS.find((one) => one === tab),
    vendor: idFrom(vendor),
  }),
  component: lazyPage(() => import("./catalogues-page"), "CataloguesPage", inventoryText),
});

const monitoringRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/server/inventory/monitoring",
  component: lazyPage(() => import("./monitoring-page"), "MonitoringPage", inventoryText),
});

export const inventoryRoutes = [
  listRoute,
  deviceRoute,
  importRoute,
  discoverRoute,
  deletedRoute,
  cataloguesRoute,
  monitoringRoute,
] as const;
