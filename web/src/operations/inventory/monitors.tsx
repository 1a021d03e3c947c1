import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Badge,
  Button,
  Card,
  Checkbox,
  Dialog,
  IconButton,
  Input,
  Line,
  Notice,
  Pencil,
  Plus,
  Select,
  Textarea,
  Trash2,
  toast,
  useForm,
} from "@/kernel/kit";
import { useAttempt } from "./act";
import { addMonitor, changeMonitor, removeMonitor } from "./api";
import { refusalText } from "./faults";
import { inventoryText } from "./text";
import {
  type Device,
  MONITOR_PORTS,
  MONITOR_TYPES,
  type Monitor,
  type MonitorType,
  type NewMonitor,
} from "./types";

/** What watches a device: one line each, changed in a dialog. */
export function Monitors({ device, mayWrite }: { device: Device; mayWrite: boolean }) {
  const t = useText(inventoryText).device;
  const attempt = useAttempt();
  const [edited, setEdited] = useState<Monitor | "new" | null>(null);

  async function remove(monitor: Monitor): Promise<void> {
    const { id: _, device_id, ...again } = monitor;
    await attempt(async () => {
      await removeMonitor(monitor.id);
      toast({ text: t.monitorRemoved, undo: () => attempt(() => addMonitor(device_id, again)) });
    });
  }
  return (
    <Card
      title={t.monitors}
      actions={
        mayWrite && (
          <Button icon={Plus} onClick={() => setEdited("new")}>
            {t.addMonitor}
          </Button>
        )
      }
    >
      {device.monitors.length === 0 && <p className="meta">{t.noMonitors}</p>}
      {device.monitors.map((monitor) => (
        <Line key={monitor.id} title={titleOf(monitor, device)} note={monitor.notes}>
          <Badge tone={monitor.enabled ? "ok" : undefined}>{monitor.enabled ? t.enabled : t.disabled}</Badge>
          {mayWrite && (
            <>
              <IconButton icon={Pencil} label={t.editMonitor} onClick={() => setEdited(monitor)} />
              <IconButton icon={Trash2} label={t.removeMonitor} onClick={() => void remove(monitor)} />
            </>
          )}
        </Line>
      ))}
      {edited && <MonitorDialog device={device} monitor={edited} onClose={() => setEdited(null)} />}
    </Card>
  );
}

function titleOf({ monitor_type, endpoint, port }: Monitor, device: Device): string {
  const where = endpoint ?? device.ip_address ?? "";
  return `${monitor_type} ${where}${port === null || endpoint?.includes(":") ? "" : `:${port}`}`;
}

interface Values extends Record<string, unknown> {
  monitor_type: MonitorType;
  endpoint: string;
  port: string;
  enabled: boolean;
  notes: string;
}

interface DialogProps {
  device: Device;
  monitor: Monitor | "new";
  onClose(): void;
}

function MonitorDialog({ device, monitor, onClose }: DialogProps) {
  const t = useText(inventoryText);
  const m = t.device;
  const words = useText(kernelText);
  const isNew = monitor === "new";
  const form = useForm<Values, Monitor>({
    initial: isNew
      ? { monitor_type: "node_exporter", endpoint: "", port: "9100", enabled: true, notes: "" }
      : {
          ...monitor,
          endpoint: monitor.endpoint ?? "",
          port: monitor.port === null ? "" : String(monitor.port),
          notes: monitor.notes ?? "",
        },
    check: ({ port }) => ({ port: portOf(port) === undefined ? m.portInvalid : undefined }),
    send: ({ monitor_type, endpoint, port, enabled, notes }) => {
      const wish: NewMonitor = {
        monitor_type,
        endpoint: endpoint.trim() || null,
        port: portOf(port) ?? null,
        enabled,
        notes: notes.trim() || null,
      };
      return isNew ? addMonitor(device.id, wish) : changeMonitor(monitor.id, wish);
    },
    done: onClose,
  });
  const { values, bind, set } = form;
  return (
    <Dialog
      open
      title={isNew ? m.addMonitor : m.editMonitor}
      onClose={onClose}
      onSubmit={(event) => void form.submit(event)}
      footer={
        <>
          <Button onClick={onClose}>{words.kit.cancel}</Button>
          <Button type="submit" variant="primary" busy={form.busy}>
            {isNew ? m.addMonitor : t.form.save}
          </Button>
        </>
      }
    >
      {form.failure !== null && <Notice tone="bad">{refusalText(form.failure, words.problem)}</Notice>}
      <Select
        label={m.kind}
        data-autofocus
        options={MONITOR_TYPES.map((value) => ({ value, label: value }))}
        value={values.monitor_type}
        onChange={(event) => {
          const kind = event.target.value as MonitorType;
          set("monitor_type", kind);
          set("port", String(MONITOR_PORTS[kind] ?? ""));
        }}
      />
      <Input
        label={m.endpoint}
        help={m.endpointHelp}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        {...bind("endpoint")}
      />
      <Input
        label={m.port}
        help={m.portHelp(MONITOR_PORTS[values.monitor_type])}
        inputMode="numeric"
        autoComplete="off"
        {...bind("port")}
      />
      <Checkbox
        label={m.enabled}
        checked={values.enabled}
        onChange={(event) => set("enabled", event.target.checked)}
      />
      <Textarea label={t.form.notes} maxLength={500} {...bind("notes")} />
    </Dialog>
  );
}

/** The number; null for none, undefined for what is no port. */
function portOf(text: string): number | null | undefined {
  if (!text.trim()) return null;
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined;
}
