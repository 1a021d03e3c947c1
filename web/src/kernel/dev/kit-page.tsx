// Every part of the kit in every state, for eyes, the accessibility sweep and the keyboard script.
import { useState } from "react";
import { Problem } from "../api/problem";
import { useText } from "../i18n/area";
import { useFormat } from "../i18n/format";
import {
  Avatar,
  Badge,
  Button,
  Card,
  Chip,
  CircleCheck,
  type Column,
  EmptyState,
  ErrorState,
  Folder,
  Line,
  Meter,
  Notice,
  Page,
  PageHeader,
  Progress,
  Skeleton,
  Table,
  Tabs,
  Time,
  TriangleAlert,
} from "../kit";
import { Buttons } from "./buttons";
import { Fields, Form } from "./fields";
import { Dialogs, Menus, Messages } from "./popups";
import { devText } from "./text";

const TONES = ["info", "ok", "warn", "bad"] as const;
const NEVER = "2026-01-02T03:04:05Z";

export function KitPage() {
  const t = useText(devText);
  return (
    <Page>
      <PageHeader title={t.title} lead={t.lead} />
      <Buttons />
      <Fields />
      <Form />
      <Menus />
      <Dialogs />
      <Messages />
      <TabsShown />
      <Bars />
      <States />
      <TableShown />
      <Cards />
      <People />
    </Page>
  );
}

function TabsShown() {
  const t = useText(devText);
  const [active, setActive] = useState<"first" | "second" | "third">("first");
  const tabs = (["first", "second", "third"] as const).map((id) => ({
    id,
    label: t.sample[id],
    panel: <p>{t.sample.part(t.sample[id])}</p>,
  }));
  return (
    <Card title={t.groups.tabs}>
      <Tabs label={t.groups.tabs} tabs={tabs} active={active} onChange={setActive} />
    </Card>
  );
}

function Bars() {
  const t = useText(devText);
  return (
    <Card title={t.groups.progress}>
      <Progress label={t.sample.busy} />
      <Progress label={t.sample.busy} value={0.4} />
      {[0.3, 0.9, 0.99].map((value) => (
        <Meter key={value} label={t.sample.size} value={value} />
      ))}
    </Card>
  );
}

function States() {
  const t = useText(devText);
  const add = <Button variant="primary">{t.sample.add}</Button>;
  return (
    <Card title={t.groups.states}>
      {TONES.map((tone) => (
        <Notice key={tone} tone={tone} action={<Button>{t.sample.off}</Button>}>
          {t.sample[tone]}
        </Notice>
      ))}
      <div className="row">
        <Badge>{t.sample.off}</Badge>
        {TONES.map((tone) => (
          <Badge key={tone} tone={tone} icon={tone === "ok" ? CircleCheck : TriangleAlert}>
            {t.sample[tone]}
          </Badge>
        ))}
      </div>
      <Skeleton lines={2} />
      <EmptyState icon={Folder} title={t.sample.nothing} action={add}>
        {t.sample.nothingBody}
      </EmptyState>
      <ErrorState error={new Problem(507, "no-space", "", {}, "0123456789abcdef")} retry={() => {}} />
    </Card>
  );
}

interface Row {
  name: string;
  size: number;
  ok: boolean;
}

function TableShown() {
  const t = useText(devText);
  const format = useFormat();
  const rows: Row[] = [
    { name: t.sample.first, size: 1200, ok: true },
    { name: t.sample.long, size: 34_000_000, ok: false },
  ];
  const columns: Column<Row>[] = [
    { id: "name", label: t.sample.name, isName: true, cell: ({ name }) => name },
    { id: "size", label: t.sample.size, align: "end", cell: ({ size }) => format.bytes(size) },
    { id: "state", label: t.sample.state, cell: ({ ok }) => <State ok={ok} /> },
    { id: "acts", label: t.sample.more, hideLabel: true, cell: () => <Button>{t.sample.open}</Button> },
  ];
  return (
    <Card title={t.groups.table}>
      <Table caption={t.groups.table} columns={columns} rows={rows} rowKey={({ size }) => size} />
    </Card>
  );
}

function State({ ok }: { ok: boolean }) {
  const t = useText(devText);
  return <Badge tone={ok ? "ok" : "bad"}>{ok ? t.sample.ok : t.sample.bad}</Badge>;
}

function Cards() {
  const t = useText(devText);
  const format = useFormat();
  const [on, setOn] = useState(true);
  return (
    <Card title={t.groups.cards} lead={t.sample.help} actions={<Button>{t.sample.add}</Button>}>
      <div>
        <Line title={t.sample.first} note={t.sample.help}>
          <Button>{t.sample.rename}</Button>
          <Button>{t.sample.open}</Button>
        </Line>
        <Line title={t.sample.long}>
          <Time value={NEVER} exact={format.exact(NEVER)}>
            {format.when(NEVER)}
          </Time>
        </Line>
      </div>
      <div className="row">
        <Chip pressed={on} onClick={() => setOn(!on)}>
          {t.sample.filter}
        </Chip>
      </div>
    </Card>
  );
}

function People() {
  const t = useText(devText);
  return (
    <Card title={t.groups.people}>
      <div className="row">
        <Avatar user={{ username: "anna", avatar_url: null }} />
        <span>anna</span>
        <Avatar user={{ username: "berta", avatar_url: "/favicon.svg" }} />
        <span>berta</span>
      </div>
    </Card>
  );
}
