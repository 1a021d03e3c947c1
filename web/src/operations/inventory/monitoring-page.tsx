import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  Card,
  Check,
  Copy,
  copyText,
  Download,
  ErrorState,
  Line,
  Page,
  PageHeader,
  Select,
  Skeleton,
  Switch,
  Textarea,
  toast,
} from "@/kernel/kit";
import { useAttempt } from "./act";
import { Back } from "./back";
import { useMayWrite } from "./may";
import {
  configQuery,
  type Reachability,
  RULES,
  reachabilityQuery,
  setReachability,
  writeTargets,
  ZIP,
} from "./monitoring-api";
import { TargetTokens } from "./target-tokens";
import { inventoryText } from "./text";
import "./inventory.css";

export function MonitoringPage() {
  const t = useText(inventoryText).prometheus;
  const mayWrite = useMayWrite();
  return (
    <Page>
      <Back />
      <PageHeader title={t.title} lead={t.lead} />
      <Reach mayWrite={mayWrite} />
      {mayWrite && <TargetTokens />}
      <Config />
      <Files mayWrite={mayWrite} />
    </Page>
  );
}

const MINUTES = [1, 2, 5, 10, 15, 30];

function Reach({ mayWrite }: { mayWrite: boolean }) {
  const t = useText(inventoryText).prometheus;
  const attempt = useAttempt();
  const { data } = useQuery(reachabilityQuery);
  if (!data) return null;
  const change = (wish: Partial<Reachability>) => void attempt(() => setReachability({ ...data, ...wish }));
  return (
    <Card title={t.reach} lead={t.reachHint}>
      <div className="inventory-reach">
        <Switch
          label={t.reachOn}
          checked={data.enabled}
          disabled={!mayWrite}
          onChange={(event) => change({ enabled: event.target.checked })}
        />
        <Select
          label={t.reachEvery}
          value={data.every_minutes}
          disabled={!mayWrite || !data.enabled}
          onChange={(event) => change({ every_minutes: Number(event.target.value) })}
          options={[...new Set([...MINUTES, data.every_minutes])]
            .sort((a, b) => a - b)
            .map((n) => ({ value: String(n), label: t.minutes(n) }))}
        />
      </div>
    </Card>
  );
}

function Config() {
  const t = useText(inventoryText).prometheus;
  const { kit } = useText(kernelText);
  const config = useQuery(configQuery);
  const [copied, setCopied] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const copy = async (text: string) =>
    setCopied(await copyText(text, box.current?.querySelector<HTMLTextAreaElement>("textarea")));
  return (
    <Card
      title={t.config}
      lead={t.configHint}
      actions={
        config.data !== undefined && (
          <Button icon={copied ? Check : Copy} onClick={() => void copy(config.data)}>
            {copied ? kit.copied : t.copyConfig}
          </Button>
        )
      }
    >
      {config.isPending && <Skeleton lines={6} />}
      {config.isError && <ErrorState error={config.error} retry={config.refetch} />}
      {config.data !== undefined && (
        <div ref={box} className="inventory-config">
          <Textarea label="prometheus.yml" readOnly spellCheck={false} rows={12} value={config.data} />
        </div>
      )}
      <p>
        <a className="btn btn-secondary" href={RULES} download="alerts.yml">
          <Download size={18} strokeWidth={1.75} aria-hidden />
          <span>{t.rules}</span>
        </a>
      </p>
    </Card>
  );
}

function Files({ mayWrite }: { mayWrite: boolean }) {
  const t = useText(inventoryText).prometheus;
  const format = useFormat();
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);
  async function write(): Promise<void> {
    setBusy(true);
    await attempt(async () => {
      const { written, removed, directory } = await writeTargets();
      toast({ text: t.written(format.number(written), format.number(removed), directory), tone: "ok" });
    });
    setBusy(false);
  }
  return (
    <Card title={t.files} lead={t.filesHint}>
      <div>
        <Line title={t.zip} note={t.zipHint}>
          <a className="btn btn-secondary" href={ZIP} download>
            <Download size={18} strokeWidth={1.75} aria-hidden />
            <span>{t.download}</span>
          </a>
        </Line>
        {mayWrite && (
          <Line title={t.folder} note={t.folderHint}>
            <Button busy={busy} onClick={() => void write()}>
              {t.write}
            </Button>
          </Line>
        )}
      </div>
    </Card>
  );
}
