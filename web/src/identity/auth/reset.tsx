// A lost password: asking for a link, setting a new one by it, or by a recovery code at the server itself.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { queryClient } from "@/kernel/api/query";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  ErrorState,
  Input,
  LinkButton,
  Notice,
  PasswordInput,
  Skeleton,
  useForm,
} from "@/kernel/kit";
import { bootstrapQuery } from "@/kernel/session/session";
import { identityText } from "../text";
import { askReset, recoverPassword, resetPassword, resetQuery } from "./api";
import { BareFrame } from "./frame";
import { fulfilsRules, PasswordRules } from "./rules";
import { UsernameInput } from "./username";

const route = getRouteApi("/bare/reset/$token");
const EMAIL = /^[^@\s]+@[^@\s]+$/;

export function AskResetPage() {
  const t = useText(identityText).reset;
  const [isSent, setSent] = useState(false);
  const [isDone, setDone] = useState(false);
  const boot = useQuery(bootstrapQuery);
  const features = boot.data?.features ?? {};
  if (isDone) return <Done />;
  return (
    <BareFrame title={t.title} lead={features.password_reset && !isSent ? t.lead : undefined}>
      {boot.isPending && <Skeleton lines={3} />}
      {isSent && <Notice tone="ok">{t.sent}</Notice>}
      {boot.data && !features.password_reset && <Notice>{t.noMail}</Notice>}
      {features.password_reset && !isSent && <AskForm onDone={() => setSent(true)} />}
      {features.local && <CodeForm onDone={() => setDone(true)} />}
      <ToSignIn />
    </BareFrame>
  );
}

function AskForm({ onDone }: { onDone: () => void }) {
  const t = useText(identityText);
  const form = useForm({
    initial: { email: "" },
    check: ({ email }) => ({ email: EMAIL.test(email.trim()) ? undefined : t.people.emailInvalid }),
    send: ({ email }) => askReset(email.trim()),
    done: onDone,
  });
  return (
    <form onSubmit={form.submit} noValidate>
      <Failure error={form.failure} />
      <Input label={t.email} type="email" autoComplete="email" data-autofocus {...form.bind("email")} />
      <Button type="submit" variant="primary" wide busy={form.busy}>
        {t.reset.send}
      </Button>
    </form>
  );
}

function CodeForm({ onDone }: { onDone: () => void }) {
  const t = useText(identityText);
  const form = useForm({
    initial: { username: "", recovery_code: "", new_password: "" },
    check: ({ new_password }) => ({ new_password: fulfilsRules(new_password) ? undefined : t.rules.broken }),
    send: (values) => recoverPassword({ ...values, username: values.username.trim() }),
    done: onDone,
  });
  const isWrong = isProblem(form.failure) && form.failure.status === 401;
  return (
    <form onSubmit={form.submit} noValidate aria-label={t.reset.codeTitle}>
      <div>
        <h2>{t.reset.codeTitle}</h2>
        <p className="meta">{t.reset.codeLead}</p>
      </div>
      {isWrong ? <Notice tone="bad">{t.reset.wrongCode}</Notice> : <Failure error={form.failure} />}
      <UsernameInput {...form.bind("username")} />
      <Input
        label={t.reset.code}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        {...form.bind("recovery_code")}
      />
      <NewPassword value={form.values.new_password} bound={form.bind("new_password")} />
      <Button type="submit" wide busy={form.busy}>
        {t.reset.save}
      </Button>
    </form>
  );
}

export function NewPasswordPage() {
  const t = useText(identityText).reset;
  const { token } = route.useParams();
  const link = useQuery(resetQuery(token));
  const [isDone, setDone] = useState(false);
  const [isEnded, setEnded] = useState(false);
  if (isDone) return <Done />;
  const ended = isEnded || isProblem(link.error, "password-reset-ended");
  return (
    <BareFrame title={t.newTitle} lead={link.data && !ended ? t.newLead : undefined}>
      {link.isPending && <Skeleton lines={4} />}
      {link.isError && !ended && <ErrorState error={link.error} retry={link.refetch} />}
      {ended && (
        <>
          <Notice tone="warn">{t.ended}</Notice>
          <LinkButton to="/reset" variant="primary" wide>
            {t.again}
          </LinkButton>
        </>
      )}
      {link.data && !ended && (
        <SetForm token={token} onDone={() => setDone(true)} onEnded={() => setEnded(true)} />
      )}
    </BareFrame>
  );
}

interface SetProps {
  token: string;
  onDone: () => void;
  onEnded: () => void;
}

function SetForm({ token, onDone, onEnded }: SetProps) {
  const t = useText(identityText);
  const form = useForm({
    initial: { new_password: "" },
    check: ({ new_password }) => ({ new_password: fulfilsRules(new_password) ? undefined : t.rules.broken }),
    send: async ({ new_password }) => {
      try {
        await resetPassword(token, new_password);
      } catch (error) {
        if (isProblem(error, "password-reset-ended")) onEnded();
        throw error;
      }
    },
    done: () => {
      queryClient.removeQueries({ queryKey: resetQuery(token).queryKey });
      onDone();
    },
  });
  return (
    <form onSubmit={form.submit} noValidate>
      <Failure error={form.failure} />
      <NewPassword value={form.values.new_password} bound={form.bind("new_password")} />
      <Button type="submit" variant="primary" wide busy={form.busy}>
        {t.reset.save}
      </Button>
    </form>
  );
}

type Bound = ReturnType<ReturnType<typeof useForm<{ new_password: string }, unknown>>["bind"]>;

function NewPassword({ value, bound }: { value: string; bound: Bound }) {
  const t = useText(identityText).reset;
  return (
    <div className="stack">
      <PasswordInput label={t.newPassword} autoComplete="new-password" {...bound} />
      <PasswordRules password={value} />
    </div>
  );
}

function Done(): ReactNode {
  const t = useText(identityText).reset;
  return (
    <BareFrame title={t.newTitle}>
      <Notice tone="ok">{t.done}</Notice>
      <ToSignIn primary />
    </BareFrame>
  );
}

function ToSignIn({ primary }: { primary?: boolean }) {
  const t = useText(identityText).auth;
  return (
    <LinkButton to="/login" variant={primary ? "primary" : "ghost"} wide>
      {t.toSignIn}
    </LinkButton>
  );
}

function Failure({ error }: { error: unknown }) {
  const words = useText(kernelText);
  return error === null ? null : <Notice tone="bad">{problemText(error, words.problem)}</Notice>;
}
