// The order of the list: by the heads of its columns, or by a menu where they are not seen.
import { useText } from "@/kernel/i18n/area";
import { ArrowDown, ArrowUp, Button, type Column, Menu } from "@/kernel/kit";
import { inventoryText } from "./text";
import { type Search, SORTS } from "./types";

export type Sort = (typeof SORTS)[number];

export interface Sorting {
  search: Search;
  onChange(change: Search): void;
}

/** By name, upwards, where nothing else is wished: the address says only what differs. */
const wish = (sort: Sort, down: boolean): Search => ({
  sort: sort === "name" ? undefined : sort,
  order: down ? "desc" : undefined,
});
const sortOf = ({ sort = "name" }: Search) => sort;

/** What makes a column's head sort by *sort*, and the other way round the second time. */
export function sortHead<Row>(
  label: string,
  sort: Sort,
  { search, onChange }: Sorting,
): Pick<Column<Row>, "label" | "head" | "sorted"> {
  const down = search.order === "desc";
  const sorted = sortOf(search) === sort;
  const Arrow = down ? ArrowDown : ArrowUp;
  return {
    label,
    sorted: sorted ? (down ? "descending" : "ascending") : undefined,
    head: (
      <>
        <button
          type="button"
          className="inventory-sort"
          onClick={() => onChange(wish(sort, sorted && !down))}
        >
          {label}
          {sorted && <Arrow size={14} aria-hidden />}
        </button>
        <span className="inventory-head">{label}</span>
      </>
    ),
  };
}

export function SortMenu({ search, onChange }: Sorting) {
  const t = useText(inventoryText).sorting;
  const down = search.order === "desc";
  const by = sortOf(search);
  return (
    <Menu
      label={t.title}
      items={() => [
        ...SORTS.map((sort) => ({
          id: sort,
          label: t.by[sort],
          checked: by === sort,
          run: () => onChange(wish(sort, down)),
        })),
        "-",
        ...([false, true] as const).map((way) => ({
          id: way ? "down" : "up",
          label: way ? t.down : t.up,
          checked: down === way,
          run: () => onChange(wish(by, way)),
        })),
      ]}
      trigger={(button) => (
        <Button {...button} icon={down ? ArrowDown : ArrowUp}>
          {t.sortedBy(t.by[by])}
        </Button>
      )}
    />
  );
}
