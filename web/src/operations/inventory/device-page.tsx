import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import {
  Badge,
  Button,
  Card,
  Copy,
  Ellipsis,
  EmptyState,
  ErrorState,
  IconButton,
  LinkButton,
  Menu,
  Page,
  PageHeader,
  Pencil,
  Server,
  Skeleton,
  Star,
  Trash2,
  toast,
} from "@/kernel/kit";
import { useAttempt, useRemove } from "./act";
import { deviceQuery } from "./api";
import { Back } from "./back";
import DeviceDialog from "./device-dialog";
import { DeviceHistory } from "./device-history";
import type { Edited } from "./device-values";
import { useInventoryLive } from "./live";
import { useMayWrite } from "./may";
import { Monitors } from "./monitors";
import NameDialog from "./name-dialog";
import { useShown } from "./shown";
import { keepTemplate } from "./templates-api";
import { inventoryText } from "./text";
import type { Device } from "./types";
import "./inventory.css";

export function DevicePage() {
  const t = useText(inventoryText);
  const { id } = useParams({ from: "/app/server/inventory/$id" });
  const number = Number(id);
  const device = useQuery(deviceQuery(number));
  const mayWrite = useMayWrite();
  const navigate = useNavigate();
  const remove = useRemove();
  const [edited, setEdited] = useState<Edited | null>(null);
  const [naming, setNaming] = useState(false);
  const attempt = useAttempt();
  useInventoryLive();

  if (isProblem(device.error) && device.error.status === 404) {
    return (
      <Page>
        <PageHeader title={t.title} />
        <EmptyState
          icon={Server}
          title={t.device.gone}
          action={
            <>
              <Back />
              <LinkButton to="/server/inventory/deleted" search={{}} icon={Trash2}>
                {t.deleted.title}
              </LinkButton>
            </>
          }
        />
      </Page>
    );
  }
  if (device.isError && !device.data) return <ErrorState error={device.error} retry={device.refetch} />;
  const { data } = device;
  const keep = async (name: string) => {
    const kept = data !== undefined && (await attempt(() => keepTemplate(name, data)));
    if (kept) toast({ text: t.template.kept(name), tone: "ok" });
    return kept;
  };
  return (
    <Page>
      <Back />
      <PageHeader
        title={data?.name ?? t.title}
        lead={data && t.type[data.device_type]}
        actions={
          data &&
          mayWrite && (
            <>
              <Menu
                label={t.actionsFor(data.name)}
                items={() => [
                  {
                    id: "clone",
                    label: t.clone,
                    icon: Copy,
                    run: () => setEdited({ mode: "clone", device: data }),
                  },
                  { id: "keep", label: t.template.keep, icon: Star, run: () => setNaming(true) },
                  "-",
                  {
                    id: "remove",
                    label: t.remove,
                    icon: Trash2,
                    danger: true,
                    run: async () => {
                      // First away from here, where there will be nothing to show.
                      await navigate({ to: "/server/inventory", search: {} });
                      await remove([number]);
                    },
                  },
                ]}
                trigger={(button) => (
                  <IconButton {...button} icon={Ellipsis} label={t.actionsFor(data.name)} />
                )}
              />
              <Button
                variant="primary"
                icon={Pencil}
                onClick={() => setEdited({ mode: "edit", device: data })}
              >
                {t.edit}
              </Button>
            </>
          )
        }
      />
      {!data && <Skeleton lines={8} />}
      {data && (
        <div className="stack">
          <Facts device={data} />
          <Monitors device={data} mayWrite={mayWrite} />
          <DeviceHistory id={number} />
        </div>
      )}
      {edited && <DeviceDialog edited={edited} onClose={() => setEdited(null)} />}
      {naming && (
        <NameDialog
          title={t.template.keep}
          label={t.template.name}
          save={keep}
          onClose={() => setNaming(false)}
        />
      )}
    </Page>
  );
}

function Facts({ device }: { device: Device }) {
  const t = useText(inventoryText);
  const shown = useShown();
  const names = [
    "ip_address",
    "deviceFunction",
    "vendor_name",
    "model_name",
    "location_name",
    "serial_number",
    "networks",
    "interface_type",
    "poe_powered",
    "poe_standards",
    "tags",
    "notes",
  ] as const;
  const known = names.filter((name) => {
    const value = device[name];
    return Array.isArray(value) ? value.length > 0 : value !== null && value !== "" && value !== false;
  });
  return (
    <Card title={t.device.facts} actions={<Reach device={device} />}>
      <dl className="inventory-facts">
        {known.map((name) => (
          <div key={name}>
            <dt className="meta">{shown.field(name)}</dt>
            <dd>{name === "tags" ? <Tags tags={device.tags} /> : shown.value(device[name])}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** Each leads to the devices that have it, too. */
function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <span className="row">
      {tags.map((tag) => (
        <Link key={tag} className="inventory-link" to="/server/inventory" search={{ tag }}>
          {tag}
        </Link>
      ))}
    </span>
  );
}

function Reach({ device }: { device: Device }) {
  const t = useText(inventoryText).device;
  const format = useFormat();
  if (!device.checked_at) return <Badge>{t.never}</Badge>;
  if (device.rtt_ms !== null) {
    return <Badge tone="ok">{t.reachable(`${format.number(Math.round(device.rtt_ms))} ms`)}</Badge>;
  }
  const when = device.last_seen_at ? format.when(Date.parse(device.last_seen_at)) : "–";
  return <Badge tone="bad">{t.unreachable(when)}</Badge>;
}
