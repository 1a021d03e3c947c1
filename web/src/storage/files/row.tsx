import { type CSSProperties, type MouseEvent, memo } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { cx, Ellipsis, IconButton } from "@/kernel/kit";
import type { FileItem } from "./api";
import { iconOf } from "./icon-of";
import { RenameField } from "./rename";
import { filesText } from "./text";

export interface RowHandlers {
  choose(item: FileItem, row: number, event: MouseEvent): void;
  open(item: FileItem): void;
  toggle(item: FileItem, row: number): void;
  menu(item: FileItem, row: number, anchor: Element | { x: number; y: number }): void;
  press(item: FileItem, row: number): () => void;
  drag(item: FileItem, row: number, transfer: DataTransfer): void;
  renamed(item: FileItem, name: string | null, next: boolean): Promise<string | null>;
}

interface RowProps {
  item: FileItem | undefined;
  row: number;
  /** Offset in the list, in px. */
  y: number;
  selected: boolean;
  active: boolean;
  cut: boolean;
  renaming: boolean;
  on: RowHandlers;
}

/** How many cells the arrow keys walk through. */
export const CELLS = 5;

export const Row = memo(function Row({ item, row, y, selected, active, cut, renaming, on }: RowProps) {
  const t = useText(filesText);
  const format = useFormat();
  const style: CSSProperties = { transform: `translateY(${y}px)` };
  const frame = { "aria-rowindex": row + 2, "data-row": row, style };
  if (!item) {
    return (
      <div
        role="row"
        tabIndex={active ? 0 : -1}
        {...frame}
        aria-selected={selected}
        aria-busy="true"
        className="file-row"
      >
        <div role="gridcell" tabIndex={-1} />
        <div role="rowheader" tabIndex={-1} className="file-name">
          <span className="file-ghost" />
        </div>
        <div role="gridcell" tabIndex={-1} className="file-size" />
        <div role="gridcell" tabIndex={-1} className="file-date" />
        <div role="gridcell" tabIndex={-1} />
      </div>
    );
  }
  const isFolder = item.type === "directory";
  const Shape = iconOf(item);
  const size = isFolder ? "–" : format.bytes(item.size);
  const when = format.when(item.modified_at);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles keys for all rows.
    <div
      role="row"
      tabIndex={active ? 0 : -1}
      {...frame}
      aria-selected={selected}
      className={cx("file-row", cut && "file-cut")}
      data-drop-folder={isFolder ? item.path : undefined}
      draggable={!renaming && matchMedia("(pointer: fine)").matches}
      onClick={(event) => on.choose(item, row, event)}
      onDoubleClick={() => on.open(item)}
      onContextMenu={(event) => {
        event.preventDefault();
        const touch = (event.nativeEvent as PointerEvent).pointerType === "touch";
        if (!touch) on.menu(item, row, { x: event.clientX, y: event.clientY });
      }}
      onPointerDown={(event) => {
        if (event.pointerType === "mouse") return;
        const cancel = on.press(item, row);
        // Scrolling begins with a pointercancel.
        for (const end of ["pointerup", "pointercancel"]) addEventListener(end, cancel, { once: true });
      }}
      onDragStart={(event) => on.drag(item, row, event.dataTransfer)}
    >
      <div role="gridcell" tabIndex={-1} className="file-check">
        <input
          type="checkbox"
          className="check"
          tabIndex={-1}
          aria-label={t.select(item.name)}
          checked={selected}
          onClick={(event) => event.stopPropagation()}
          onDoubleClick={(event) => event.stopPropagation()}
          onChange={() => on.toggle(item, row)}
        />
      </div>
      <div role="rowheader" tabIndex={-1} className="file-name">
        <Shape size={20} strokeWidth={1.75} aria-hidden className={isFolder ? "file-folder" : "file-icon"} />
        {renaming ? (
          <RenameField item={item} onDone={(name, next) => on.renamed(item, name, next)} />
        ) : (
          <span className="file-label">
            <span className="truncate" title={item.name}>
              {item.name}
            </span>
            <span className="file-sub meta truncate">{isFolder ? when : `${size} · ${when}`}</span>
          </span>
        )}
        {cut && <span className="sr-only">{t.cutMark}</span>}
      </div>
      <div role="gridcell" tabIndex={-1} className="file-size">
        {size}
      </div>
      <div role="gridcell" tabIndex={-1} className="file-date">
        <time dateTime={item.modified_at} title={format.exact(item.modified_at)}>
          {when}
        </time>
      </div>
      <div role="gridcell" tabIndex={-1} className="file-more">
        <IconButton
          icon={Ellipsis}
          label={t.actionsFor(item.name)}
          tabIndex={-1}
          aria-haspopup="menu"
          onClick={(event) => {
            event.stopPropagation();
            on.menu(item, row, event.currentTarget);
          }}
          onDoubleClick={(event) => event.stopPropagation()}
        />
      </div>
    </div>
  );
});
