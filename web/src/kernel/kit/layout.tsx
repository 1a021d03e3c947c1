import { type ReactNode, useEffect } from "react";
import { cx } from "./cx";
import "./layout.css";

interface PageHeaderProps {
  title: string;
  /** For the browser's tab when it should say more than the heading. */
  documentTitle?: string;
  hideTitle?: boolean;
  /** One line below the title. */
  lead?: ReactNode;
  /** One primary button and at most two others. */
  actions?: ReactNode;
}

/** The h1 of a page. Sets `document.title`; the router moves focus here when the page changes. */
export function PageHeader({ title, documentTitle, hideTitle, lead, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${documentTitle ?? title} · Balu`;
  }, [title, documentTitle]);
  return (
    <header className={cx("page-head", hideTitle && "sr-only")}>
      <div className="grow">
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p className="meta">{lead}</p>}
      </div>
      {actions && <div className="row">{actions}</div>}
    </header>
  );
}

/** Page content with the usual margins; `wide` lets a list use the whole width. */
export function Page({
  wide,
  className,
  children,
}: {
  wide?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return <div className={cx("page-box", wide && "page-wide", className)}>{children}</div>;
}

interface CardProps {
  title?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children?: ReactNode;
}

export function Card({ title, lead, actions, className, children }: CardProps) {
  return (
    <section className={cx("card", className)} aria-label={title}>
      {title && (
        <header className="card-head">
          <div className="grow">
            <h2>{title}</h2>
            {lead && <p className="meta">{lead}</p>}
          </div>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

/** A setting or record on one line: name and note left, control right; stacks when narrow. */
export function Line({
  title,
  note,
  children,
}: {
  title: ReactNode;
  note?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="line">
      <div className="grow">
        <div className="line-title">{title}</div>
        {note && <div className="meta">{note}</div>}
      </div>
      {children && <div className="row">{children}</div>}
    </div>
  );
}

/** A filter that is on or off. */
export function Chip({
  pressed,
  onClick,
  children,
}: {
  pressed: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button type="button" className="chip" aria-pressed={pressed} onClick={onClick}>
      {children}
    </button>
  );
}

/** A date as people say it, the exact one in its title. */
export function Time({ value, children, exact }: { value: string; children: ReactNode; exact: string }) {
  return (
    <time dateTime={value} title={exact}>
      {children}
    </time>
  );
}
