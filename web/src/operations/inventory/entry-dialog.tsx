// One dialog for what happens to a vendor, a model or a place: add, rename, move, merge.
import { useQuery } from "@tanstack/react-query";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Dialog, Input, Notice, Select, toast, useForm } from "@/kernel/kit";
import {
  addLocation,
  addModel,
  addVendor,
  type Location,
  locationsQuery,
  type Model,
  modelsQuery,
  type Vendor,
  vendorsQuery,
} from "./api";
import { mergeEntry, moveLocation, renameEntry } from "./catalogue-api";
import { refusalText } from "./faults";
import type { Kind } from "./filters";
import { inventoryText } from "./text";

export type Entry = Vendor | Model | Location;
export type Asked =
  | { act: "add"; kind: Kind; parent: Location | null; vendor: number | null }
  | { act: "rename" | "merge"; kind: Kind; entry: Entry }
  | { act: "move"; kind: "locations"; entry: Location };

interface Values extends Record<string, unknown> {
  name: string;
  /** Vendor of a new model, new parent of a place, or what stays of two entries. */
  other: string;
}

export function EntryDialog({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const t = useText(inventoryText).catalogue;
  const words = useText(kernelText);
  const options = useOptions(asked);
  const title = asked.act === "add" ? t.add[asked.kind] : t.title_of[asked.act](asked.entry.name);
  const naming = asked.act === "add" || asked.act === "rename";
  const choosing = asked.act !== "rename" && !(asked.act === "add" && asked.kind === "vendors");
  const optional = asked.kind === "locations" && asked.act !== "merge";
  const form = useForm<Values, unknown>({
    initial: { name: asked.act === "rename" ? asked.entry.name : "", other: firstOf(asked) },
    check: ({ name, other }) => ({
      name: naming && !name.trim() ? t.nameMissing : undefined,
      other: choosing && !optional && !other ? t.chooseOne : undefined,
    }),
    send: ({ name, other }) => done(asked, name.trim(), Number(other) || null),
    done: (_, { name }) => {
      toast({ text: t.saved(naming ? name.trim() : asked.entry.name), tone: "ok" });
      onClose();
    },
  });
  return (
    <Dialog
      open
      size="s"
      title={title}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {t.act[asked.act]}
          </Button>
        </>
      }
    >
      {form.failure !== null && <Notice tone="bad">{refusalText(form.failure, words.problem)}</Notice>}
      {asked.act === "merge" && <p>{t.mergeHint(asked.entry.name)}</p>}
      {naming && (
        <Input label={t.name} maxLength={100} autoComplete="off" data-autofocus {...form.bind("name")} />
      )}
      {choosing && (
        <Select
          label={asked.act === "merge" ? t.into : asked.kind === "models" ? t.vendor : t.inside}
          {...form.bind("other")}
          options={[{ value: "", label: optional ? t.outermost : t.chooseOne }, ...options]}
        />
      )}
    </Dialog>
  );
}

function firstOf(asked: Asked): string {
  if (asked.act === "add") return String((asked.kind === "models" ? asked.vendor : asked.parent?.id) ?? "");
  return asked.act === "move" ? String(asked.entry.parent_id ?? "") : "";
}

function done(asked: Asked, name: string, other: number | null): Promise<unknown> {
  switch (asked.act) {
    case "add":
      if (asked.kind === "vendors") return addVendor(name);
      return asked.kind === "models"
        ? addModel(name, other as number)
        : addLocation({ name, parent_id: other });
    case "rename":
      return renameEntry(asked.kind, asked.entry.id, name);
    case "move":
      return moveLocation(asked.entry.id, { parent_id: other });
    case "merge":
      return mergeEntry(asked.kind, asked.entry.id, other as number);
  }
}

/** What the second field offers: vendors, models of the same vendor, or places that are not inside. */
function useOptions(asked: Asked): { value: string; label: string }[] {
  const vendors = useQuery(vendorsQuery).data ?? [];
  const models = useQuery(modelsQuery).data ?? [];
  const places = useQuery(locationsQuery).data ?? [];
  const own = asked.act === "add" ? null : asked.entry;
  const option = (id: number, label: string) => ({ value: String(id), label });
  if (asked.kind === "locations") {
    const path = own && "path" in own ? own.path : null;
    return places
      .filter((one) => one.id !== own?.id && (path === null || !one.path.startsWith(`${path} / `)))
      .map((one) => option(one.id, one.path));
  }
  if (asked.kind === "models" && own && "vendor_id" in own) {
    return models
      .filter((one) => one.id !== own.id && one.vendor_id === own.vendor_id)
      .map((one) => option(one.id, one.name));
  }
  return vendors.filter((one) => one.id !== own?.id).map((one) => option(one.id, one.name));
}
