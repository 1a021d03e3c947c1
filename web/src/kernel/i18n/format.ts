// Bytes, dates, rates and durations in the shown language and the user's time zone.
import { useMemo } from "react";
import { locale, useLanguage } from "./language";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;
const DAY_MS = 86_400_000;

/** Sizes in steps of 1000, three significant digits from kB on: 999 B, 1.5 kB, 38.2 MB. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${number(value, digits)} ${UNITS[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

export function formatNumber(value: number, digits = 0): string {
  return number(value, digits);
}

/** `share` from 0 to 1. */
export function formatPercent(share: number): string {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** Short length of time: 8 s, 4 min, 2 h 5 min. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] =
    whole < 60
      ? [[whole, "second"]]
      : whole < 3600
        ? [[Math.round(whole / 60), "minute"]]
        : [
            [Math.floor(whole / 3600), "hour"],
            [Math.floor((whole % 3600) / 60), "minute"],
          ];
  return parts
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) =>
      new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "short" }).format(value),
    )
    .join(" ");
}

/** Date and time in full, for `title` and details. */
export function formatExact(when: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeStyle: "medium" }).format(new Date(when));
}

export function formatDay(when: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(when));
}

/** Relative below seven days ("yesterday 18:02", "3 minutes ago"), else the day. */
export function formatWhen(when: string | number | Date, now = Date.now()): string {
  const date = new Date(when);
  const ago = now - date.getTime();
  if (Number.isNaN(ago)) return "";
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  if (Math.abs(ago) < 45_000) return relative.format(0, "second");
  if (Math.abs(ago) < 3_570_000) return relative.format(-Math.round(ago / 60_000), "minute");
  const days = Math.round((midnight(now) - midnight(date.getTime())) / DAY_MS);
  if (Math.abs(days) >= 7) return formatDay(date);
  const time = new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(date);
  return Math.abs(days) < 2 ? `${relative.format(-days, "day")} ${time}` : relative.format(-days, "day");
}

/** All formatters, renewed when the language changes; use it so that a page redraws then. */
export function useFormat() {
  const shown = useLanguage();
  return useMemo(() => ({ language: shown, ...FORMATTERS }), [shown]);
}

const FORMATTERS = {
  bytes: formatBytes,
  rate: formatRate,
  number: formatNumber,
  percent: formatPercent,
  duration: formatDuration,
  exact: formatExact,
  day: formatDay,
  when: formatWhen,
};

function number(value: number, digits: number): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

function midnight(when: number): number {
  return new Date(when).setHours(0, 0, 0, 0);
}
