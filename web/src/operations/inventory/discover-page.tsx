import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  Card,
  Checkbox,
  ErrorState,
  Input,
  Notice,
  Page,
  PageHeader,
  Progress,
  Search,
  Select,
  useForm,
  X,
} from "@/kernel/kit";
import { cancelJob, watchJobs } from "@/kernel/live/jobs";
import { useLive } from "@/kernel/live/socket";
import { useIsAdmin } from "@/kernel/session/session";
import { useAttempt } from "./act";
import { key } from "./api";
import { Back } from "./back";
import { discoveryQuery, type Host, isOver, startDiscovery, type Wish } from "./discovery-api";
import { refusalText } from "./faults";
import { FoundHosts } from "./found-hosts";
import { useMayWrite } from "./may";
import { targetsOf } from "./targets-of";
import { inventoryText } from "./text";
import "./inventory.css";

export function DiscoverPage() {
  const t = useText(inventoryText).discovery;
  const mayWrite = useMayWrite();
  const { job } = useSearch({ from: "/app/server/inventory/discover" });
  const navigate = useNavigate();
  const show = (id: number) => void navigate({ to: "/server/inventory/discover", search: { job: id } });
  return (
    <Page>
      <Back />
      <PageHeader title={t.title} lead={t.lead} />
      {mayWrite ? <Form onStarted={show} /> : <Notice>{t.mayNot}</Notice>}
      {job !== undefined && <Results key={job} job={job} />}
    </Page>
  );
}

interface Values extends Record<string, unknown> {
  targets: string;
  probe: NonNullable<Wish["probe"]>;
  ports: string;
  allow_public: boolean;
}

function Form({ onStarted }: { onStarted: (job: number) => void }) {
  const t = useText(inventoryText).discovery;
  const words = useText(kernelText);
  const isAdmin = useIsAdmin();
  const form = useForm<Values, { job_id: number }>({
    initial: { targets: "", probe: "auto", ports: "", allow_public: false },
    check: ({ targets, ports }) => {
      const read = targetsOf(targets);
      return {
        targets: "fault" in read ? t.fault[read.fault](read.at) : undefined,
        ports: portsOf(ports) ? undefined : t.portsWrong,
      };
    },
    send: async ({ targets, probe, ports, allow_public }) => {
      const read = targetsOf(targets);
      if ("fault" in read) throw new Error(read.fault);
      try {
        return await startDiscovery({ ...read, probe, ports: portsOf(ports) ?? [], allow_public });
      } catch (error) {
        if (isProblem(error)) {
          const { range, cidr } = error.fields;
          const told = range ?? cidr;
          if (told) form.setErrors({ targets: told.join(" ") });
        }
        throw error;
      }
    },
    done: ({ job_id }) => {
      watchJobs();
      onStarted(job_id);
    },
  });
  const { values, bind, set } = form;
  const named = form.errors.targets !== undefined;
  return (
    <Card>
      <form className="stack" noValidate onSubmit={(event) => void form.submit(event)}>
        {form.failure !== null && !named && (
          <Notice tone="bad">{refusalText(form.failure, words.problem)}</Notice>
        )}
        <div className="inventory-ask">
          <Input
            label={t.targets}
            help={t.targetsHelp}
            placeholder="192.168.1.0/24"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            inputMode="url"
            {...bind("targets")}
          />
          <Button type="submit" variant="primary" icon={Search} busy={form.busy}>
            {t.start}
          </Button>
        </div>
        <details className="inventory-details">
          <summary>{t.how}</summary>
          <div className="inventory-form">
            <Select
              label={t.probe}
              options={(["auto", "icmp", "tcp"] as const).map((value) => ({ value, label: t.probes[value] }))}
              {...bind("probe")}
            />
            <Input
              label={t.ports}
              help={t.portsHelp}
              inputMode="numeric"
              autoComplete="off"
              {...bind("ports")}
            />
            {isAdmin && (
              <Checkbox
                label={t.allowPublic}
                help={t.allowPublicHelp}
                checked={values.allow_public}
                onChange={(event) => set("allow_public", event.target.checked)}
              />
            )}
          </div>
        </details>
      </form>
    </Card>
  );
}

function Results({ job }: { job: number }) {
  const t = useText(inventoryText).discovery;
  const client = useQueryClient();
  const attempt = useAttempt();
  const found = useQuery(discoveryQuery(job));
  const [told, setTold] = useState<readonly Host[]>([]);
  useLive("inventory", (data) => {
    const event = data as { change?: string; job_id?: number; results?: Host[] } | undefined;
    if (event?.change !== "discovery") void client.invalidateQueries({ queryKey: key });
    else if (event.job_id === job) {
      const results = event.results ?? [];
      setTold((before) => [...before.filter((one) => !results.some(({ ip }) => ip === one.ip)), ...results]);
      void client.invalidateQueries({ queryKey: discoveryQuery(job).queryKey });
    }
  });
  useLive("jobs", () => void client.invalidateQueries({ queryKey: discoveryQuery(job).queryKey }));

  if (found.isError && !found.data) {
    return isProblem(found.error) && found.error.status === 404 ? (
      <Notice>{t.gone}</Notice>
    ) : (
      <ErrorState error={found.error} retry={found.refetch} />
    );
  }
  if (!found.data) return null;
  const { data } = found;
  const over = isOver(data);
  const hosts = over && data.results.length > 0 ? data.results : told;
  return (
    <>
      {!over && (
        <Card title={t.running}>
          <div className="inventory-progress">
            <Progress label={t.running} value={data.progress / 100} />
            <span className="meta">{t.soFar(data.progress, told.filter((one) => one.reachable).length)}</span>
            <Button icon={X} onClick={() => void attempt(() => cancelJob(job))}>
              {t.cancel}
            </Button>
          </div>
        </Card>
      )}
      {data.status === "failed" && <Notice tone="bad">{t.broke(data.error ?? "")}</Notice>}
      {data.status === "cancelled" && <Notice tone="warn">{t.cancelled}</Notice>}
      <FoundHosts job={job} hosts={hosts.filter((one) => one.reachable)} summary={data.summary} over={over} />
    </>
  );
}

/** Numbers of ports; null when one is none. */
function portsOf(text: string): number[] | null {
  const ports = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number);
  return ports.length <= 10 && ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)
    ? ports
    : null;
}
