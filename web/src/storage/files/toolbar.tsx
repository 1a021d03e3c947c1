import { type Ref, useEffect, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import {
  Button,
  Ellipsis,
  FileUp,
  FolderPlus,
  FolderUp,
  IconButton,
  Menu,
  type MenuItem,
  PanelRight,
  Search,
  SlidersHorizontal,
  Upload,
  X,
} from "@/kernel/kit";
import { type Desk, offeredActions } from "./actions";
import { sizeOf, type Target } from "./target";
import { filesText } from "./text";
import { SORTS, type View } from "./view";

interface ToolbarProps {
  view: View;
  target: Target;
  desk: Desk;
  narrow: boolean;
  detailsOpen: boolean;
  filterRef: Ref<HTMLInputElement>;
  onView(view: View): void;
  onDetails(): void;
  onUpload(kind: "files" | "folder"): void;
  onNewFolder(): void;
  onClear(): void;
  /** Opens all actions of the selection; on a phone as a bottom sheet. */
  onMore(anchor: Element): void;
}

export function Toolbar(props: ToolbarProps) {
  const { view, target, desk, narrow, detailsOpen, onView } = props;
  const t = useText(filesText);
  const some = target.count > 0;
  const [asked, setFiltering] = useState(false);
  const filtering = asked || view.filter !== "";
  const close = () => {
    setFiltering(false);
    if (view.filter) onView({ ...view, filter: "" });
  };
  return (
    <div className="file-bar">
      {some ? (
        <Chosen {...props} />
      ) : (
        desk.canWrite && (
          <>
            <Menu
              label={t.upload}
              items={uploadItems(t, props.onUpload)}
              trigger={(button) => (
                <Button {...button} variant="primary" icon={Upload}>
                  {t.upload}
                </Button>
              )}
            />
            {narrow ? (
              <IconButton icon={FolderPlus} label={t.newFolder} onClick={props.onNewFolder} />
            ) : (
              <Button icon={FolderPlus} onClick={props.onNewFolder}>
                {t.newFolder}
              </Button>
            )}
          </>
        )
      )}
      <span className="grow" />
      {narrow && !some && (
        <IconButton
          icon={Search}
          label={t.filter}
          aria-expanded={filtering}
          onClick={() => (filtering ? close() : setFiltering(true))}
        />
      )}
      {(!narrow || (filtering && !some)) && (
        <FilterField
          ref={props.filterRef}
          value={view.filter}
          focus={narrow}
          onChange={(filter) => onView({ ...view, filter })}
        />
      )}
      <Menu
        label={t.viewOptions}
        items={sortItems(t, view, onView)}
        trigger={(button) => <IconButton {...button} icon={SlidersHorizontal} label={t.viewOptions} />}
      />
      {(!narrow || some) && (
        <IconButton
          icon={PanelRight}
          label={t.details}
          aria-pressed={detailsOpen}
          onClick={props.onDetails}
        />
      )}
    </div>
  );
}

export function uploadItems(t: Desk["t"], onUpload: (kind: "files" | "folder") => void): MenuItem[] {
  return [
    { id: "files", label: t.uploadFiles, icon: FileUp, run: () => onUpload("files") },
    { id: "folder", label: t.uploadFolder, icon: FolderUp, run: () => onUpload("folder") },
  ];
}

function Chosen({ target, desk, narrow, onClear, onMore }: ToolbarProps) {
  const t = useText(filesText);
  const format = useFormat();
  const size = sizeOf(target);
  const text = t.selected(target.count, size ? format.bytes(size) : "");
  const buttons = narrow ? [] : offeredActions(target, desk).filter((action) => action.inToolbar);
  return (
    <>
      <IconButton icon={X} label={t.clearSelection} shortcut="Esc" onClick={onClear} />
      <span className="file-chosen">{text}</span>
      <Said text={text} />
      {buttons.map((action) => (
        <Button key={action.id} icon={action.icon} onClick={() => action.run(target, desk)}>
          {action.label(t)}
        </Button>
      ))}
      <IconButton
        icon={Ellipsis}
        label={t.column.actions}
        aria-haspopup="menu"
        onClick={(event) => onMore(event.currentTarget)}
      />
    </>
  );
}

/** Says the count of a selection at most once a second. */
function Said({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  const last = useRef(0);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        last.current = Date.now();
        setSaid(text);
      },
      Math.max(150, last.current + 1000 - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <span role="status" className="sr-only">
      {said}
    </span>
  );
}

function FilterField({
  value,
  focus,
  onChange,
  ref,
}: {
  value: string;
  /** It has just been asked for. */
  focus: boolean;
  onChange(v: string): void;
  ref: Ref<HTMLInputElement>;
}) {
  const t = useText(filesText);
  const [typed, setTyped] = useState(value);
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => change.current(typed), 200);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <input
      ref={ref}
      type="search"
      className="input file-filter"
      // biome-ignore lint/a11y/noAutofocus: a button was pressed to type here.
      autoFocus={focus && value === ""}
      aria-label={t.filter}
      placeholder={t.filter}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => event.key === "Escape" && onChange("")}
    />
  );
}

function sortItems(t: Desk["t"], view: View, onView: (view: View) => void): MenuItem[] {
  const orders = [
    ["asc", t.ascending],
    ["desc", t.descending],
  ] as const;
  return [
    ...SORTS.map((sort) => ({
      id: sort,
      label: t.column[sort],
      checked: view.sort === sort,
      run: () => onView({ ...view, sort }),
    })),
    "-",
    ...orders.map(([order, label]) => ({
      id: order,
      label,
      checked: view.order === order,
      run: () => onView({ ...view, order }),
    })),
  ];
}
