// Secrets for programs, shown once: API tokens, made by administrators, and app passwords for network drives.
import { type UseQueryOptions, useQuery } from "@tanstack/react-query";
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
import {
  apiKeysQuery,
  appPasswordsQuery,
  createApiKey,
  createAppPassword,
  revokeApiKey,
  revokeAppPassword,
} from "../auth/api";
import type { Catalog } from "../en";
import { identityText } from "../text";

const ACCESS = { full: ["files:read", "files:write"], read: ["files:read"] };

interface Secret {
  id: number;
  name: string;
  scopes: string[];
  hint?: string;
  expires_at: string | null;
  last_used_at: string | null;
}

interface Kind {
  text: Catalog["tokens"] | Catalog["appPasswords"];
  query: Pick<UseQueryOptions<Secret[]>, "queryKey" | "queryFn">;
  /** Makes one and answers its text. */
  create: (name: string, scopes: string[]) => Promise<string>;
  revoke: (id: number) => Promise<unknown>;
}

export function ApiKeys() {
  const text = useText(identityText).tokens;
  const create = async (name: string, scopes: string[]) => (await createApiKey(name, scopes)).key;
  const query = { queryKey: apiKeysQuery.queryKey, queryFn: apiKeysQuery.queryFn } as Kind["query"];
  return <Secrets kind={{ text, query, create, revoke: revokeApiKey }} />;
}

export function AppPasswords() {
  const text = useText(identityText).appPasswords;
  const create = async (name: string, scopes: string[]) => (await createAppPassword(name, scopes)).secret;
  const query = { queryKey: appPasswordsQuery.queryKey, queryFn: appPasswordsQuery.queryFn } as Kind["query"];
  return <Secrets kind={{ text, query, create, revoke: revokeAppPassword }} />;
}

function Secrets({ kind }: { kind: Kind }) {
  const t = kind.text;
  const secrets = useQuery(kind.query);
  const [adding, setAdding] = useState(false);
  if (secrets.isPending) return null;
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
      {secrets.isError && !secrets.data && <ErrorState error={secrets.error} retry={secrets.refetch} />}
      {secrets.data?.length === 0 && <p className="meta">{t.none}</p>}
      {secrets.data && secrets.data.length > 0 && (
        <div>
          {secrets.data.map((secret) => (
            <SecretLine key={secret.id} kind={kind} secret={secret} />
          ))}
        </div>
      )}
      {adding && <AddDialog kind={kind} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function SecretLine({ kind, secret }: { kind: Kind; secret: Secret }) {
  const { text } = kind;
  const t = useText(identityText).secrets;
  const words = useText(kernelText);
  const format = useFormat();
  async function revoke(): Promise<void> {
    const action = t.revokeFor(secret.name);
    if (!(await confirm({ title: `${action}?`, body: text.revokeBody, action, danger: true }))) return;
    try {
      await kind.revoke(secret.id);
      toast({ text: t.revoked(secret.name), tone: "ok" });
    } catch (error) {
      toast({ text: problemText(error, words.problem), tone: "bad" });
    }
    await queryClient.invalidateQueries({ queryKey: kind.query.queryKey });
  }
  const access = secret.scopes.includes("files:write") ? t.full : t.read;
  const used = secret.last_used_at ? t.used(format.when(secret.last_used_at)) : t.unused;
  const until = secret.expires_at && t.until(format.day(secret.expires_at));
  const note = [secret.hint && `${secret.hint}…`, access, used, until].filter(Boolean).join(" · ");
  return (
    <Line title={secret.name} note={note}>
      <Button aria-label={t.revokeFor(secret.name)} onClick={() => void revoke()}>
        {t.revoke}
      </Button>
    </Line>
  );
}

function AddDialog({ kind, onClose }: { kind: Kind; onClose: () => void }) {
  const { text } = kind;
  const t = useText(identityText).secrets;
  const words = useText(kernelText);
  const [secret, setSecret] = useState<string | null>(null);
  const form = useForm({
    initial: { name: "", access: "full" as keyof typeof ACCESS },
    check: ({ name }) => ({ name: name.trim() ? undefined : t.nameMissing }),
    send: ({ name, access }) => kind.create(name.trim(), ACCESS[access]),
    done: (made) => {
      setSecret(made);
      void queryClient.invalidateQueries({ queryKey: kind.query.queryKey });
    },
  });
  if (secret) {
    return (
      <Dialog
        open
        title={text.title}
        onClose={onClose}
        footer={
          <Button variant="primary" onClick={onClose}>
            {t.done}
          </Button>
        }
      >
        <Notice tone="warn">{t.created}</Notice>
        <CopyField label={text.secret} value={secret} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      title={text.add}
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
        placeholder={text.namePlaceholder}
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
