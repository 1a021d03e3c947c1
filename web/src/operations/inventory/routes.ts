import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "@/kernel/router/lazy";
import { appRoute } from "@/kernel/router/roots";
import { searchFrom } from "./filters";
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

export const inventoryRoutes = [listRoute, deviceRoute] as const;
