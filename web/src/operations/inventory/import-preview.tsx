// What each row of a file would do.
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Badge, Button, Card, type Column, Table } from "@/kernel/kit";
import type { RowDiff } from "./import-api";
import { useShown } from "./shown";
import { inventoryText } from "./text";

const MORE = 50;

export function ImportPreview({ rows }: { rows: readonly RowDiff[] }) {
  const t = useText(inventoryText);
  const i = t.import;
  const shown = useShown();
  const [many, setMany] = useState(MORE);
  if (rows.length === 0) return null;
  const columns: Column<RowDiff>[] = [
    { id: "name", label: t.column.name, isName: true, cell: ({ name }) => name },
    { id: "row", label: i.rowColumn, cell: ({ row }) => row },
    {
      id: "action",
      label: i.action,
      cell: ({ action }) => <Badge tone={action === "create" ? "ok" : "info"}>{i.actions[action]}</Badge>,
    },
    {
      id: "diff",
      label: i.change,
      cell: ({ diff, action }) => (
        <ul className="inventory-diff">
          {Object.entries(diff)
            .filter(([field, { new: now }]) => action === "update" || (field !== "name" && isSaid(now)))
            .map(([field, { old, new: now }]) => (
              <li key={field}>
                {shown.field(field)}:{" "}
                {action === "create" ? shown.value(now) : t.device.from(shown.value(old), shown.value(now))}
              </li>
            ))}
        </ul>
      ),
    },
  ];
  return (
    <>
      <Card className="inventory-flush" title={i.rows(rows.length)}>
        <Table caption={i.preview} columns={columns} rows={rows.slice(0, many)} rowKey={({ row }) => row} />
      </Card>
      {rows.length > many && (
        <p className="inventory-more">
          <Button onClick={() => setMany(many + 4 * MORE)}>{t.more}</Button>
          <span className="meta">{t.shown(many, rows.length)}</span>
        </p>
      )}
    </>
  );
}

function isSaid(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false && value !== "";
}
