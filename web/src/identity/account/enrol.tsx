// Turning two-step sign-in on: scan, confirm with a first code, keep the recovery codes.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  Checkbox,
  CopyField,
  copyText,
  Dialog,
  Download,
  ErrorState,
  Input,
  Notice,
  Skeleton,
  toast,
  useForm,
} from "@/kernel/kit";
import { useUser } from "@/kernel/session/session";
import { type Enrolment, enableTwoStep, startTwoStep } from "../auth/api";
import { identityText } from "../text";

export function Enrol({ onClose, onDone }: { onClose: () => void; onDone: (codes: string[]) => void }) {
  const t = useText(identityText).security;
  const words = useText(kernelText);
  // Every opening asks for a new secret, so nothing is kept in the cache.
  const start = useQuery({
    queryKey: ["auth", "enrol"],
    queryFn: startTwoStep,
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
  const form = useForm({
    initial: { code: "" },
    check: ({ code }) => ({ code: /^\d{6}$/.test(code.replace(/\s/g, "")) ? undefined : t.codeInvalid }),
    send: ({ code }) => enableTwoStep(start.data?.secret ?? "", code.replace(/\s/g, "")),
    done: (codes) => {
      toast({ text: t.turnedOn, tone: "ok" });
      onDone(codes);
    },
  });
  const isWrong = isProblem(form.failure) && (form.failure.status === 401 || form.failure.status === 400);
  return (
    <Dialog
      open
      title={t.twoStep}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy} disabled={!start.data}>
            {t.verify}
          </Button>
        </>
      }
    >
      {start.isPending && <Skeleton lines={6} />}
      {start.isError && <ErrorState error={start.error} retry={start.refetch} />}
      {start.data && (
        <>
          <Scan enrolment={start.data} />
          <Input
            label={t.code}
            inputMode="numeric"
            autoComplete="one-time-code"
            ref={focusOnce}
            {...form.bind("code")}
            error={isWrong ? t.wrongCode : form.bind("code").error}
          />
          {form.failure !== null && !isWrong && (
            <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>
          )}
        </>
      )}
    </Dialog>
  );
}

function Scan({ enrolment }: { enrolment: Enrolment }) {
  const t = useText(identityText).security;
  return (
    <>
      <p>{t.scan}</p>
      <Qr text={enrolment.provisioning_uri} label={t.qr} />
      <CopyField label={t.secret} value={enrolment.secret} />
    </>
  );
}

function Qr({ text, label }: { text: string; label: string }) {
  const { data } = useQuery({
    queryKey: ["qr", text],
    queryFn: async () => (await import("uqr")).encode(text, { ecc: "M", border: 2 }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!data) return <Skeleton lines={6} />;
  const path = data.data
    .flatMap((line, y) => line.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg className="qr" viewBox={`0 0 ${data.size} ${data.size}`} role="img" aria-label={label}>
      <path d={path} fill="currentColor" shapeRendering="crispEdges" />
    </svg>
  );
}

/** Shown once; the box has to be ticked, so that the codes are not clicked away. */
export function CodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const t = useText(identityText).security;
  const words = useText(kernelText);
  const user = useUser();
  const [kept, setKept] = useState(false);
  const [warned, setWarned] = useState(false);
  const close = () => (kept ? onClose() : setWarned(true));

  return (
    <Dialog
      open
      title={t.codesTitle}
      onClose={close}
      onSubmit={close}
      footer={
        <>
          <Button onClick={() => void copyText(codes.join("\n")).then((ok) => ok && toast(words.kit.copied))}>
            {t.copyCodes}
          </Button>
          <Button icon={Download} onClick={() => save(`balu-${user.username}.txt`, `${codes.join("\n")}\n`)}>
            {t.download}
          </Button>
          <Button type="submit" variant="primary">
            {t.done}
          </Button>
        </>
      }
    >
      <p>{t.codesLead}</p>
      <ul className="codes" aria-label={t.codesTitle}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      {warned && !kept && <Notice tone="bad">{t.codesMissing}</Notice>}
      <Checkbox
        label={t.codesSaved}
        checked={kept}
        data-autofocus
        onChange={(event) => setKept(event.target.checked)}
      />
    </Dialog>
  );
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

/** The field appears after the dialog, once the secret is there. */
function focusOnce(input: HTMLInputElement | null): void {
  input?.focus();
}
