import { cx } from "./cx";
import "./progress.css";

interface BarProps {
  /** What is measured; read out, not shown. */
  label: string;
  /** 0 to 1. For progress, undefined means "no idea how long". */
  value?: number;
  className?: string;
}

/** How far a task has come. */
export function Progress({ label, value, className }: BarProps) {
  return <progress className={cx("bar", className)} aria-label={label} max={1} value={value} />;
}

/** How much of something is used; changes colour and word at `warn` and `full`. */
export function Meter({ label, value = 0, className }: BarProps) {
  const tone = value >= 0.95 ? "bad" : value >= 0.85 ? "warn" : "ok";
  return (
    // biome-ignore lint/a11y/useSemanticElements: <meter> takes no style of ours.
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(Math.min(1, value) * 100)}
      className={cx("meter", `meter-${tone}`, className)}
    >
      <span style={{ inlineSize: `${Math.min(1, value) * 100}%` }} />
    </div>
  );
}
