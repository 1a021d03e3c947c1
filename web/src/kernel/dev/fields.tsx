import { useState } from "react";
import { useText } from "../i18n/area";
import {
  Button,
  Card,
  Checkbox,
  CopyField,
  Input,
  PasswordInput,
  Radio,
  Select,
  Switch,
  Textarea,
  toast,
  useForm,
} from "../kit";
import { devText } from "./text";

const WAYS = ["always", "never"] as const;

/** Every control: empty, filled, wrong, off. */
export function Fields() {
  const t = useText(devText).sample;
  const [way, setWay] = useState<(typeof WAYS)[number]>("always");
  const places = Object.entries(t.places).map(([value, label]) => ({ value, label }));
  return (
    <Card title={useText(devText).groups.fields}>
      <Input label={t.name} help={t.help} placeholder={t.first} />
      <Input label={t.name} defaultValue={t.long} error={t.wrong} />
      <Input label={t.name} defaultValue={t.first} disabled />
      <PasswordInput label={t.secret} autoComplete="off" />
      <Select label={t.place} options={places} />
      <Textarea label={t.note} help={t.help} />
      <CopyField label={t.secret} value="4711-0815" help={t.help} />
      <Switch label={t.notify} help={t.help} defaultChecked />
      <Checkbox label={t.notify} help={t.help} />
      <Checkbox label={t.notify} disabled />
      <div role="radiogroup" aria-label={t.notify} className="row">
        {WAYS.map((one) => (
          <Radio key={one} name="way" label={t[one]} checked={way === one} onChange={() => setWay(one)} />
        ))}
      </div>
    </Card>
  );
}

/** A form that refuses an empty name and says "Saved" to any other. */
export function Form() {
  const t = useText(devText);
  const form = useForm({
    initial: { name: "" },
    check: ({ name }) => ({ name: name.trim() ? undefined : t.sample.wrong }),
    send: async ({ name }) => name,
    done: () => toast({ text: t.sample.saved, tone: "ok" }),
  });
  return (
    <Card title={t.groups.form}>
      <form className="stack" aria-label={t.groups.form} onSubmit={form.submit}>
        <Input label={t.sample.name} help={t.sample.help} {...form.bind("name")} />
        <div>
          <Button type="submit" variant="primary" busy={form.busy}>
            {t.sample.save}
          </Button>
        </div>
      </form>
    </Card>
  );
}
