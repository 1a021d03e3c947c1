// What was done to a device, by whom, field by field.
import { useQuery } from "@tanstack/react-query";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Card, Skeleton, Time } from "@/kernel/kit";
import { type Change, historyQuery } from "./api";
import { useShown } from "./shown";
import { inventoryText } from "./text";

export function DeviceHistory({ id }: { id: number }) {
  const t = useText(inventoryText).device;
  const format = useFormat();
  const history = useQuery(historyQuery(id));
  return (
    <Card title={t.history}>
      {history.isPending && <Skeleton lines={3} />}
      {history.data?.length === 0 && <p className="meta">{t.noHistory}</p>}
      <ol className="inventory-history">
        {history.data?.map((change) => (
          <li key={change.id}>
            <p>
              <strong>{t.change[change.change_type]}</strong> {t.by(change.user)},{" "}
              <Time value={change.at} exact={format.exact(change.at)}>
                {format.when(Date.parse(change.at))}
              </Time>
            </p>
            <Diff change={change} />
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Diff({ change }: { change: Change }) {
  const t = useText(inventoryText).device;
  const shown = useShown();
  const fields = Object.entries(change.diff);
  // Of a device that came or went every field is different.
  const { name } = change.diff;
  if (fields.length === 0 || name?.old === null || name?.new === null) return null;
  return (
    <ul className="meta">
      {fields.map(([name, { old, new: now }]) => (
        <li key={name}>
          {shown.field(name)}: {t.from(shown.value(old), shown.value(now))}
        </li>
      ))}
    </ul>
  );
}
