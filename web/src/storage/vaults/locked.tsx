import { useQuery, useQueryClient } from "@tanstack/react-query";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, EmptyState, Lock, Notice, PasswordInput, useForm } from "@/kernel/kit";
import { listVaults, unlockVault, vaultOf, vaultsKey } from "./api";
import { vaultsText } from "./text";
import "./vaults.css";

/** Instead of the list of a folder in a locked vault: asks for the passphrase. */
export default function VaultLocked({ path, onUnlocked }: { path: string; onUnlocked(): void }) {
  const t = useText(vaultsText);
  const problems: Record<string, string> = useText(kernelText).problem;
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: vaultsKey, queryFn: ({ signal }) => listVaults(signal) });
  const vault = vaultOf(data, path);
  const form = useForm({
    initial: { passphrase: "" },
    send: ({ passphrase }) => unlockVault(vault?.id ?? 0, passphrase),
    done: () => {
      void client.invalidateQueries({ queryKey: vaultsKey });
      onUnlocked();
    },
  });
  const wrong = isProblem(form.failure, "vault-passphrase") ? t.locked.wrong : undefined;
  const unlock = (
    <form className="vault-unlock" onSubmit={form.submit}>
      <PasswordInput
        label={t.locked.field}
        autoComplete="current-password"
        {...form.bind("passphrase")}
        error={wrong}
      />
      {form.failure !== null && !wrong && <Notice tone="bad">{problemText(form.failure, problems)}</Notice>}
      <Button type="submit" variant="primary" busy={form.busy} disabled={!vault}>
        {t.locked.unlock}
      </Button>
    </form>
  );
  return (
    <EmptyState icon={Lock} title={t.locked.title} action={unlock}>
      {t.locked.body}
    </EmptyState>
  );
}
