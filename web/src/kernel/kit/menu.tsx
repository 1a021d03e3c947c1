// Menus and context menus on popover; a bottom sheet on the phone.

import {
  type KeyboardEvent,
  type ReactNode,
  type RefCallback,
  useCallback,
  useId,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { keyNames } from "../i18n/keys";
import { type Anchor, place } from "./anchor";
import { cx } from "./cx";
import { Check, type Icon } from "./icons";
import "./menu.css";
import { topLayer } from "./top-layer";

export interface MenuAction {
  id: string;
  label: string;
  icon?: Icon;
  /** Key hint, shown only. */
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
  /** A choice among the items next to it: true or false shows a tick column. */
  checked?: boolean;
  run: () => void;
}

/** `"-"` draws a line; a string beginning with `#` is a heading. */
export type MenuItem = MenuAction | "-" | `#${string}`;

interface MenuListProps {
  label: string;
  items: readonly MenuItem[];
  anchor: Anchor;
  onClose: () => void;
}

/** An open menu at an element or point. Focus returns to where it was. */
export function MenuList({ label, items, anchor, onClose }: MenuListProps) {
  // The layer it opens in, for good: a dialog opened later closes the menu and must not adopt it.
  const [home] = useState(layerForMenus);
  const close = useRef(onClose);
  close.current = onClose;
  const opener = useRef(document.activeElement);
  const typed = useRef({ text: "", at: 0 });

  const attach: RefCallback<HTMLDivElement> = useCallback(
    (menu) => {
      if (!menu) return;
      const toggled = (event: Event) => {
        if ((event as ToggleEvent).newState === "closed") close.current();
      };
      menu.showPopover();
      place(menu, anchor);
      menu.addEventListener("toggle", toggled);
      entries(menu)[0]?.focus({ preventScroll: true });
      return () => {
        menu.removeEventListener("toggle", toggled);
        const back = opener.current;
        const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
        if (inside && back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
      };
    },
    [anchor],
  );

  function run(action: MenuAction): void {
    if (action.disabled) return;
    const back = opener.current;
    onClose();
    // The opener has focus again before the action may move it elsewhere.
    if (back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
    action.run();
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    const all = entries(event.currentTarget);
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = target(event, all, at, typed.current);
    event.stopPropagation();
    if (event.key === "Tab") onClose();
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  }

  return createPortal(
    <div
      ref={attach}
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      className="menu"
      onKeyDown={onKeyDown}
    >
      {items.map((item, index) => (
        <Entry key={typeof item === "string" ? `${item}${index}` : item.id} item={item} onRun={run} />
      ))}
    </div>,
    home,
  );
}

function Entry({ item, onRun }: { item: MenuItem; onRun: (action: MenuAction) => void }) {
  if (item === "-") return <hr className="menu-line" />;
  if (typeof item === "string") {
    return (
      <div role="presentation" className="menu-title">
        {item.slice(1)}
      </div>
    );
  }
  const { icon: Shape, checked } = item;
  const common = {
    type: "button" as const,
    tabIndex: -1,
    "aria-disabled": item.disabled || undefined,
    className: cx("menu-item", item.danger && "menu-danger"),
    onClick: () => onRun(item),
  };
  const inside = (
    <>
      {Shape && <Shape size={18} strokeWidth={1.75} aria-hidden />}
      <span className="grow">{item.label}</span>
      {item.shortcut && (
        <kbd className="menu-key" aria-hidden>
          {keyNames(item.shortcut)}
        </kbd>
      )}
      {checked !== undefined && <Check size={18} aria-hidden className={cx(!checked && "menu-off")} />}
    </>
  );
  return checked === undefined ? (
    <button {...common} role="menuitem">
      {inside}
    </button>
  ) : (
    <button {...common} role="menuitemradio" aria-checked={checked}>
      {inside}
    </button>
  );
}

interface MenuProps {
  label: string;
  items: readonly MenuItem[] | (() => readonly MenuItem[]);
  /** Spread the given properties on the button that opens the menu. */
  trigger: (button: TriggerProps) => ReactNode;
}

export interface TriggerProps {
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  id: string;
  onClick: (event: { currentTarget: HTMLElement }) => void;
}

export function Menu({ label, items, trigger }: MenuProps) {
  const id = useId();
  const { menu, openMenu, isOpen } = useMenu(label);
  return (
    <>
      {trigger({
        id,
        "aria-haspopup": "menu",
        "aria-expanded": isOpen,
        onClick: (event) => openMenu(event.currentTarget, typeof items === "function" ? items() : items),
      })}
      {menu}
    </>
  );
}

/** For context menus: render `menu` anywhere and call `openMenu` with a point or element and the items. */
export function useMenu(label: string) {
  const [state, setState] = useState<{ anchor: Anchor; items: readonly MenuItem[] } | null>(null);
  const openMenu = useCallback(
    (anchor: Anchor, items: readonly MenuItem[]) => setState({ anchor, items }),
    [],
  );
  const close = useCallback(() => setState(null), []);
  const menu = state && <MenuList label={label} items={state.items} anchor={state.anchor} onClose={close} />;
  return { menu, openMenu, close, isOpen: state !== null };
}

/** Without a dialog the main landmark, where page content belongs for a screen reader. */
function layerForMenus(): HTMLElement {
  const top = topLayer();
  return top === document.body ? (document.querySelector("main") ?? top) : top;
}

function entries(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
}

function target(event: KeyboardEvent, all: HTMLElement[], at: number, typed: { text: string; at: number }) {
  if (event.key === "ArrowDown") return at + 1;
  if (event.key === "ArrowUp") return at <= 0 ? -1 : at - 1;
  if (event.key === "Home") return 0;
  if (event.key === "End") return -1;
  if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey) return undefined;
  typed.text = event.timeStamp - typed.at < 700 ? typed.text + event.key : event.key;
  typed.at = event.timeStamp;
  const found = all.findIndex((one) => one.textContent?.toLowerCase().startsWith(typed.text.toLowerCase()));
  return found < 0 ? undefined : found;
}
