// One dialog to add a person and to change one.
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Dialog, Input, KeyRound, Notice, PasswordInput, Select, toast, useForm } from "@/kernel/kit";
import { useUser } from "@/kernel/session/session";
import type { User } from "@/kernel/session/types";
import { fulfilsRules, isUsername, PasswordRules, suggestPassword } from "../auth/rules";
import { identityText } from "../text";
import { addPerson, changePerson, GRADES, type Grade, gradeOf, roleOf } from "./api";

const GB = 1_000_000_000;
const EMAIL = /^[^@\s]+@[^@\s]+$/;

interface Values extends Record<string, unknown> {
  username: string;
  password: string;
  email: string;
  grade: Grade;
  quota_bytes: string;
}

export function PersonDialog({ person, onClose }: { person: User | "new"; onClose: () => void }) {
  const t = useText(identityText);
  const words = useText(kernelText);
  const self = useUser();
  const isNew = person === "new";
  const isSelf = !isNew && person.id === self.id;

  const form = useForm<Values, User>({
    initial: isNew ? EMPTY : valuesOf(person),
    check: (values) => ({
      username: isUsername(values.username) ? undefined : t.setup.usernameInvalid,
      password: !isNew || fulfilsRules(values.password) ? undefined : t.rules.broken,
      email: values.email && !EMAIL.test(values.email) ? t.people.emailInvalid : undefined,
      quota_bytes: quotaFrom(values.quota_bytes) === undefined ? t.people.quotaInvalid : undefined,
    }),
    send: async (values) => {
      const rank = isSelf ? {} : { role: roleOf(values.grade), grade: values.grade };
      const quota_bytes = quotaFrom(values.quota_bytes) ?? null;
      if (!isNew) return changePerson(person.id, { email: values.email || null, quota_bytes, ...rank });
      const { username, password, email, grade } = values;
      return addPerson({
        username,
        password,
        ...(email && { email }),
        role: roleOf(grade),
        grade,
        quota_bytes,
      });
    },
    done: (saved) => {
      toast({ text: (isNew ? t.people.added : t.people.saved)(saved.username), tone: "ok" });
      onClose();
    },
  });
  const [suggested, setSuggested] = useState(0);
  function suggest(): void {
    form.set("password", suggestPassword());
    // A new field that shows its text: the password has to be handed over.
    setSuggested(suggested + 1);
  }
  const isTaken = isProblem(form.failure, "user-exists", "conflict");
  const grades = GRADES.filter((grade) => grade !== "superadmin" || form.values.grade === "superadmin");

  return (
    <Dialog
      open
      onClose={onClose}
      title={isNew ? t.people.add : t.people.editTitle(person.username)}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {isNew ? t.people.add : t.people.save}
          </Button>
        </>
      }
    >
      {form.failure !== null && !isTaken && (
        <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>
      )}
      {isNew && (
        <>
          <Input
            label={t.username}
            help={t.setup.usernameHelp}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            {...form.bind("username")}
            error={isTaken ? t.people.exists : form.bind("username").error}
          />
          <div className="password-row">
            <PasswordInput
              key={suggested}
              startShown={suggested > 0}
              label={t.password}
              help={t.people.passwordHelp}
              autoComplete="new-password"
              {...form.bind("password")}
            />
            <PasswordRules password={form.values.password} />
            <Button icon={KeyRound} onClick={suggest}>
              {t.people.generate}
            </Button>
          </div>
        </>
      )}
      <Input label={t.people.emailOptional} type="email" autoComplete="off" {...form.bind("email")} />
      <Select
        label={t.people.role}
        help={isSelf ? t.people.selfRole : t.people.roleHelp[form.values.grade]}
        disabled={isSelf}
        options={grades.map((grade) => ({ value: grade, label: t.people.roles[grade] }))}
        {...form.bind("grade")}
      />
      <Input
        label={t.people.quota}
        help={t.people.quotaHelp}
        inputMode="decimal"
        autoComplete="off"
        {...form.bind("quota_bytes")}
      />
    </Dialog>
  );
}

const EMPTY: Values = { username: "", password: "", email: "", grade: "user", quota_bytes: "" };

function valuesOf(user: User): Values {
  return {
    username: user.username,
    password: "",
    email: user.email ?? "",
    grade: gradeOf(user),
    quota_bytes: user.quota_bytes === null ? "" : String(user.quota_bytes / GB),
  };
}

/** Bytes; null for no limit, undefined for what is no number. */
function quotaFrom(text: string): number | null | undefined {
  if (!text.trim()) return null;
  const number = Number(text.trim().replace(",", "."));
  return Number.isFinite(number) && number > 0 ? Math.round(number * GB) : undefined;
}
