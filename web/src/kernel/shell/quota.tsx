import { queryOptions, useQuery } from "@tanstack/react-query";
import { call, client } from "../api/client";
import type { Get } from "../api/shape";
import { useText } from "../i18n/area";
import { useFormat } from "../i18n/format";
import { kernelText } from "../i18n/kernel";
import { cx, Meter } from "../kit";

interface Paths {
  "/api/files/storage/available": Get<{
    available_bytes: number;
    used_bytes: number;
    quota_bytes: number | null;
  }>;
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
  const total = data.quota_bytes ?? data.used_bytes + data.available_bytes;
  const words = t.nav.quota(format.bytes(data.used_bytes), format.bytes(total));
  return (
    <div className={cx("quota", className)}>
      <p className="meta">{words}</p>
      <Meter label={t.nav.storage} value={total > 0 ? data.used_bytes / total : 0} />
    </div>
  );
}
