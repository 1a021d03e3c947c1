// Rows that are ticked, and the bar with what can be done to them at once.
import type { ReactNode } from "react";
import { useText } from "@/kernel/i18n/area";
import { Button } from "@/kernel/kit";
import { inventoryText } from "./text";

/** As many as one bulk act takes. */
export const MOST_SELECTED = 100;

export type Selected = ReadonlySet<number>;

interface TickProps {
  id: number;
  name: string;
  selected: Selected;
  onSelect(selected: Selected): void;
}

export function Tick({ id, name, selected, onSelect }: TickProps) {
  const t = useText(inventoryText);
  const toggle = () => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  return (
    <label className="inventory-tick">
      <input type="checkbox" aria-label={t.select(name)} checked={selected.has(id)} onChange={toggle} />
    </label>
  );
}

interface SelectionBarProps {
  /** Numbers of the rows that are shown. */
  rows: readonly number[];
  selected: Selected;
  onSelect(selected: Selected): void;
  /** The acts, for what is ticked and still shown. */
  children: (chosen: number[]) => ReactNode;
}

/** Nothing while no row is ticked. */
export function SelectionBar({ rows, selected, onSelect, children }: SelectionBarProps) {
  const t = useText(inventoryText);
  const chosen = rows.filter((id) => selected.has(id));
  const most = Math.min(rows.length, MOST_SELECTED);
  if (chosen.length === 0) return null;
  return (
    <div className="inventory-bulk" role="toolbar" aria-label={t.selected(chosen.length)}>
      <span className="grow">{t.selected(chosen.length)}</span>
      {chosen.length < most && (
        <Button onClick={() => onSelect(new Set(rows.slice(0, most)))}>{t.selectAll(most)}</Button>
      )}
      <Button onClick={() => onSelect(new Set())}>{t.clearSelection}</Button>
      {children(chosen)}
    </div>
  );
}
