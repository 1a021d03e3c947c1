import { useText } from "@/kernel/i18n/area";
import { ArrowDown, ArrowUp } from "@/kernel/kit";
import type { GridState } from "./grid-state";
import { countSelected, NOTHING, selectAll } from "./selection";
import { filesText } from "./text";
import type { SortKey, View } from "./view";

interface HeaderProps {
  view: View;
  total: number;
  state: GridState;
  onSort(sort: SortKey): void;
}

const COLUMNS = ["name", "size", "modified"] as const;
const CLASS = { name: "file-name", size: "file-size", modified: "file-date" };

export function GridHeader({ view, total, state, onSort }: HeaderProps) {
  const t = useText(filesText);
  const chosen = countSelected(state.selection, total);
  return (
    <div role="rowgroup" className="file-head">
      <div role="row" tabIndex={-1} aria-rowindex={1} aria-selected={false} className="file-row file-header">
        <div role="columnheader" tabIndex={-1} className="file-check">
          <input
            type="checkbox"
            className="check"
            tabIndex={-1}
            aria-label={t.selectAll}
            checked={total > 0 && chosen === total}
            ref={(box) => {
              if (box) box.indeterminate = chosen > 0 && chosen < total;
            }}
            onChange={() => state.setSelection((old) => (chosen === total ? NOTHING : selectAll(old)))}
          />
        </div>
        {COLUMNS.map((column) => {
          const sorted = view.sort === column;
          const Arrow = view.order === "asc" ? ArrowUp : ArrowDown;
          return (
            <div
              key={column}
              role="columnheader"
              tabIndex={-1}
              aria-sort={sorted ? (view.order === "asc" ? "ascending" : "descending") : undefined}
              className={CLASS[column]}
            >
              <button type="button" className="file-sort" tabIndex={-1} onClick={() => onSort(column)}>
                {t.column[column]}
                {sorted && <Arrow size={14} aria-hidden />}
              </button>
            </div>
          );
        })}
        <div role="columnheader" tabIndex={-1} className="file-more">
          <span className="sr-only">{t.column.actions}</span>
        </div>
      </div>
    </div>
  );
}
