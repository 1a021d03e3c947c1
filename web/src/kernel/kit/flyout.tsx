// A panel that opens below its button, for content that is more than a menu; a sheet on a phone.
import { type ReactNode, useId, useRef, useState } from "react";
import { place } from "./anchor";
import "./flyout.css";
import type { TriggerProps } from "./menu";

interface FlyoutProps {
  label: string;
  trigger: (button: Omit<TriggerProps, "aria-haspopup"> & { "aria-haspopup": "dialog" }) => ReactNode;
  /** Rendered only while open. */
  children: (close: () => void) => ReactNode;
}

export function Flyout({ label, trigger, children }: FlyoutProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLElement | null>(null);

  function show(from: HTMLElement): void {
    button.current = from;
    setOpen(true);
    const panel = box.current;
    if (!panel || panel.matches(":popover-open")) return;
    panel.showPopover();
    // The content is drawn after this handler; its height decides where the panel fits.
    requestAnimationFrame(() => {
      place(panel, from);
      panel.focus({ preventScroll: true });
    });
  }

  return (
    <>
      {trigger({
        id,
        "aria-haspopup": "dialog",
        "aria-expanded": open,
        onClick: (event) => show(event.currentTarget),
      })}
      <div
        ref={box}
        popover="auto"
        role="dialog"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it.
        tabIndex={0}
        className="flyout"
        onToggle={(event) => {
          if (event.newState === "closed") setOpen(false);
        }}
      >
        {open &&
          children(() => {
            box.current?.hidePopover();
            button.current?.focus();
          })}
      </div>
    </>
  );
}
