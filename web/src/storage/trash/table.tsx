import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { IconButton, RotateCcw, Table, Time, Trash2 } from "@/kernel/kit";
import { iconOf } from "../files/icon-of";
import { nameOf, parentOf } from "../files/names";
import type { TrashItem } from "./api";
import { trashText } from "./text";

interface TableProps {
  items: readonly TrashItem[];
  onRestore(item: TrashItem): void;
  onPurge(item: TrashItem): void;
}

export function TrashTable({ items, onRestore, onPurge }: TableProps) {
  const t = useText(trashText);
  const format = useFormat();
  return (
    <Table
      caption={t.table}
      rows={items}
      rowKey={(item) => item.id}
      columns={[
        { id: "name", label: t.name, isName: true, cell: (item) => <Name item={item} /> },
        {
          id: "from",
          label: t.from,
          cell: (item) =>
            item.of_deleted_account
              ? t.deletedAccount
              : item.original_path
                ? nameOf(parentOf(item.original_path)) || t.myFiles
                : item.vault,
        },
        { id: "size", label: t.size, align: "end", cell: (item) => format.bytes(item.size) },
        {
          id: "deleted",
          label: t.deleted,
          cell: ({ deleted_at }) => (
            <Time value={deleted_at} exact={format.exact(deleted_at)}>
              {format.when(deleted_at)}
            </Time>
          ),
        },
        {
          id: "expires",
          label: t.expires,
          cell: ({ expires_at }) => (
            <Time value={expires_at} exact={format.exact(expires_at)}>
              {t.daysLeft(daysUntil(expires_at))}
            </Time>
          ),
        },
        {
          id: "actions",
          label: t.actions,
          hideLabel: true,
          align: "end",
          cell: (item) => (
            <span className="trash-buttons">
              <IconButton icon={RotateCcw} label={t.restoreItem(item.name)} onClick={() => onRestore(item)} />
              <IconButton icon={Trash2} label={t.purgeItem(item.name)} onClick={() => onPurge(item)} />
            </span>
          ),
        },
      ]}
    />
  );
}

function Name({ item }: { item: TrashItem }) {
  const Shape = iconOf({ ...item, mime_type: null });
  return (
    <span className="trash-name" title={item.original_path}>
      <Shape size={20} strokeWidth={1.75} aria-hidden />
      <span>{item.name}</span>
    </span>
  );
}

/** To the nearest day: what was just deleted has all of its days left. */
function daysUntil(when: string): number {
  return Math.max(0, Math.round((Date.parse(when) - Date.now()) / 86_400_000));
}
