// Tokens with which Prometheus reads its targets; the text of a new one is shown once.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  Card,
  CopyField,
  confirm,
  Dialog,
  IconButton,
  Input,
  KeyRound,
  Line,
  Notice,
  Time,
  Trash2,
  useForm,
} from "@/kernel/kit";
import { useAttempt } from "./act";
import { refusalText } from "./faults";
import { addToken, removeToken, type Token, tokensQuery } from "./monitoring-api";
import { inventoryText } from "./text";

export function TargetTokens() {
  const t = useText(inventoryText).prometheus;
  const format = useFormat();
  const attempt = useAttempt();
  const tokens = useQuery(tokensQuery).data ?? [];
  const [adding, setAdding] = useState(false);

  async function end({ id, name }: Token): Promise<void> {
    const sure = { title: t.endToken(name), body: t.endTokenBody, action: t.end, danger: true };
    if (await confirm(sure)) await attempt(() => removeToken(id));
  }
  return (
    <Card
      title={t.tokens}
      lead={t.tokensHint}
      actions={
        <Button icon={KeyRound} onClick={() => setAdding(true)}>
          {t.addToken}
        </Button>
      }
    >
      {tokens.length === 0 && <p className="meta">{t.noTokens}</p>}
      <div>
        {tokens.map((token) => (
          <Line
            key={token.id}
            title={token.name}
            note={
              <Time value={token.created_at} exact={format.exact(token.created_at)}>
                {t.made(format.when(Date.parse(token.created_at)))}
              </Time>
            }
          >
            <IconButton icon={Trash2} label={t.endToken(token.name)} onClick={() => void end(token)} />
          </Line>
        ))}
      </div>
      {adding && <NewToken onClose={() => setAdding(false)} />}
    </Card>
  );
}

function NewToken({ onClose }: { onClose: () => void }) {
  const t = useText(inventoryText);
  const p = t.prometheus;
  const words = useText(kernelText);
  const [made, setMade] = useState<string | null>(null);
  const form = useForm<{ name: string }, { token: string }>({
    initial: { name: "Prometheus" },
    check: ({ name }) => ({ name: name.trim() ? undefined : t.form.nameMissing }),
    send: ({ name }) => addToken(name.trim()),
    done: ({ token }) => setMade(token),
  });
  if (made !== null) {
    return (
      <Dialog
        open
        title={p.tokenMade}
        onClose={onClose}
        footer={
          <Button variant="primary" onClick={onClose}>
            {p.tokenKept}
          </Button>
        }
      >
        <Notice tone="warn">{p.onlyOnce}</Notice>
        <CopyField label={p.token} value={made} help={p.tokenFile} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      size="s"
      title={p.addToken}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {p.addToken}
          </Button>
        </>
      }
    >
      {form.failure !== null && <Notice tone="bad">{refusalText(form.failure, words.problem)}</Notice>}
      <Input
        label={t.form.name}
        help={p.tokenNameHelp}
        maxLength={100}
        data-autofocus
        {...form.bind("name")}
      />
    </Dialog>
  );
}
