import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Dialog, Input } from "@/kernel/kit";
import { inventoryText } from "./text";

interface NameDialogProps {
  title: string;
  label: string;
  initial?: string;
  /** On the button; else "Save". */
  act?: string;
  onClose(): void;
  /** True when it was kept and the dialog may go. */
  save(name: string): Promise<boolean>;
}

/** Asks for a name under which something is kept. */
export default function NameDialog({ title, label, initial = "", act, onClose, save }: NameDialogProps) {
  const t = useText(inventoryText).form;
  const { kit } = useText(kernelText);
  const [name, setName] = useState(initial);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  async function submit(): Promise<void> {
    const wanted = name.trim();
    if (!wanted) return setError(t.nameMissing);
    setBusy(true);
    const kept = await save(wanted);
    setBusy(false);
    if (kept) onClose();
  }
  return (
    <Dialog
      open
      size="s"
      title={title}
      onClose={onClose}
      onSubmit={() => void submit()}
      footer={
        <>
          <Button onClick={onClose}>{kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={busy}>
            {act ?? t.save}
          </Button>
        </>
      }
    >
      <Input
        label={label}
        error={error}
        data-autofocus
        maxLength={100}
        autoComplete="off"
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          setError(undefined);
        }}
      />
    </Dialog>
  );
}
