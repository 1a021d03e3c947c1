import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, CopyField, Dialog, Input, Notice, PasswordInput, useForm } from "@/kernel/kit";
import { createVault, type NewVault, vaultsKey } from "./api";
import { vaultsText } from "./text";
import "./vaults.css";

const SHORTEST = 10;
const TYPED = 6;

interface CreateVaultProps {
  folder: string;
  /** With the path of the new vault, or nothing when none was made. */
  onClose(made?: string): void;
}

/** Name and passphrase, then the recovery kit, which has to be kept before the first file. */
export function CreateVaultDialog({ folder, onClose }: CreateVaultProps) {
  const [made, setMade] = useState<NewVault | null>(null);
  if (made) return <KitDialog vault={made} onClose={() => onClose(made.path ?? undefined)} />;
  return <FormDialog folder={folder} onMade={setMade} onClose={onClose} />;
}

interface FormProps {
  folder: string;
  onMade(vault: NewVault): void;
  onClose(): void;
}

function FormDialog({ folder, onMade, onClose }: FormProps) {
  const t = useText(vaultsText);
  const problems: Record<string, string> = useText(kernelText).problem;
  const client = useQueryClient();
  const form = useForm({
    initial: { name: "", passphrase: "", repeat: "" },
    check: ({ name, passphrase, repeat }) => ({
      ...(name.trim() === "" && { name: t.nameMissing }),
      ...(passphrase.length < SHORTEST && { passphrase: t.tooShort }),
      ...(passphrase !== repeat && { repeat: t.differs }),
    }),
    send: ({ name, passphrase }) => createVault(name.trim(), folder, passphrase),
    done: (vault) => {
      void client.invalidateQueries({ queryKey: vaultsKey });
      onMade(vault);
    },
  });
  return (
    <Dialog
      open
      title={t.newVault}
      onClose={onClose}
      onSubmit={form.submit}
      footer={
        <Button type="submit" variant="primary" busy={form.busy}>
          {t.create}
        </Button>
      }
    >
      <p className="meta">{t.lead}</p>
      <Input label={t.name} autoComplete="off" data-autofocus {...form.bind("name")} />
      <PasswordInput
        label={t.passphrase}
        help={t.passphraseHelp}
        autoComplete="new-password"
        {...form.bind("passphrase")}
      />
      <PasswordInput label={t.repeat} autoComplete="new-password" {...form.bind("repeat")} />
      {form.failure !== null && <Notice tone="bad">{problemText(form.failure, problems)}</Notice>}
    </Dialog>
  );
}

function KitDialog({ vault, onClose }: { vault: NewVault; onClose(): void }) {
  const t = useText(vaultsText);
  const form = useForm({
    initial: { typed: "" },
    check: ({ typed }) =>
      typed.trim().toUpperCase() === vault.recovery_kit.slice(-TYPED) ? {} : { typed: t.kit.wrong },
    send: async () => undefined,
    done: onClose,
  });
  return (
    <Dialog
      open
      title={t.kit.title}
      // Esc must not throw away what is never shown again.
      onClose={() => undefined}
      onSubmit={form.submit}
      footer={
        <>
          <Button onClick={() => window.print()}>{t.kit.print}</Button>
          <Button type="submit" variant="primary">
            {t.kit.done}
          </Button>
        </>
      }
    >
      <p>{t.kit.lead}</p>
      <CopyField label={t.kit.label} value={vault.recovery_kit} help={t.kit.help} />
      <p className="vault-kit-print">
        {vault.name}: {vault.recovery_kit}
      </p>
      <Input
        label={t.kit.check}
        help={t.kit.checkHelp}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        {...form.bind("typed")}
      />
    </Dialog>
  );
}
