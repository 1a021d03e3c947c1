// One dialog to add, change and clone a device.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { queryClient } from "@/kernel/api/query";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Checkbox, Dialog, Input, Notice, Select, Textarea, toast, useForm } from "@/kernel/kit";
import {
  addDevice,
  addLocation,
  addModel,
  addVendor,
  changeDevice,
  cloneDevice,
  deviceQuery,
  locationsQuery,
  modelsQuery,
  vendorsQuery,
} from "./api";
import { changesOf, type Edited, type Values, valuesOf, wishOf } from "./device-values";
import { refusalText } from "./faults";
import { PickOrMake } from "./pick-or-make";
import { Several } from "./several";
import { useShown } from "./shown";
import { StartFrom } from "./start-from";
import { inventoryText } from "./text";
import { DEVICE_TYPES, type Device, type DeviceType, INTERFACES, NETWORKS, POE } from "./types";

export default function DeviceDialog({ edited, onClose }: { edited: Edited; onClose: () => void }) {
  const t = useText(inventoryText);
  const f = t.form;
  const words = useText(kernelText);
  const shown = useShown();
  // What the form was filled from, and the version that is going to be changed.
  const [base, setBase] = useState(edited.mode === "add" ? null : edited.device);
  const seen = useRef(base);
  const [theirs, setTheirs] = useState<Device | null>(null);
  const [monitors, setMonitors] = useState((edited.mode === "add" && edited.start?.monitors) || []);

  const form = useForm<Values, Device>({
    initial: valuesOf(edited),
    check: (values) => ({ name: values.name.trim() ? undefined : f.nameMissing }),
    send: async (values) => {
      const wish = wishOf(values);
      if (edited.mode === "edit") {
        const device = seen.current ?? edited.device;
        try {
          return await changeDevice(device, changesOf(base ?? device, wish));
        } catch (error) {
          if (!isProblem(error, "precondition-failed")) throw error;
          setTheirs(await queryClient.fetchQuery({ ...deviceQuery(device.id), staleTime: 0 }));
          throw error;
        }
      }
      if (edited.mode === "add") return addDevice({ ...wish, monitors });
      const { name, ip_address } = wish;
      const copy = await cloneDevice(edited.device.id, { name, ...(ip_address && { ip_address }) });
      return changeDevice(copy, wish);
    },
    done: (saved) => {
      toast({ text: (edited.mode === "edit" ? t.saved : t.added)(saved.name), tone: "ok" });
      onClose();
    },
  });
  const { values, set, bind } = form;
  const vendors = useQuery(vendorsQuery).data ?? [];
  const models = (useQuery(modelsQuery).data ?? []).filter((one) => one.vendor_id === values.vendor_id);
  const locations = useQuery(locationsQuery).data ?? [];
  const inside = locations.find((one) => one.id === values.location_id);
  const overtaken = isProblem(form.failure, "precondition-failed") && theirs !== null;
  const title =
    edited.mode === "add"
      ? f.addTitle
      : (edited.mode === "edit" ? f.editTitle : f.cloneTitle)(edited.device.name);

  return (
    <Dialog
      open
      size="l"
      title={title}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {edited.mode === "edit" ? f.save : t.add}
          </Button>
        </>
      }
    >
      {overtaken && (
        <Notice
          tone="warn"
          action={
            <span className="row">
              <Button
                onClick={() => {
                  for (const [name, value] of Object.entries(valuesOf({ mode: "edit", device: theirs })))
                    set(name, value);
                  seen.current = theirs;
                  setBase(theirs);
                  setTheirs(null);
                }}
              >
                {f.takeTheirs}
              </Button>
              <Button
                type="submit"
                onClick={() => {
                  seen.current = theirs;
                }}
              >
                {f.keepMine}
              </Button>
            </span>
          }
        >
          <strong>{f.changedTitle}</strong>
          <p>{f.changedBody}</p>
          <ul>
            {shown.differences(base, theirs).map(([field, value]) => (
              <li key={field}>{f.theirs(field, value)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {form.failure !== null && !overtaken && (
        <Notice tone="bad">{refusalText(form.failure, words.problem)}</Notice>
      )}
      {edited.mode === "add" && !edited.start && (
        <StartFrom
          onPick={({ monitors: watched, tags, ...fields }) => {
            for (const [name, value] of Object.entries(fields)) set(name, value);
            if (tags) set("tags", tags.join(", "));
            setMonitors(watched ?? []);
          }}
        />
      )}
      <div className="inventory-form">
        <Input label={f.name} maxLength={100} autoComplete="off" data-autofocus {...bind("name")} />
        <Select
          label={f.type}
          options={DEVICE_TYPES.map((value) => ({ value, label: t.type[value] }))}
          {...bind("device_type")}
          onChange={(event) => set("device_type", event.target.value as DeviceType)}
        />
        <Input
          label={f.address}
          help={f.addressHelp}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          inputMode="url"
          {...bind("ip_address")}
        />
        <Input
          label={f.function}
          help={f.functionHelp}
          maxLength={200}
          autoComplete="off"
          {...bind("deviceFunction")}
        />
        <PickOrMake
          label={f.vendor}
          makeLabel={f.newVendor}
          value={values.vendor_id}
          options={vendors.map(({ id, name }) => ({ id, label: name }))}
          onPick={(id) => {
            set("vendor_id", id);
            set("model_id", null);
          }}
          make={async (name) => (await addVendor(name)).id}
        />
        <PickOrMake
          label={f.model}
          makeLabel={f.newModel}
          value={values.model_id}
          options={models.map(({ id, name }) => ({ id, label: name }))}
          onPick={(id) => set("model_id", id)}
          make={
            values.vendor_id === null
              ? undefined
              : async (name) => (await addModel(name, values.vendor_id as number)).id
          }
        />
        <PickOrMake
          label={f.location}
          makeLabel={inside ? f.newLocationIn(inside.path) : f.newLocation}
          value={values.location_id}
          options={locations.map(({ id, path }) => ({ id, label: path }))}
          onPick={(id) => set("location_id", id)}
          make={async (name) => (await addLocation({ name, parent_id: values.location_id })).id}
        />
        <Checkbox
          label={f.monitoring}
          help={monitors.length > 0 && f.watchedBy(monitors.map((one) => one.monitor_type).join(", "))}
          checked={values.monitoring_enabled}
          onChange={(event) => set("monitoring_enabled", event.target.checked)}
        />
      </div>
      <details className="inventory-details">
        <summary>{f.moreFields}</summary>
        <div className="inventory-form">
          <Input label={f.serial} maxLength={100} autoComplete="off" {...bind("serial_number")} />
          <Input label={f.tags} help={f.tagsHelp} autoComplete="off" {...bind("tags")} />
        </div>
        <Several
          label={f.networks}
          options={NETWORKS}
          value={values.networks}
          onChange={(all) => set("networks", all)}
        />
        <Several
          label={f.interfaces}
          options={INTERFACES}
          value={values.interface_type}
          onChange={(all) => set("interface_type", all)}
        />
        <Checkbox
          label={f.poe}
          checked={values.poe_powered}
          onChange={(event) => set("poe_powered", event.target.checked)}
        />
        <Several
          label={f.poeStandards}
          options={POE}
          value={values.poe_standards}
          onChange={(all) => set("poe_standards", all)}
        />
        <Textarea label={f.notes} maxLength={10_000} {...bind("notes")} />
      </details>
    </Dialog>
  );
}
