import { defineArea } from "@/kernel/i18n/area";
import type { Catalog } from "./en";

export const vaultsText = defineArea<Catalog>({
  en: () => import("./en"),
  de: () => import("./de"),
});
