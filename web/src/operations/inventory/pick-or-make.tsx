import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, IconButton, Input, Plus, Select, X } from "@/kernel/kit";
import { useAttempt } from "./act";
import { inventoryText } from "./text";

interface PickOrMakeProps {
  label: string;
  makeLabel: string;
  value: number | null;
  options: readonly { id: number; label: string }[];
  onPick(id: number | null): void;
  /** Makes a new entry and resolves with its id; missing while it cannot be made. */
  make?: (name: string) => Promise<number>;
}

/** A choice from a catalogue that can grow without leaving the form. */
export function PickOrMake({ label, makeLabel, value, options, onPick, make }: PickOrMakeProps) {
  const t = useText(inventoryText).form;
  const { kit } = useText(kernelText);
  const attempt = useAttempt();
  const [name, setName] = useState<string | null>(null);

  async function create(): Promise<void> {
    const wanted = name?.trim();
    if (!wanted || !make) return;
    const same = options.find((option) => option.label.toLocaleLowerCase() === wanted.toLocaleLowerCase());
    if (same) onPick(same.id);
    else if (!(await attempt(async () => onPick(await make(wanted))))) return;
    setName(null);
  }

  if (name === null) {
    return (
      <div className="inventory-pick">
        <Select
          label={label}
          value={value ?? ""}
          onChange={(event) => onPick(Number(event.target.value) || null)}
          options={[
            { value: "", label: t.none },
            // Until the catalogue has come, what is chosen must not look like nothing.
            ...(value === null || options.some(({ id }) => id === value)
              ? []
              : [{ value: String(value), label: "…" }]),
            ...options.map((option) => ({ value: String(option.id), label: option.label })),
          ]}
        />
        <IconButton icon={Plus} label={makeLabel} disabled={!make} onClick={() => setName("")} />
      </div>
    );
  }
  return (
    <div className="inventory-pick">
      <Input
        label={makeLabel}
        maxLength={100}
        autoComplete="off"
        ref={(field) => field?.focus()}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            // Enter would send the whole form.
            event.preventDefault();
            void create();
          } else if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            setName(null);
          }
        }}
      />
      <Button onClick={() => void create()}>{t.create}</Button>
      <IconButton icon={X} label={kit.cancel} onClick={() => setName(null)} />
    </div>
  );
}
