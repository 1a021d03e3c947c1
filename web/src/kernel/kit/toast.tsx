// Short messages at the bottom. They stay at least ten seconds when they offer Undo, wait while
// pointed at or focused, and F6 moves focus to them.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Button, IconButton } from "./button";
import { CircleAlert, CircleCheck, Info, X } from "./icons";
import "./toast.css";
import { useTopLayer } from "./top-layer";

export interface ToastOptions {
  text: string;
  tone?: "info" | "ok" | "bad";
  /** Takes the act back; also run by Ctrl+Z while the message is shown. */
  undo?: () => unknown;
  action?: { label: string; run: () => unknown };
  /** How long to show; default 5 s, with a button 12 s, errors 10 s. */
  seconds?: number;
}

interface Toast extends ToastOptions {
  id: number;
  /** When it goes, as of `Date.now()`; kept here because moving into a dialog draws it anew. */
  until: number;
}

const MOST_SHOWN = 3;
const AFTER_HOLD_MS = 4_000;
const ICONS = { info: Info, ok: CircleCheck, bad: CircleAlert };

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** Shows a message; the answer removes it early. */
export function toast(options: ToastOptions | string): () => void {
  const id = ++lastId;
  const given = typeof options === "string" ? { text: options } : options;
  const until = Date.now() + secondsFor(given) * 1000;
  set([...toasts, { ...given, id, until }].slice(-MOST_SHOWN));
  return () => dismiss(id);
}

interface Coming {
  undone: boolean;
}

let coming: readonly Coming[] = [];

/**
 * For an act that takes a moment and will then offer Undo: Ctrl+Z in between is kept for it. What this answers ends
 * the wait: with a message, whose Undo runs instead when it was asked for, or with nothing.
 */
export function undoComing(): (message?: ToastOptions) => void {
  const one: Coming = { undone: false };
  coming = [...coming, one];
  return (message) => {
    coming = coming.filter((other) => other !== one);
    if (one.undone && message?.undo) void message.undo();
    else if (message) toast(message);
  };
}

/** Runs the newest Undo that is still on screen or on its way; false when there is none. */
export function undoLast(): boolean {
  const next = coming.findLast((one) => !one.undone);
  if (next) {
    next.undone = true;
    return true;
  }
  const last = toasts.findLast((one) => one.undo);
  if (!last) return false;
  dismiss(last.id);
  void last.undo?.();
  return true;
}

/** Mounted once by the root; announces politely and moves into the top-most dialog. */
export function ToastRegion() {
  const t = useText(kernelText);
  const home = useTopLayer();
  const shown = useSyncExternalStore(subscribe, read, read);
  const region = useRef<HTMLElement>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "F6" && toasts.length > 0) {
        event.preventDefault();
        region.current?.querySelector<HTMLElement>("button")?.focus();
      }
      const typing = (event.target as Element | null)?.closest?.("input, textarea, [contenteditable]");
      const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if (isUndo && !typing && undoLast()) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return createPortal(
    <section
      ref={region}
      className="toasts"
      aria-label={t.kit.notifications}
      aria-live="polite"
      aria-relevant="additions"
    >
      {shown.map((one) => (
        <Message key={one.id} toast={one} />
      ))}
    </section>,
    home,
  );
}

function Message({ toast: one }: { toast: Toast }) {
  const t = useText(kernelText);
  const [held, setHeld] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const Shape = ICONS[one.tone ?? "info"];

  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(one.id), Math.max(0, one.until - Date.now()));
    return () => clearTimeout(timer);
  }, [held, one]);

  function release(): void {
    one.until = Math.max(one.until, Date.now() + AFTER_HOLD_MS);
    setHeld(false);
  }

  function leave(then?: () => unknown): void {
    const hadFocus = box.current?.contains(document.activeElement);
    dismiss(one.id);
    if (hadFocus) document.querySelector<HTMLElement>("main h1, h1")?.focus({ preventScroll: true });
    void then?.();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering only holds the message.
    <div
      ref={box}
      className={`toast toast-${one.tone ?? "info"}`}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={release}
      onFocus={() => setHeld(true)}
      onBlur={release}
    >
      <Shape size={20} strokeWidth={1.75} aria-hidden />
      <p className="grow">{one.text}</p>
      {one.undo && (
        <Button variant="ghost" onClick={() => leave(one.undo)}>
          {t.kit.undo}
        </Button>
      )}
      {one.action && (
        <Button variant="ghost" onClick={() => leave(one.action?.run)}>
          {one.action.label}
        </Button>
      )}
      <IconButton icon={X} size={18} label={t.kit.close} onClick={() => leave()} />
    </div>
  );
}

function secondsFor({ seconds, undo, action, tone }: ToastOptions): number {
  return seconds ?? (undo || action ? 12 : tone === "bad" ? 10 : 5);
}

function dismiss(id: number): void {
  set(toasts.filter((one) => one.id !== id));
}

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const tell of listeners) tell();
}

function read(): readonly Toast[] {
  return toasts;
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
