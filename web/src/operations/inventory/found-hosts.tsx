// Hosts that answered, one line each, to be taken into the inventory one by one or all at once.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Badge, Button, Card, type Column, EmptyState, Plus, Search, Table, toast } from "@/kernel/kit";
import { useAttempt } from "./act";
import { vendorsQuery } from "./api";
import DeviceDialog from "./device-dialog";
import type { Edited } from "./device-values";
import { addHosts, type Discovery, type Host } from "./discovery-api";
import { faultText } from "./faults";
import { useMayWrite } from "./may";
import { inventoryText } from "./text";

interface FoundHostsProps {
  job: number;
  hosts: readonly Host[];
  summary: Discovery["summary"];
  over: boolean;
}

export function FoundHosts({ job, hosts, summary, over }: FoundHostsProps) {
  const t = useText(inventoryText);
  const d = t.discovery;
  const format = useFormat();
  const mayWrite = useMayWrite();
  const attempt = useAttempt();
  const vendors = useQuery(vendorsQuery).data ?? [];
  const [edited, setEdited] = useState<Edited | null>(null);
  const [busy, setBusy] = useState(false);
  const fresh = hosts.filter((host) => !host.device_id);

  async function addAll(): Promise<void> {
    setBusy(true);
    await attempt(async () => {
      const { created, failed_devices } = await addHosts(
        job,
        fresh.map(({ ip }) => ip),
      );
      toast({ text: d.added(created), tone: "ok" });
      for (const { name, issues } of failed_devices) {
        const why = issues.map((one) => faultText(one, t) ?? `${one.error} ${one.fix}`).join(" ");
        toast({ text: [name, why].filter(Boolean).join(": "), tone: "bad" });
      }
    });
    setBusy(false);
  }
  function add(host: Host): void {
    const vendor = vendors.find((one) => one.name.toLowerCase() === host.mac_vendor?.toLowerCase());
    setEdited({
      mode: "add",
      start: {
        name: nameOf(host),
        ip_address: host.ip,
        device_type: "icmp_only",
        vendor_id: vendor?.id ?? null,
        notes: host.mac ? d.mac(host.mac, host.mac_vendor ?? "") : null,
        monitors: [{ monitor_type: "icmp", endpoint: null, port: null, enabled: true, notes: null }],
      },
    });
  }
  if (hosts.length === 0) {
    return over ? (
      <EmptyState icon={Search} title={d.nobody}>
        {d.nobodyHint}
      </EmptyState>
    ) : null;
  }
  const columns: Column<Host>[] = [
    {
      id: "name",
      label: t.column.name,
      isName: true,
      cell: (host) => (
        <span>
          {nameOf(host)}
          {host.hostname && <span className="meta inventory-address">{host.ip}</span>}
        </span>
      ),
    },
    { id: "made", label: t.form.vendor, cell: (host) => host.mac_vendor ?? "–" },
    {
      id: "answer",
      label: d.answer,
      cell: (host) =>
        [
          host.rtt_ms !== null && `${format.number(host.rtt_ms, host.rtt_ms < 10 ? 1 : 0)} ms`,
          host.port !== null && `Port ${host.port}`,
        ]
          .filter(Boolean)
          .join(", "),
    },
    {
      id: "known",
      label: d.known,
      cell: (host) =>
        host.device_id ? (
          <Link className="inventory-link" to="/server/inventory/$id" params={{ id: String(host.device_id) }}>
            {host.device_name}
          </Link>
        ) : (
          <Badge tone="info">{over ? d.fresh : d.notCompared}</Badge>
        ),
    },
  ];
  if (mayWrite) {
    columns.push({
      id: "actions",
      label: t.column.actions,
      hideLabel: true,
      cell: (host) =>
        !host.device_id && (
          <Button icon={Plus} aria-label={d.addHost(nameOf(host))} onClick={() => add(host)}>
            {d.add}
          </Button>
        ),
    });
  }
  return (
    <>
      <Card
        className="inventory-flush inventory-hosts"
        title={d.found(hosts.length)}
        lead={summary ? d.summary(summary.asked, hosts.length - fresh.length) : undefined}
        actions={
          mayWrite &&
          over &&
          fresh.length > 0 && (
            <Button variant="primary" icon={Plus} busy={busy} onClick={() => void addAll()}>
              {d.addAll(fresh.length)}
            </Button>
          )
        }
      >
        <Table caption={d.found(hosts.length)} columns={columns} rows={hosts} rowKey={({ ip }) => ip} />
      </Card>
      {edited && <DeviceDialog edited={edited} onClose={() => setEdited(null)} />}
    </>
  );
}

function nameOf({ hostname, ip }: Host): string {
  return hostname?.split(".")[0] || ip;
}
