import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Chip, Dialog, Input, Menu, type MenuItem, Select, Star, Trash2, toast } from "@/kernel/kit";
import { useAttempt } from "./act";
import { locationsQuery, removeView, saveView, vendorsQuery, viewsQuery } from "./api";
import { filterCount, searchFrom } from "./filters";
import { inventoryText } from "./text";
import { DEVICE_TYPES, type DeviceType, type Search } from "./types";

const TYPING_MS = 200;

interface FilterBarProps {
  search: Search;
  onChange(change: Search): void;
}

/** Words, filters and saved views over the list. */
export function FilterBar({ search, onChange }: FilterBarProps) {
  const t = useText(inventoryText);
  const f = t.filter;
  const vendors = useQuery(vendorsQuery).data ?? [];
  const locations = useQuery(locationsQuery).data ?? [];
  const [typed, setTyped] = useState(search.q ?? "");
  const field = useRef<HTMLElement>(null);
  useEffect(() => {
    const words = typed.trim() || undefined;
    if (words === search.q) return;
    const timer = setTimeout(() => onChange({ q: words }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, search.q, onChange]);

  useEffect(() => {
    // Back, Forward or a saved view changed the words; whoever types keeps what they type.
    if (!field.current?.contains(document.activeElement)) setTyped(search.q ?? "");
  }, [search.q]);

  const flag = (name: "monitoring_enabled" | "poe_powered" | "has_ip", wanted: boolean) => ({
    pressed: search[name] === wanted,
    onClick: () => onChange({ [name]: search[name] === wanted ? undefined : wanted }),
  });
  const pick = (name: "vendor_id" | "location_id") => (event: { target: { value: string } }) =>
    onChange({ [name]: Number(event.target.value) || undefined });

  return (
    <search ref={field} className="inventory-filters" aria-label={f.all}>
      <Input
        type="search"
        label={t.search}
        hideLabel
        placeholder={t.search}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
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
        <Views search={search} />
      </div>
    </search>
  );
}

function Views({ search }: { search: Search }) {
  const t = useText(inventoryText);
  const words = useText(kernelText);
  const navigate = useNavigate();
  const attempt = useAttempt();
  const views = useQuery(viewsQuery).data ?? [];
  const [name, setName] = useState<string | null>(null);
  const narrowed = filterCount(search) > 0 || search.q !== undefined;
  const items = (): MenuItem[] => [
    ...views.map((view) => ({
      id: `view-${view.id}`,
      label: view.name,
      run: () => void navigate({ to: "/server/inventory", search: searchFrom({ ...view.query }) }),
    })),
    ...(views.length > 0 ? (["-"] as const) : []),
    { id: "save", label: t.views.save, icon: Star, disabled: !narrowed, run: () => setName("") },
    ...views
      .filter((view) => view.own)
      .map((view) => ({
        id: `remove-${view.id}`,
        label: t.views.remove(view.name),
        icon: Trash2,
        run: () => void attempt(() => removeView(view.id)),
      })),
  ];
  async function save(): Promise<void> {
    const wanted = name?.trim();
    if (!wanted || !(await attempt(() => saveView(wanted, search)))) return;
    toast({ text: t.views.saved(wanted), tone: "ok" });
    setName(null);
  }
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
      {name !== null && (
        <Dialog
          open
          size="s"
          title={t.views.save}
          onClose={() => setName(null)}
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
          footer={
            <>
              <Button onClick={() => setName(null)}>{words.kit.cancel}</Button>
              <Button type="submit" variant="primary">
                {t.form.save}
              </Button>
            </>
          }
        >
          <Input
            label={t.views.name}
            data-autofocus
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Dialog>
      )}
    </>
  );
}
