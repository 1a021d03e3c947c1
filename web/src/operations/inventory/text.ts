import { defineArea } from "@/kernel/i18n/area";
import type { Catalog } from "./en";

export const inventoryText = defineArea<Catalog>({
  en: () => import("./en"),
  de: () => import("./de"),
});
