import { queryOptions, useQuery } from "@tanstack/react-query";
import { call, client } from "../api/client";
import type { Get } from "../api/shape";
import { useText } from "../i18n/area";
import { useFormat } from "../i18n/format";
import { kernelText } from "../i18n/kernel";
import { cx, Meter } from "../kit";

export interface Space {
  state: "online" | "offline";
  available_bytes: number;
  used_bytes: number;
  quota_bytes: number | null;
}

interface Paths {
  "/api/files/storage/available": Get<Space>;
}

const api = client<Paths>();

/** How much room the signed-in person has; invalidate `["quota"]` after writing. */
export const quotaQuery = queryOptions({
  queryKey: ["quota"],
  queryFn: () => call(api.GET("/api/files/storage/available")),
  staleTime: 60_000,
  retry: false,
});

export function QuotaMeter({ className }: { className?: string }) {
  const t = useText(kernelText);
  const format = useFormat();
  const { data } = useQuery(quotaQuery);
  if (!data) return null;
  const total = totalOf(data);
  const used = format.bytes(data.used_bytes);
  return (
    <div className={cx("quota", className)}>
      <p className="meta">
        {total === null ? t.nav.quotaFree(used) : t.nav.quota(used, format.bytes(total))}
      </p>
      {total !== null && <Meter label={t.nav.storage} value={total > 0 ? data.used_bytes / total : 0} />}
    </div>
  );
}

/** How much the person may have in all; null while a disk is away that would say. */
export function totalOf({ state, quota_bytes, used_bytes, available_bytes }: Space): number | null {
  if (quota_bytes !== null) return quota_bytes;
  return state === "online" ? used_bytes + available_bytes : null;
}
