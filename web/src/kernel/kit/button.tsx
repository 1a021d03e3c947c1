import { Link, type LinkProps } from "@tanstack/react-router";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { keyNames } from "../i18n/keys";
import "./button.css";
import { cx } from "./cx";
import { type Icon, LoaderCircle } from "./icons";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";

interface Look {
  variant?: ButtonVariant;
  icon?: Icon;
  /** Icon after the label, for instance the arrow of a menu. */
  trailing?: Icon;
  /** Fills the width of its container. */
  wide?: boolean;
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Look {
  /** Shows a spinner and ignores clicks, keeping size and focus. */
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  variant = "secondary",
  icon,
  trailing,
  wide,
  busy,
  className,
  ...rest
}: ButtonProps) {
  const onClick = busy ? (event: { preventDefault(): void }) => event.preventDefault() : rest.onClick;
  return (
    <button
      type="button"
      {...rest}
      onClick={onClick}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      className={cx("btn", `btn-${variant}`, wide && "btn-wide", className)}
    >
      <Inside icon={busy ? LoaderCircle : icon} trailing={trailing}>
        {rest.children}
      </Inside>
    </button>
  );
}

/** A link that looks like a button; takes the router's `to`, `params` and `search`. */
export function LinkButton({
  variant = "secondary",
  icon,
  trailing,
  wide,
  className,
  children,
  ...link
}: LinkProps & Look & { className?: string; children: ReactNode }) {
  return (
    <Link {...link} className={cx("btn", `btn-${variant}`, wide && "btn-wide", className)}>
      <Inside icon={icon} trailing={trailing}>
        {children}
      </Inside>
    </Link>
  );
}

function Inside({
  icon: Before,
  trailing: After,
  children,
}: Pick<Look, "icon" | "trailing"> & { children: ReactNode }) {
  return (
    <>
      {Before && (
        <Before size={18} strokeWidth={1.75} aria-hidden className={cx(Before === LoaderCircle && "spin")} />
      )}
      <span>{children}</span>
      {After && <After size={18} strokeWidth={1.75} aria-hidden />}
    </>
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: Icon;
  /** Accessible name, also shown as tooltip. */
  label: string;
  /** Key hint shown after the name in the tooltip. */
  shortcut?: string;
  size?: 18 | 20 | 24;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  icon: Shape,
  label,
  shortcut,
  size = 20,
  className,
  children,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      data-tip={shortcut ? `${label} (${keyNames(shortcut)})` : label}
      className={cx("icon-btn", className)}
    >
      <Shape size={size} strokeWidth={1.75} aria-hidden />
      {children}
    </button>
  );
}
