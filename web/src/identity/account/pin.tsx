// The PIN for whoever sits at the server itself; shown there only.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { queryClient } from "@/kernel/api/query";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Badge,
  Button,
  Card,
  Dialog,
  ErrorState,
  Input,
  Notice,
  PasswordInput,
  Skeleton,
  toast,
  useForm,
} from "@/kernel/kit";
import { choosePin, pinQuery, removePin, twoStepQuery } from "../auth/api";
import { identityText } from "../text";

const PIN = /^\d{4,8}$/;

export function Pin() {
  const t = useText(identityText).pin;
  const words = useText(kernelText);
  const pin = useQuery(pinQuery);
  const twoStep = useQuery(twoStepQuery);
  const [choosing, setChoosing] = useState(false);
  const isOn = pin.data?.pin_enabled === true;

  async function remove(): Promise<void> {
    try {
      queryClient.setQueryData(pinQuery.queryKey, await removePin());
      toast({ text: t.removed, tone: "ok" });
    } catch (error) {
      toast({ text: problemText(error, words.problem), tone: "bad" });
    }
  }
  return (
    <Card
      title={t.title}
      lead={t.lead}
      actions={pin.data && <Badge tone={isOn ? "ok" : undefined}>{isOn ? t.on : t.off}</Badge>}
    >
      {pin.isPending && <Skeleton lines={2} />}
      {pin.isError && !pin.data && <ErrorState error={pin.error} retry={pin.refetch} />}
      {twoStep.data?.enabled === false && <p className="meta">{t.needsTwoStep}</p>}
      {pin.data && twoStep.data?.enabled && (
        <div className="row">
          <Button onClick={() => setChoosing(true)}>{isOn ? t.change : t.choose}</Button>
          {isOn && <Button onClick={() => void remove()}>{t.remove}</Button>}
        </div>
      )}
      {choosing && <ChooseDialog onClose={() => setChoosing(false)} />}
    </Card>
  );
}

function ChooseDialog({ onClose }: { onClose: () => void }) {
  const t = useText(identityText).pin;
  const words = useText(kernelText);
  const form = useForm({
    initial: { pin: "", code: "" },
    check: ({ pin }) => ({ pin: PIN.test(pin) ? undefined : t.help }),
    send: ({ pin, code }) => choosePin(pin, code.trim()),
    done: (status) => {
      queryClient.setQueryData(pinQuery.queryKey, status);
      toast({ text: t.saved, tone: "ok" });
      onClose();
    },
  });
  const isWrong = isProblem(form.failure) && form.failure.status === 401;
  return (
    <Dialog
      open
      size="s"
      title={t.choose}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {t.choose}
          </Button>
        </>
      }
    >
      <PasswordInput
        label={t.field}
        help={t.help}
        inputMode="numeric"
        autoComplete="off"
        {...form.bind("pin")}
      />
      <Input
        label={t.code}
        inputMode="numeric"
        autoComplete="one-time-code"
        {...form.bind("code")}
        error={isWrong ? t.wrongCode : form.bind("code").error}
      />
      {form.failure !== null && !isWrong && (
        <Notice tone="bad">{problemText(form.failure, words.problem)}</Notice>
      )}
    </Dialog>
  );
}
