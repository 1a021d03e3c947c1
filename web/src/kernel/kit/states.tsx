// What a page shows when it has nothing yet, nothing at all, or something broke.
import { type ReactNode, useEffect, useState } from "react";
import { Problem } from "../api/problem";
import { problemText } from "../api/problem-text";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Button } from "./button";
import { cx } from "./cx";
import { CircleAlert, CircleCheck, type Icon, Info, RefreshCw, TriangleAlert } from "./icons";
import "./states.css";

/** Grey lines in the place of content; they appear only after 200 ms. */
export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const t = useText(kernelText);
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-busy="true" className={cx("skeleton", className)} data-late={late}>
      <span className="sr-only">{late ? t.kit.loading : ""}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change order.
        <span key={line} className="skeleton-line" aria-hidden />
      ))}
    </div>
  );
}

interface EmptyProps {
  icon: Icon;
  title: string;
  /** One sentence that says what belongs here. */
  children?: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon: Shape, title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Shape size={24} strokeWidth={1.75} aria-hidden />
      </span>
      <h2>{title}</h2>
      {children && <p className="empty-text">{children}</p>}
      {action && <div className="row">{action}</div>}
    </div>
  );
}

/** A failed load: plain words, Try again, and the request id to hand on. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => unknown }) {
  const t = useText(kernelText);
  const id = error instanceof Problem ? error.requestId : undefined;
  return (
    <div role="alert">
      <EmptyState
        icon={CircleAlert}
        title={t.state.errorTitle}
        action={
          retry && (
            <Button icon={RefreshCw} onClick={() => void retry()}>
              {t.kit.retry}
            </Button>
          )
        }
      >
        {problemText(error, t.problem)}
        {id && <span className="meta empty-id">{t.kit.requestId(id)}</span>}
      </EmptyState>
    </div>
  );
}

const NOTICE_ICONS = { info: Info, ok: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

interface NoticeProps {
  tone?: keyof typeof NOTICE_ICONS;
  children: ReactNode;
  action?: ReactNode;
}

/** A message inside the page, next to what it is about. `bad` is announced at once. */
export function Notice({ tone = "info", children, action }: NoticeProps) {
  const Shape = NOTICE_ICONS[tone];
  return (
    <div role={tone === "bad" ? "alert" : undefined} className={cx("notice", `notice-${tone}`)}>
      <Shape size={20} strokeWidth={1.75} aria-hidden />
      <div className="grow notice-text">{children}</div>
      {action}
    </div>
  );
}

/** A short state in words, never by colour alone. */
export function Badge({
  tone,
  icon: Shape,
  children,
}: {
  tone?: "ok" | "warn" | "bad" | "info";
  icon?: Icon;
  children: ReactNode;
}) {
  return (
    <span className={cx("badge", tone && `badge-${tone}`)}>
      {Shape && <Shape size={14} strokeWidth={2} aria-hidden />}
      {children}
    </span>
  );
}
