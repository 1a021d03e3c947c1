import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Card, Meter, Page, PageHeader, Skeleton } from "@/kernel/kit";
import { lazyLater } from "@/kernel/router/lazy";
import { useUser } from "@/kernel/session/session";
import { quotaQuery, totalOf } from "@/kernel/shell/quota";
import { BringFiles } from "./bring";
import "./home.css";
import { homeText } from "./text";

const NextSteps = lazyLater(() => import("./next-steps"));
const Recent = lazyLater(() => import("./recent"));
const InventoryTiles = lazyLater(() => import("@/operations/inventory/tiles"));

export function HomePage() {
  const t = useText(homeText);
  const user = useUser();
  const { language } = useFormat();
  return (
    <Page>
      <PageHeader
        title={t.hello[timeOfDay()](user.username)}
        documentTitle={t.title}
        lead={today(language)}
      />
      <div className="home-grid">
        <div className="stack home-main">
          {user.grade !== "viewer" && <BringFiles />}
          <Suspense>
            <NextSteps />
            <Recent />
          </Suspense>
        </div>
        <div className="stack">
          <Storage />
          <Suspense>
            <InventoryTiles />
          </Suspense>
        </div>
      </div>
    </Page>
  );
}

function timeOfDay(): "morning" | "day" | "evening" {
  const hour = new Date().getHours();
  if (hour >= 4 && hour < 11) return "morning";
  return hour >= 11 && hour < 18 ? "day" : "evening";
}

function today(language: string): string {
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format();
}

function Storage() {
  const t = useText(homeText);
  const format = useFormat();
  const { data, isPending, isError } = useQuery(quotaQuery);
  if (isError) return null;
  const total = data ? totalOf(data) : null;
  return (
    <Card title={t.storage}>
      {isPending && <Skeleton lines={2} />}
      {data && (
        <div className="stack home-figure">
          <p className="figure">{format.bytes(data.used_bytes)}</p>
          {total !== null && <Meter label={t.storage} value={total > 0 ? data.used_bytes / total : 0} />}
          <p className="meta">
            {data.state === "online" ? t.storageFree(format.bytes(data.available_bytes)) : t.storageAway}
            {data.quota_bytes === null && ` · ${t.storageNoLimit}`}
          </p>
        </div>
      )}
    </Card>
  );
}
