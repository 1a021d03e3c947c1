// Acts that want a fresh proof of who is there: `await confirmed(() => call(api.POST(...)))`.
import { useEffect, useState } from "react";
import { call, client } from "../api/client";
import { isProblem } from "../api/problem";
import { problemText } from "../api/problem-text";
import type { Post } from "../api/shape";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Button, Dialog, Input, Notice, PasswordInput, useForm } from "../kit";

interface Paths {
  "/api/auth/confirm": Post<{ confirmed_until: string }, { password: string } | { code: string }>;
}

type Answer = (proved: boolean) => void;

const api = client<Paths>();
let ask: ((answer: Answer) => void) | null = null;

/** Does `act`; when the server wants a proof first, asks for it and does `act` once more. */
export async function confirmed<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!isProblem(error, "confirmation-required") || !ask) throw error;
    const show = ask;
    if (!(await new Promise<boolean>((answer) => show(answer)))) throw error;
    return act();
  }
}

/** Shows the question; mounted once by the root. */
export function ProofHost() {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    ask = (next) =>
      setAnswer((before: Answer | null) => {
        before?.(false);
        return next;
      });
    return () => {
      ask = null;
    };
  }, []);
  if (!answer) return null;
  return (
    <ProofDialog
      onAnswer={(proved) => {
        setAnswer(null);
        answer(proved);
      }}
    />
  );
}

function ProofDialog({ onAnswer }: { onAnswer: Answer }) {
  const t = useText(kernelText);
  const [byCode, setByCode] = useState(false);
  const form = useForm({
    initial: { password: "", code: "" },
    send: ({ password, code }) =>
      call(api.POST("/api/auth/confirm", { body: byCode ? { code: code.trim() } : { password } })),
    done: () => onAnswer(true),
  });
  const isWrong = isProblem(form.failure) && form.failure.status === 401;
  const wrong = isWrong ? (byCode ? t.proof.wrongCode : t.proof.wrongPassword) : undefined;
  return (
    <Dialog
      open
      size="s"
      title={t.proof.title}
      onClose={() => onAnswer(false)}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={() => onAnswer(false)}>{t.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {t.proof.confirm}
          </Button>
        </>
      }
    >
      <p>{t.proof.body}</p>
      {byCode ? (
        <Input
          key="code"
          label={t.proof.code}
          inputMode="numeric"
          autoComplete="one-time-code"
          {...form.bind("code")}
          error={wrong ?? form.bind("code").error}
        />
      ) : (
        <PasswordInput
          key="password"
          label={t.proof.password}
          autoComplete="current-password"
          {...form.bind("password")}
          error={wrong ?? form.bind("password").error}
        />
      )}
      {form.failure !== null && !isWrong && (
        <Notice tone="bad">{problemText(form.failure, t.problem)}</Notice>
      )}
      <Button variant="ghost" onClick={() => setByCode(!byCode)}>
        {byCode ? t.proof.byPassword : t.proof.byCode}
      </Button>
    </Dialog>
  );
}
