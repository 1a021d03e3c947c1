import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "@/kernel/router/lazy";
import { appRoute } from "@/kernel/router/roots";
import { filesText } from "./text";
import { validateFilesSearch } from "./view";

export const filesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/files/$",
  validateSearch: validateFilesSearch,
  component: lazyPage(() => import("./page"), "FilesPage", filesText),
});
