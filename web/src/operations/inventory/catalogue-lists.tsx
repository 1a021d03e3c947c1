// Vendors, models and places, each with what can be done to an entry.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import {
  ArrowLeft,
  type Column,
  CornerDownLeft,
  FolderInput,
  type MenuItem,
  Pencil,
  Plus,
  Select,
  Trash2,
} from "@/kernel/kit";
import { type Location, locationsQuery, type Model, modelsQuery, type Vendor, vendorsQuery } from "./api";
import { Entries, Used } from "./catalogue-entries";
import type { Asked } from "./entry-dialog";
import type { useRemoveEntry } from "./remove-entry";
import { inventoryText } from "./text";

interface ListProps {
  /** Missing for those who may only look. */
  ask?: (asked: Asked) => void;
  remove: ReturnType<typeof useRemoveEntry>["remove"];
}

export function Vendors({ ask, remove }: ListProps) {
  const t = useText(inventoryText).catalogue;
  const vendors = useQuery(vendorsQuery);
  const columns: Column<Vendor>[] = [
    { id: "name", label: t.name, isName: true, cell: ({ name }) => name },
    {
      id: "models",
      label: t.tab.models,
      cell: ({ id, model_count }) =>
        model_count > 0 ? (
          <Link
            className="inventory-link"
            to="/server/inventory/catalogues"
            search={{ tab: "models", vendor: id }}
          >
            {t.models(model_count)}
          </Link>
        ) : (
          t.models(0)
        ),
    },
    {
      id: "devices",
      label: t.usedBy,
      cell: ({ id, device_count }) => <Used count={device_count} search={{ vendor_id: id }} />,
    },
  ];
  return (
    <Entries<Vendor>
      query={vendors}
      columns={columns}
      caption={t.tab.vendors}
      items={
        ask &&
        ((entry) => [
          rename(t.rename, () => ask({ act: "rename", kind: "vendors", entry })),
          merge(t.merge, () => ask({ act: "merge", kind: "vendors", entry })),
          "-",
          forget(t.remove, () =>
            remove("vendors", entry, () => ask({ act: "merge", kind: "vendors", entry })),
          ),
        ])
      }
    />
  );
}

export function Models({ ask, remove, vendor }: ListProps & { vendor?: number }) {
  const t = useText(inventoryText);
  const c = t.catalogue;
  const navigate = useNavigate();
  const vendors = useQuery(vendorsQuery).data ?? [];
  const models = useQuery(modelsQuery);
  const shown = vendor ? models.data?.filter((one) => one.vendor_id === vendor) : models.data;
  const columns: Column<Model>[] = [
    { id: "name", label: c.name, isName: true, cell: ({ name }) => name },
    { id: "vendor", label: t.form.vendor, cell: ({ vendor_name }) => vendor_name },
    {
      id: "devices",
      label: c.usedBy,
      cell: ({ id, device_count }) => <Used count={device_count} search={{ model_id: id }} />,
    },
  ];
  return (
    <>
      <div className="inventory-narrow">
        <Select
          label={t.form.vendor}
          hideLabel
          value={vendor ?? ""}
          onChange={(event) =>
            void navigate({
              to: "/server/inventory/catalogues",
              search: { tab: "models", vendor: Number(event.target.value) || undefined },
            })
          }
          options={[
            { value: "", label: t.filter.anyVendor },
            ...vendors.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
        />
      </div>
      <Entries<Model>
        query={{ ...models, data: shown }}
        columns={columns}
        caption={c.tab.models}
        items={
          ask &&
          ((entry) => [
            rename(c.rename, () => ask({ act: "rename", kind: "models", entry })),
            merge(c.merge, () => ask({ act: "merge", kind: "models", entry })),
            "-",
            forget(c.remove, () =>
              remove("models", entry, () => ask({ act: "merge", kind: "models", entry })),
            ),
          ])
        }
      />
    </>
  );
}

export function Places({ ask, remove }: ListProps) {
  const t = useText(inventoryText).catalogue;
  const places = useQuery(locationsQuery);
  const columns: Column<Location>[] = [
    {
      id: "name",
      label: t.name,
      isName: true,
      cell: ({ name, path }) => (
        <span className="inventory-branch" style={{ "--depth": depthOf(path) } as object}>
          {depthOf(path) > 0 && <CornerDownLeft size={18} strokeWidth={1.75} aria-hidden />}
          <span>
            {name}
            {depthOf(path) > 0 && <span className="sr-only"> ({path})</span>}
          </span>
        </span>
      ),
    },
    { id: "kind", label: t.kind, cell: ({ kind }) => t.kinds[kind] },
    {
      id: "devices",
      label: t.usedBy,
      cell: ({ id, tree_device_count }) => <Used count={tree_device_count} search={{ location_id: id }} />,
    },
  ];
  return (
    <Entries<Location>
      query={places}
      columns={columns}
      caption={t.tab.locations}
      items={
        ask &&
        ((entry) => [
          {
            id: "inside",
            label: t.addInside,
            icon: Plus,
            run: () => ask({ act: "add", kind: "locations", parent: entry, vendor: null }),
          },
          rename(t.rename, () => ask({ act: "rename", kind: "locations", entry })),
          {
            id: "move",
            label: t.move,
            icon: FolderInput,
            run: () => ask({ act: "move", kind: "locations", entry }),
          },
          merge(t.merge, () => ask({ act: "merge", kind: "locations", entry })),
          "-",
          forget(t.remove, () =>
            remove("locations", entry, () => ask({ act: "merge", kind: "locations", entry })),
          ),
        ])
      }
    />
  );
}

const rename = (label: string, run: () => void): MenuItem => ({ id: "rename", label, icon: Pencil, run });
const merge = (label: string, run: () => void): MenuItem => ({ id: "merge", label, icon: ArrowLeft, run });
const forget = (label: string, run: () => void): MenuItem => ({
  id: "remove",
  label,
  icon: Trash2,
  danger: true,
  run,
});

function depthOf(path: string): number {
  return path.split(" / ").length - 1;
}
