import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Button, Checkbox, Dialog, Radio } from "@/kernel/kit";
import { nameOf } from "../files/names";
import { filesText } from "../files/text";
import type { ConflictChoice } from "./drop";
import { uploads } from "./store";
import { uploadsText } from "./text";
import type { Upload } from "./view";

const CHOICES = ["keep", "replace", "skip", "newer"] as const;

interface ConflictProps {
  conflicts: readonly Upload[];
  onLater(): void;
}

/** Asks once per batch; the other files go on uploading meanwhile. */
export function ConflictDialog({ conflicts, onLater }: ConflictProps) {
  const t = useText(uploadsText).conflict;
  const files = useText(filesText);
  const [choice, setChoice] = useState<ConflictChoice>("keep");
  const [all, setAll] = useState(false);
  const [item] = conflicts;
  if (!item) return null;
  const alike = conflicts.filter((other) => other.drop === item.drop).length;
  return (
    <Dialog
      open
      title={t.title}
      onClose={onLater}
      onSubmit={() => uploads.resolve(item.id, choice, all)}
      footer={
        <>
          <Button onClick={onLater}>{t.later}</Button>
          <Button type="submit" variant="primary" data-autofocus>
            {t.apply}
          </Button>
        </>
      }
    >
      <p className="conflict-name">
        <strong>{item.name}</strong> {t.where(nameOf(item.folder) || files.myFiles)}
      </p>
      <dl className="conflict-sides">
        <Side title={t.mine} size={item.size} modified={item.modified} />
        <Side title={t.theirs} size={item.existing?.size} modified={item.existing?.modified} />
      </dl>
      <fieldset>
        <legend className="sr-only">{t.question}</legend>
        {CHOICES.map((one) => (
          <Radio
            key={one}
            name="conflict"
            label={t[one]}
            help={t[`${one}Help`]}
            checked={choice === one}
            onChange={() => setChoice(one)}
          />
        ))}
      </fieldset>
      <Checkbox
        label={alike > 1 ? t.all(alike) : t.allOne}
        checked={all}
        onChange={(event) => setAll(event.target.checked)}
      />
    </Dialog>
  );
}

function Side({ title, size, modified }: { title: string; size?: number; modified?: number }) {
  const format = useFormat();
  return (
    <div>
      <dt className="meta">{title}</dt>
      <dd>{size === undefined ? "–" : format.bytes(size)}</dd>
      <dd className="meta">{modified ? format.when(modified) : ""}</dd>
    </div>
  );
}
