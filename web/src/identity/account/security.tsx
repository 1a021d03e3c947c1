import { useQuery } from "@tanstack/react-query";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { queryClient } from "@/kernel/api/query";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Badge,
  Button,
  Card,
  ErrorState,
  Line,
  Notice,
  PasswordInput,
  Skeleton,
  toast,
  useForm,
} from "@/kernel/kit";
import { useFeature, useIsAdmin, useUser } from "@/kernel/session/session";
import { changePassword, endSession, type Session, sessionsQuery } from "../auth/api";
import { fulfilsRules, PasswordRules } from "../auth/rules";
import { identityText } from "../text";
import { deviceName } from "./device";
import { Pin } from "./pin";
import { ApiKeys, AppPasswords } from "./tokens";
import { TwoStep } from "./two-step";

export function Security() {
  const isAdmin = useIsAdmin();
  const isLocal = useFeature("local");
  return (
    <div className="stack">
      <PasswordCard />
      <TwoStep />
      {isLocal && <Pin />}
      <Sessions />
      <AppPasswords />
      {isAdmin && <ApiKeys />}
    </div>
  );
}

function PasswordCard() {
  const t = useText(identityText);
  const words = useText(kernelText);
  const user = useUser();
  const empty = { current_password: "", new_password: "" };
  const form = useForm({
    initial: empty,
    check: ({ new_password }) => ({ new_password: fulfilsRules(new_password) ? undefined : t.rules.broken }),
    send: (values) => changePassword(values.current_password, values.new_password),
    done: () => {
      form.set("current_password", "");
      form.set("new_password", "");
      void queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
      toast({ text: t.security.changed, tone: "ok" });
    },
  });
  const isWrong = isProblem(form.failure) && form.failure.status === 401;
  return (
    <Card title={t.security.password} lead={t.security.passwordLead}>
      <form onSubmit={form.submit} noValidate>
        <input
          type="text"
          name="username"
          autoComplete="username"
          defaultValue={user.username}
          hidden
          readOnly
        />
        <PasswordInput
          label={t.security.current}
          autoComplete="current-password"
          {...form.bind("current_password")}
          error={isWrong ? t.security.wrongCurrent : form.bind("current_password").error}
        />
        <PasswordInput label={t.security.next} autoComplete="new-password" {...form.bind("new_password")} />
        {form.values.new_password !== "" && <PasswordRules password={form.values.new_password} />}
        {form.failure !== null && !isWrong && (
          <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>
        )}
        <Button type="submit" busy={form.busy}>
          {t.security.change}
        </Button>
      </form>
    </Card>
  );
}

function Sessions() {
  const t = useText(identityText).security;
  const words = useText(kernelText);
  const sessions = useQuery(sessionsQuery);
  const others = sessions.data?.filter((session) => !session.current) ?? [];

  function end(ids: readonly Session["id"][], text: string): void {
    Promise.all(ids.map(endSession))
      .then(() => toast({ text, tone: "ok" }))
      .catch((error) => toast({ text: problemText(error, words.problem), tone: "bad" }))
      .finally(() => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey }));
  }
  return (
    <Card
      title={t.sessions}
      actions={
        others.length > 1 && (
          <Button
            onClick={() =>
              end(
                others.map((session) => session.id),
                t.endedOthers,
              )
            }
          >
            {t.endOthers}
          </Button>
        )
      }
    >
      {sessions.isPending && <Skeleton lines={2} />}
      {sessions.isError && !sessions.data && <ErrorState error={sessions.error} retry={sessions.refetch} />}
      <div>
        {sessions.data?.map((session) => (
          <SessionLine key={session.id} session={session} onEnd={() => end([session.id], t.ended)} />
        ))}
      </div>
    </Card>
  );
}

function SessionLine({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const t = useText(identityText).security;
  const format = useFormat();
  const name = deviceName(session.device_info) ?? t.unknownDevice;
  const note = [t.lastSeen(format.when(session.last_seen)), session.ip].filter(Boolean).join(" · ");
  return (
    <Line title={name} note={<span title={format.exact(session.last_seen)}>{note}</span>}>
      {session.current ? (
        <Badge tone="ok">{t.thisOne}</Badge>
      ) : (
        <Button aria-label={t.endFor(name)} onClick={onEnd}>
          {t.end}
        </Button>
      )}
    </Line>
  );
}
