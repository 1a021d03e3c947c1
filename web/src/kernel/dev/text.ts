import { defineArea } from "../i18n/area";
import type { Catalog } from "./en";

export const devText = defineArea<Catalog>({
  en: () => import("./en"),
  de: () => import("./de"),
});
