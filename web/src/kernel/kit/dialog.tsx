// Modal dialogs and sheets on <dialog>. Everything outside an open one is inert, so toasts
// move into the top-most one (see `top-layer.ts`).
import { type ReactNode, type SyntheticEvent, useEffect, useId, useRef } from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { IconButton } from "./button";
import { cx } from "./cx";
import "./dialog.css";
import { X } from "./icons";
import { enterTopLayer } from "./top-layer";

export interface DialogProps {
  open: boolean;
  /** Asked for by Esc, the close button and a click on the scrim. */
  onClose: () => void;
  title: ReactNode;
  children?: ReactNode;
  /** Buttons; the primary one last. */
  footer?: ReactNode;
  /** `sheet` slides from the bottom on a phone and from the side elsewhere. */
  as?: "dialog" | "sheet";
  size?: "s" | "m" | "l";
  /** Makes the dialog a form: Enter in a field and a submit button call this. */
  onSubmit?: (event: SyntheticEvent<HTMLFormElement>) => void;
}

/** Focus goes to `[data-autofocus]`, else to the first field, else to the dialog; and back on close. */
export function Dialog(props: DialogProps) {
  return props.open ? <OpenDialog {...props} /> : null;
}

export function Sheet(props: Omit<DialogProps, "as">) {
  return <Dialog {...props} as="sheet" />;
}

function OpenDialog({ onClose, title, children, footer, as = "dialog", size = "m", onSubmit }: DialogProps) {
  const t = useText(kernelText);
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    const opener = document.activeElement;
    dialog.showModal();
    focusInside(dialog);
    const leave = enterTopLayer(dialog);
    return () => {
      leave();
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);

  const body = (
    <>
      <div className="dialog-head">
        <h2 id={titleId} className="grow">
          {title}
        </h2>
        <IconButton icon={X} label={t.kit.close} onClick={onClose} />
      </div>
      <div className="dialog-body">{children}</div>
      {footer && <div className="dialog-foot">{footer}</div>}
    </>
  );
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc does the same by the cancel event.
    <dialog
      ref={ref}
      className={cx("dialog", `dialog-${as}`, `dialog-${size}`)}
      aria-labelledby={titleId}
      tabIndex={-1}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {onSubmit ? (
        <form
          className="dialog-box"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            onSubmit(event);
          }}
        >
          {body}
        </form>
      ) : (
        <div className="dialog-box">{body}</div>
      )}
    </dialog>
  );
}

function focusInside(dialog: HTMLDialogElement): void {
  const wanted =
    dialog.querySelector<HTMLElement>("[data-autofocus]") ??
    dialog.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea):not(:disabled)");
  (wanted ?? dialog).focus();
}
