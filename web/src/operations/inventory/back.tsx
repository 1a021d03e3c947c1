import { Link } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import { ArrowLeft } from "@/kernel/kit";
import { inventoryText } from "./text";

/** To the list, from every page below it. */
export function Back() {
  const t = useText(inventoryText);
  return (
    <Link to="/server/inventory" search={{}} className="inventory-back">
      <ArrowLeft size={18} strokeWidth={1.75} aria-hidden /> {t.device.back}
    </Link>
  );
}
