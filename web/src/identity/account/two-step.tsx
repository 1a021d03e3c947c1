// Two-step sign-in: its state, and the two questions that need password and code.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
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
  Dialog,
  ErrorState,
  Input,
  Line,
  Notice,
  PasswordInput,
  ShieldCheck,
  Skeleton,
  toast,
  useForm,
} from "@/kernel/kit";
import { disableTwoStep, renewRecoveryCodes, type TwoStepStatus, twoStepQuery } from "../auth/api";
import { identityText } from "../text";
import { CodesDialog, Enrol } from "./enrol";

type Step = "enrol" | "off" | "renew" | { codes: string[] } | null;

export function TwoStep() {
  const t = useText(identityText).security;
  const status = useQuery(twoStepQuery);
  const [step, setStep] = useState<Step>(null);

  function finish(): void {
    setStep(null);
    void queryClient.invalidateQueries({ queryKey: twoStepQuery.queryKey });
  }
  return (
    <Card
      title={t.twoStep}
      lead={t.twoStepLead}
      actions={
        status.data && (
          <Badge
            tone={status.data.enabled ? "ok" : undefined}
            icon={status.data.enabled ? ShieldCheck : undefined}
          >
            {status.data.enabled ? t.on : t.off}
          </Badge>
        )
      }
    >
      {status.isPending && <Skeleton lines={2} />}
      {status.isError && !status.data && <ErrorState error={status.error} retry={status.refetch} />}
      {status.data && <State status={status.data} onStep={setStep} />}
      {step === "enrol" && <Enrol onClose={finish} onDone={(codes) => setStep({ codes })} />}
      {(step === "off" || step === "renew") && (
        <ProofDialog
          act={step}
          withCode={status.data?.enabled === true}
          onClose={finish}
          onDone={(codes) => (codes ? setStep({ codes }) : finish())}
        />
      )}
      {typeof step === "object" && step && <CodesDialog codes={step.codes} onClose={finish} />}
    </Card>
  );
}

function State({ status, onStep }: { status: TwoStepStatus; onStep: (step: Step) => void }) {
  const t = useText(identityText).security;
  const format = useFormat();
  if (!status.enabled) {
    return (
      <>
        <div>
          <Button variant="primary" icon={ShieldCheck} onClick={() => onStep("enrol")}>
            {t.turnOn}
          </Button>
        </div>
        <Line title={t.codesLeft(status.backup_codes_remaining)} note={t.codesNote}>
          <Button onClick={() => onStep("renew")}>{t.newCodes}</Button>
        </Line>
      </>
    );
  }
  return (
    <Line
      title={t.codesLeft(status.backup_codes_remaining)}
      note={status.enabled_at && t.since(format.day(status.enabled_at))}
    >
      <Button onClick={() => onStep("renew")}>{t.newCodes}</Button>
      <Button onClick={() => onStep("off")}>{t.turnOff}</Button>
    </Line>
  );
}

interface ProofProps {
  act: "off" | "renew";
  withCode: boolean;
  onClose: () => void;
  onDone: (codes?: string[]) => void;
}

function ProofDialog({ act, withCode, onClose, onDone }: ProofProps) {
  const t = useText(identityText);
  const words = useText(kernelText);
  const form = useForm({
    initial: { password: "", code: "" },
    send: async (proof) => {
      const trimmed = { ...proof, code: proof.code.trim() };
      if (act === "renew") return renewRecoveryCodes(trimmed);
      await disableTwoStep(trimmed);
      return undefined;
    },
    done: (codes) => {
      if (!codes) toast({ text: t.security.turnedOff, tone: "ok" });
      onDone(codes);
    },
  });
  const isWrong = isProblem(form.failure) && form.failure.status === 401;
  return (
    <Dialog
      open
      size="s"
      title={act === "off" ? t.security.offTitle : t.security.renewTitle}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant={act === "off" ? "danger" : "primary"} busy={form.busy}>
            {act === "off" ? t.security.turnOff : t.security.renew}
          </Button>
        </>
      }
    >
      <p>{act === "off" ? t.security.offBody : t.security.renewBody}</p>
      {form.failure !== null && (
        <Notice tone="bad">
          {isWrong ? t.security.wrongProof : problemText(form.failure, words.problem)}
        </Notice>
      )}
      <PasswordInput label={t.password} autoComplete="current-password" {...form.bind("password")} />
      {withCode && (
        <Input
          label={t.auth.code}
          autoComplete="one-time-code"
          autoCapitalize="none"
          {...form.bind("code")}
        />
      )}
    </Dialog>
  );
}
