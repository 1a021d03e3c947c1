import { defineArea } from "@/kernel/i18n/area";
import type { Catalog } from "./en";

export const trashText = defineArea<Catalog>({
  en: () => import("./en"),
  de: () => import("./de"),
});
