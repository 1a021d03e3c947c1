import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Button, Chip, Menu, type MenuItem, Select, Star, Trash2, toast, X } from "@/kernel/kit";
import { lazyDialog } from "@/kernel/router/lazy";
import { useAttempt } from "./act";
import { locationsQuery, modelsQuery, removeView, saveView, vendorsQuery, viewsQuery } from "./api";
import { filterCount, type IDS, searchFrom } from "./filters";
import { SearchField } from "./search-field";
import { SortMenu } from "./sorting";
import { inventoryText } from "./text";
import { DEVICE_TYPES, type DeviceType, type Search } from "./types";

const NameDialog = lazyDialog(() => import("./name-dialog"));

interface FilterBarProps {
  search: Search;
  /** False where the page offers to clear the filters already. */
  clears: boolean;
  /** A typed word replaces the address; a choice makes a new one, so that Back takes it away. */
  onChange(change: Search, typed?: boolean): void;
}

/** Words, filters and saved views over the list. */
export function FilterBar({ search, clears, onChange }: FilterBarProps) {
  const t = useText(inventoryText);
  const f = t.filter;
  const vendors = useQuery(vendorsQuery).data ?? [];
  const locations = useQuery(locationsQuery).data ?? [];
  const { vendor_id: vendor, model_id: wanted } = search;
  // Asked for once somebody narrows down to a vendor: those of all vendors would be too many to choose from.
  const models = useQuery({ ...modelsQuery, enabled: (vendor ?? wanted) !== undefined }).data ?? [];
  const model = models.find(({ id }) => id === wanted);
  const navigate = useNavigate();
  const flag = (name: "monitoring_enabled" | "poe_powered" | "has_ip", wanted: boolean) => ({
    pressed: search[name] === wanted,
    onClick: () => onChange({ [name]: search[name] === wanted ? undefined : wanted }),
  });
  const pick = (name: (typeof IDS)[number]) => (event: { target: { value: string } }) =>
    onChange({
      [name]: Number(event.target.value) || undefined,
      ...(name === "vendor_id" && { model_id: undefined }),
    });

  return (
    <search className="inventory-filters" aria-label={f.all}>
      <SearchField words={search.q} onChange={(q) => onChange({ q }, true)} />
      <Select
        label={f.type}
        hideLabel
        value={search.type ?? ""}
        onChange={(event) => onChange({ type: (event.target.value as DeviceType) || undefined })}
        options={[
          { value: "", label: f.anyType },
          ...DEVICE_TYPES.map((value) => ({ value, label: t.type[value] })),
        ]}
      />
      <Select
        label={f.vendor}
        hideLabel
        value={search.vendor_id ?? ""}
        onChange={pick("vendor_id")}
        options={[
          { value: "", label: f.anyVendor },
          ...vendors.map((one) => ({ value: String(one.id), label: one.name })),
        ]}
      />
      {vendor !== undefined && (
        <Select
          label={f.models}
          hideLabel
          value={wanted ?? ""}
          onChange={pick("model_id")}
          options={[
            { value: "", label: f.anyModel },
            ...models
              .filter((one) => one.vendor_id === vendor || one.id === wanted)
              .map((one) => ({ value: String(one.id), label: one.name })),
          ]}
        />
      )}
      <Select
        label={f.location}
        hideLabel
        value={search.location_id ?? ""}
        onChange={pick("location_id")}
        options={[
          { value: "", label: f.anyLocation },
          ...locations.map((one) => ({ value: String(one.id), label: one.path })),
        ]}
      />
      <div className="inventory-chips">
        <Chip {...flag("monitoring_enabled", true)}>{f.monitored}</Chip>
        <Chip {...flag("monitoring_enabled", false)}>{f.unmonitored}</Chip>
        <Chip {...flag("poe_powered", true)}>{f.poe}</Chip>
        <Chip {...flag("has_ip", false)}>{f.noAddress}</Chip>
        {wanted !== undefined && vendor === undefined && (
          <Chip pressed onClick={() => onChange({ model_id: undefined })}>
            {f.model(model?.name ?? "")}
          </Chip>
        )}
        {search.tag !== undefined && (
          <Chip pressed onClick={() => onChange({ tag: undefined })}>
            {f.tag(search.tag)}
          </Chip>
        )}
        <SortMenu search={search} onChange={onChange} />
        <Views search={search} />
        {clears && (filterCount(search) > 0 || search.q !== undefined) && (
          <Button icon={X} onClick={() => void navigate({ to: "/server/inventory", search: {} })}>
            {f.clear}
          </Button>
        )}
      </div>
    </search>
  );
}

function Views({ search }: { search: Search }) {
  const t = useText(inventoryText);
  const navigate = useNavigate();
  const attempt = useAttempt();
  const views = useQuery(viewsQuery).data ?? [];
  const [naming, setNaming] = useState(false);
  const narrowed = filterCount(search) > 0 || search.q !== undefined;
  const items = (): MenuItem[] => [
    ...views.map((view) => ({
      id: `view-${view.id}`,
      label: view.name,
      run: () => void navigate({ to: "/server/inventory", search: searchFrom({ ...view.query }) }),
    })),
    ...(views.length > 0 ? (["-"] as const) : []),
    { id: "save", label: t.views.save, icon: Star, disabled: !narrowed, run: () => setNaming(true) },
    ...views
      .filter((view) => view.own)
      .map((view) => ({
        id: `remove-${view.id}`,
        label: t.views.remove(view.name),
        icon: Trash2,
        run: () => void attempt(() => removeView(view.id)),
      })),
  ];
  const save = async (name: string) => {
    const kept = await attempt(() => saveView(name, search));
    if (kept) toast({ text: t.views.saved(name), tone: "ok" });
    return kept;
  };
  return (
    <>
      <Menu
        label={t.views.title}
        items={items}
        trigger={(button) => (
          <Button {...button} icon={Star}>
            {t.views.title}
          </Button>
        )}
      />
      {naming && (
        <NameDialog title={t.views.save} label={t.views.name} save={save} onClose={() => setNaming(false)} />
      )}
    </>
  );
}
