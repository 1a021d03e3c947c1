import { createRoute } from "@tanstack/react-router";
import { lazyPage } from "../router/lazy";
import { adminRoute } from "../router/roots";
import { devText } from "./text";

/** For those who build on the kit; in no menu. */
export const kitRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/dev/kit",
  component: lazyPage(() => import("./kit-page"), "KitPage", devText),
});
