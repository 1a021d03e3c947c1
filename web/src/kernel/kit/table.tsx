import type { ReactNode } from "react";
import { cx } from "./cx";
import "./table.css";

export interface Column<Row> {
  id: string;
  label: string;
  /** The column that names the row; shown first and large on a phone. */
  isName?: boolean;
  /** The label is read out only, as for a column of buttons. */
  hideLabel?: boolean;
  align?: "end";
  /** Shown in place of the label, such as a button that sorts by this column. */
  head?: ReactNode;
  sorted?: "ascending" | "descending";
  cell: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
}

/** A plain table for lists of up to some hundred rows; each row becomes a card on a phone. */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  return (
    <table className="table">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              aria-sort={column.sorted}
              className={cx(column.align === "end" && "table-end")}
            >
              {column.head ?? <span className={cx(column.hideLabel && "sr-only")}>{column.label}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column) =>
              column.isName ? (
                <th key={column.id} scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td
                  key={column.id}
                  data-label={column.hideLabel ? undefined : column.label}
                  className={cx(column.align === "end" && "table-end", column.hideLabel && "table-actions")}
                >
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
