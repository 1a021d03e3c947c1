import { defineArea } from "./area";
import type { Catalog } from "./en";

export const kernelText = defineArea<Catalog>({
  en: () => import("./en"),
  de: () => import("./de"),
});
