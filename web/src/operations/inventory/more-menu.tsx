import { useNavigate } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import {
  Activity,
  Download,
  Ellipsis,
  FileUp,
  IconButton,
  List,
  Menu,
  type MenuItem,
  Rows3,
  Trash2,
} from "@/kernel/kit";
import { filterCount } from "./filters";
import { exportAddress } from "./import-api";
import { inventoryText } from "./text";
import type { Search } from "./types";

interface MoreProps {
  search: Search;
  condensed: boolean;
  onReshape(): void;
  mayWrite: boolean;
}

/** What is done now and then: files in and out, catalogues, monitoring, the look of the rows. */
export function MoreMenu({ search, condensed, onReshape, mayWrite }: MoreProps) {
  const t = useText(inventoryText);
  const navigate = useNavigate();
  const save = (format: "csv" | "json"): MenuItem => ({
    id: format,
    label: t.exportAs(format.toUpperCase(), filterCount(search) > 0 || search.q !== undefined),
    icon: Download,
    run: () => location.assign(exportAddress(search, format)),
  });
  const items: MenuItem[] = [
    {
      id: "catalogues",
      label: t.catalogues,
      icon: List,
      run: () => void navigate({ to: "/server/inventory/catalogues", search: {} }),
    },
    {
      id: "monitoring",
      label: t.prometheus.title,
      icon: Activity,
      run: () => void navigate({ to: "/server/inventory/monitoring" }),
    },
    {
      id: "deleted",
      label: t.deleted.title,
      icon: Trash2,
      run: () => void navigate({ to: "/server/inventory/deleted", search: {} }),
    },
    "-",
    ...(mayWrite
      ? [
          {
            id: "import",
            label: t.importFile,
            icon: FileUp,
            run: () => void navigate({ to: "/server/inventory/import" }),
          },
        ]
      : []),
    save("csv"),
    save("json"),
    "-",
    { id: "shape", label: t.shape.condensed, icon: Rows3, checked: condensed, run: onReshape },
  ];
  return (
    <Menu
      label={t.moreActions}
      items={items}
      trigger={(button) => <IconButton {...button} icon={Ellipsis} label={t.moreActions} />}
    />
  );
}
