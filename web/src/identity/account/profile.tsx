import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { queryClient } from "@/kernel/api/query";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Card, Dialog, Input, Line, Notice, PasswordInput, toast, useForm } from "@/kernel/kit";
import { bootstrapQuery, renewSession, useUser } from "@/kernel/session/session";
import { deleteOwnAccount } from "../auth/api";
import { identityText } from "../text";
import { changePerson, gradeOf } from "../users/api";
import { Picture } from "./picture";

const EMAIL = /^[^@\s]+@[^@\s]+$/;

export function Profile() {
  const t = useText(identityText);
  const format = useFormat();
  const user = useUser();
  return (
    <div className="stack">
      <Card title={t.account.tabs.profile}>
        <Picture />
        <div>
          <Line title={t.username}>{user.username}</Line>
          <Line title={t.account.role}>{t.people.roles[gradeOf(user)]}</Line>
          <Line title={t.account.memberSince}>{format.day(user.created_at)}</Line>
        </div>
        <EmailForm />
      </Card>
      <Danger />
    </div>
  );
}

function EmailForm() {
  const t = useText(identityText);
  const words = useText(kernelText);
  const user = useUser();
  const form = useForm({
    initial: { email: user.email ?? "" },
    check: ({ email }) => ({ email: email && !EMAIL.test(email) ? t.people.emailInvalid : undefined }),
    send: ({ email }) => changePerson(user.id, { email: email || null }),
    done: (saved) => {
      queryClient.setQueryData(bootstrapQuery.queryKey, (boot) => boot && { ...boot, user: saved });
      toast({ text: t.account.saved, tone: "ok" });
    },
  });
  return (
    <form onSubmit={form.submit} noValidate>
      <Input
        label={t.email}
        help={t.account.emailHelp}
        type="email"
        autoComplete="email"
        {...form.bind("email")}
      />
      {form.failure !== null && <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>}
      <Button type="submit" busy={form.busy}>
        {t.account.save}
      </Button>
    </form>
  );
}

function Danger() {
  const t = useText(identityText).account;
  const [asking, setAsking] = useState(false);
  return (
    <Card title={t.danger} className="card-danger">
      <Line title={t.deleteTitle} note={t.deleteNote}>
        <Button variant="danger" onClick={() => setAsking(true)}>
          {t.deleteTitle}
        </Button>
      </Line>
      {asking && <DeleteDialog onClose={() => setAsking(false)} />}
    </Card>
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const t = useText(identityText);
  const words = useText(kernelText);
  const navigate = useNavigate();
  const form = useForm({
    initial: { password: "" },
    send: ({ password }) => deleteOwnAccount(password),
    done: () => void renewSession().then(() => navigate({ to: "/login" })),
  });
  const isWrong = isProblem(form.failure) && form.failure.status === 401;
  return (
    <Dialog
      open
      size="s"
      title={t.account.deleteTitle}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="danger" busy={form.busy}>
            {t.account.deleteAction}
          </Button>
        </>
      }
    >
      <p>{t.account.deleteBody}</p>
      <PasswordInput
        label={t.password}
        autoComplete="current-password"
        {...form.bind("password")}
        error={isWrong ? t.security.wrongCurrent : form.bind("password").error}
      />
      {form.failure !== null && !isWrong && (
        <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>
      )}
    </Dialog>
  );
}
