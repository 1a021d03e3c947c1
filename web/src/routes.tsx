// Every address of the interface. An area exports its routes and adds one line here.
import { createRouter } from "@tanstack/react-router";
import { homeRoute } from "./home/routes";
import { accountRoutes, bareRoutes, peopleRoutes } from "./identity/routes";
import { kitRoute } from "./kernel/dev/routes";
import { adminRoute, appRoute, bareRoute, missingRoute, rootRoute } from "./kernel/router/roots";
import { Crash } from "./kernel/router/states";
import { moreRoute } from "./kernel/shell/routes";
import { inventoryRoutes } from "./operations/inventory/routes";
import { filesRoute } from "./storage/files/routes";
import { trashRoute } from "./storage/trash/routes";

const tree = rootRoute.addChildren([
  bareRoute.addChildren([...bareRoutes]),
  appRoute.addChildren([
    homeRoute,
    filesRoute,
    trashRoute,
    moreRoute,
    ...accountRoutes,
    ...inventoryRoutes,
    adminRoute.addChildren([...peopleRoutes, kitRoute]),
    missingRoute,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  defaultErrorComponent: Crash,
  scrollRestoration: true,
  scrollToTopSelectors: ["#main"],
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
