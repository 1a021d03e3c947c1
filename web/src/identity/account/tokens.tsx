// API tokens: keys for programs, made by administrators.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { problemText } from "@/kernel/api/problem-text";
import { queryClient } from "@/kernel/api/query";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  Card,
  CopyField,
  confirm,
  Dialog,
  ErrorState,
  Input,
  KeyRound,
  Line,
  Notice,
  Select,
  toast,
  useForm,
} from "@/kernel/kit";
import { type ApiKey, apiKeysQuery, createApiKey, revokeApiKey } from "../auth/api";
import { identityText } from "../text";

const ACCESS = { full: ["files:read", "files:write"], read: ["files:read"] };

export function ApiKeys() {
  const t = useText(identityText).tokens;
  const tokens = useQuery(apiKeysQuery);
  const [adding, setAdding] = useState(false);
  if (tokens.isPending) return null;
  return (
    <Card
      title={t.title}
      lead={t.lead}
      actions={
        <Button icon={KeyRound} onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      }
    >
      {tokens.isError && !tokens.data && <ErrorState error={tokens.error} retry={tokens.refetch} />}
      {tokens.data?.length === 0 && <p className="meta">{t.none}</p>}
      {tokens.data && tokens.data.length > 0 && (
        <div>
          {tokens.data.map((token) => (
            <TokenLine key={token.id} token={token} />
          ))}
        </div>
      )}
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </Card>
  );
}

function TokenLine({ token }: { token: ApiKey }) {
  const t = useText(identityText).tokens;
  const words = useText(kernelText);
  const format = useFormat();
  async function revoke(): Promise<void> {
    const action = t.revokeFor(token.name);
    if (!(await confirm({ title: `${action}?`, body: t.revokeBody, action, danger: true }))) return;
    try {
      await revokeApiKey(token.id);
      toast({ text: t.revoked(token.name), tone: "ok" });
    } catch (error) {
      toast({ text: problemText(error, words.problem), tone: "bad" });
    }
    await queryClient.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
  }
  const access = token.scopes.includes("files:write") ? t.full : t.read;
  const used = token.last_used_at ? t.used(format.when(token.last_used_at)) : t.unused;
  const until = token.expires_at && t.until(format.day(token.expires_at));
  const note = [`${token.hint}…`, access, used, until].filter(Boolean).join(" · ");
  return (
    <Line title={token.name} note={note}>
      <Button aria-label={t.revokeFor(token.name)} onClick={() => void revoke()}>
        {t.revoke}
      </Button>
    </Line>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const t = useText(identityText).tokens;
  const words = useText(kernelText);
  const [secret, setSecret] = useState<string | null>(null);
  const form = useForm({
    initial: { name: "", access: "full" as keyof typeof ACCESS },
    check: ({ name }) => ({ name: name.trim() ? undefined : t.nameMissing }),
    send: ({ name, access }) => createApiKey(name.trim(), ACCESS[access]),
    done: (made) => {
      setSecret(made.key);
      void queryClient.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
    },
  });
  if (secret) {
    return (
      <Dialog
        open
        title={t.title}
        onClose={onClose}
        footer={
          <Button variant="primary" onClick={onClose}>
            {t.done}
          </Button>
        }
      >
        <Notice tone="warn">{t.created}</Notice>
        <CopyField label={t.secret} value={secret} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      title={t.add}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {t.create}
          </Button>
        </>
      }
    >
      {form.failure !== null && <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>}
      <Input
        label={t.name}
        placeholder={t.namePlaceholder}
        autoComplete="off"
        data-autofocus
        {...form.bind("name")}
      />
      <Select
        label={t.access}
        options={[
          { value: "full", label: t.full },
          { value: "read", label: t.read },
        ]}
        {...form.bind("access")}
      />
    </Dialog>
  );
}
