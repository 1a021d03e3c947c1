// The first account. The one-time code comes in the address's fragment, which never reaches a server log.
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { language } from "@/kernel/i18n/language";
import { Button, Input, LinkButton, Notice, PasswordInput, useForm } from "@/kernel/kit";
import { renewSession, saveSettings } from "@/kernel/session/session";
import { identityText } from "../text";
import { createFirstAccount } from "./api";
import { BareFrame } from "./frame";
import { fulfilsRules, isUsername, PasswordRules } from "./rules";
import { UsernameInput } from "./username";

export function SetupPage() {
  const hash = useLocation({ select: (location) => location.hash });
  const given = new URLSearchParams(hash).get("code") ?? "";
  return <SetupForm key={given} given={given} />;
}

function SetupForm({ given }: { given: string }) {
  const t = useText(identityText);
  const words = useText(kernelText);
  const navigate = useNavigate();
  const [isDone, setDone] = useState(false);

  const form = useForm({
    initial: { username: "", password: "", setup_secret: given },
    check: (values) => ({
      username: isUsername(values.username) ? undefined : t.setup.usernameInvalid,
      password: fulfilsRules(values.password) ? undefined : t.rules.broken,
    }),
    send: async (values) => {
      try {
        await createFirstAccount({ ...values, setup_secret: values.setup_secret.trim() });
      } catch (error) {
        if (isProblem(error) && error.status === 404) setDone(true);
        throw error;
      }
      await renewSession();
      // The account speaks the language this page was filled in with.
      await saveSettings({ language: language() }).catch(() => undefined);
    },
    done: () => void navigate({ to: "/", replace: true }),
  });
  const codeIsWrong = isProblem(form.failure) && form.failure.status === 403;

  if (isDone) {
    return (
      <BareFrame title={t.setup.title}>
        <Notice>{t.setup.done}</Notice>
        <LinkButton to="/login" variant="primary" wide>
          {t.setup.toSignIn}
        </LinkButton>
      </BareFrame>
    );
  }
  return (
    <BareFrame title={t.setup.title} lead={t.setup.lead}>
      <form onSubmit={form.submit} noValidate>
        <UsernameInput help={t.setup.usernameHelp} {...form.bind("username")} />
        <div className="stack">
          <PasswordInput label={t.password} autoComplete="new-password" {...form.bind("password")} />
          <PasswordRules password={form.values.password} />
        </div>
        {(!given || codeIsWrong) && (
          <Input
            label={t.setup.code}
            help={t.setup.codeHelp}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...form.bind("setup_secret")}
            error={codeIsWrong ? t.setup.codeWrong : form.bind("setup_secret").error}
          />
        )}
        {form.failure !== null && !codeIsWrong && (
          <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>
        )}
        <Button type="submit" variant="primary" wide busy={form.busy}>
          {t.setup.create}
        </Button>
      </form>
    </BareFrame>
  );
}
