import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { formatDuration } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Input, LinkButton, Notice, PasswordInput, useForm } from "@/kernel/kit";
import { renewSession, useFeature } from "@/kernel/session/session";
import { identityText } from "../text";
import { confirmSignIn, isSecondStep, signIn, signInByPin } from "./api";
import { BareFrame } from "./frame";
import { UsernameInput } from "./username";

const route = getRouteApi("/bare/login");

export function LoginPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const [pending, setPending] = useState<string | null>(null);
  const isLocal = useFeature("local");
  const [byPin, setByPin] = useState(false);

  async function enter(): Promise<void> {
    await renewSession();
    router.history.replace(next ?? "/");
  }
  if (byPin) return <PinStep onDone={enter} onBack={() => setByPin(false)} />;
  return pending ? (
    <SecondStep pending={pending} onDone={enter} onBack={() => setPending(null)} />
  ) : (
    <FirstStep onDone={enter} onSecondStep={setPending} onPin={isLocal ? () => setByPin(true) : undefined} />
  );
}

interface FirstStepProps {
  onDone: () => Promise<void>;
  onSecondStep: (pending: string) => void;
  onPin?: () => void;
}

function FirstStep({ onDone, onSecondStep, onPin }: FirstStepProps) {
  const t = useText(identityText);
  const form = useForm({
    initial: { username: "", password: "" },
    send: async ({ username, password }) => {
      const answer = await signIn(username.trim(), password);
      if (isSecondStep(answer)) onSecondStep(answer.pending_token);
      else await onDone();
    },
  });
  return (
    <BareFrame title={t.auth.signInTitle}>
      <form onSubmit={form.submit}>
        <Failure error={form.failure} wrong={t.auth.wrong} />
        <UsernameInput required data-autofocus {...form.bind("username")} />
        <PasswordInput
          label={t.password}
          required
          autoComplete="current-password"
          {...form.bind("password")}
        />
        <Button type="submit" variant="primary" wide busy={form.busy}>
          {t.auth.signIn}
        </Button>
        {onPin && (
          <Button wide onClick={onPin}>
            {t.auth.byPin}
          </Button>
        )}
        <LinkButton to="/reset" variant="ghost" wide>
          {t.auth.forgot}
        </LinkButton>
      </form>
    </BareFrame>
  );
}

function PinStep({ onDone, onBack }: { onDone: () => Promise<void>; onBack: () => void }) {
  const t = useText(identityText);
  const form = useForm({
    initial: { username: "", pin: "" },
    send: async ({ username, pin }) => {
      await signInByPin(username.trim(), pin);
      await onDone();
    },
  });
  return (
    <BareFrame title={t.auth.byPin}>
      <form onSubmit={form.submit}>
        <Failure error={form.failure} wrong={t.auth.wrongPin} />
        <UsernameInput required ref={focusOnce} {...form.bind("username")} />
        <PasswordInput
          label={t.auth.pin}
          required
          inputMode="numeric"
          autoComplete="off"
          {...form.bind("pin")}
        />
        <Button type="submit" variant="primary" wide busy={form.busy}>
          {t.auth.signIn}
        </Button>
        <Button variant="ghost" wide onClick={onBack}>
          {t.auth.byPassword}
        </Button>
      </form>
    </BareFrame>
  );
}

interface SecondStepProps {
  pending: string;
  onDone: () => Promise<void>;
  onBack: () => void;
}

function SecondStep({ pending, onDone, onBack }: SecondStepProps) {
  const t = useText(identityText);
  const form = useForm({
    initial: { code: "" },
    send: async ({ code }) => {
      await confirmSignIn(pending, code.trim());
      await onDone();
    },
  });
  return (
    <BareFrame title={t.auth.codeTitle} lead={t.auth.codeLead}>
      <form onSubmit={form.submit}>
        <Failure error={form.failure} wrong={t.auth.wrongCode} />
        <Input
          label={t.auth.code}
          required
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          ref={focusOnce}
          {...form.bind("code")}
        />
        <Button type="submit" variant="primary" wide busy={form.busy}>
          {t.auth.confirm}
        </Button>
        <Button variant="ghost" wide onClick={onBack}>
          {t.auth.back}
        </Button>
      </form>
    </BareFrame>
  );
}

function Failure({ error, wrong }: { error: unknown; wrong: string }) {
  const t = useText(identityText);
  const words = useText(kernelText);
  if (error === null) return null;
  const isPaused = isProblem(error) && (error.status === 429 || error.status === 423);
  const wait = isPaused && error.retryAfter ? formatDuration(error.retryAfter) : null;
  const text = wait
    ? t.auth.paused(wait)
    : isProblem(error) && error.status === 401
      ? wrong
      : problemText(error, words.problem);
  return <Notice tone="bad">{text}</Notice>;
}

function focusOnce(input: HTMLInputElement | null): void {
  input?.focus();
}
