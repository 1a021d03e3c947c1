import { useMutation } from "@tanstack/react-query";
import { type DragEvent, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import {
  Badge,
  Button,
  Card,
  CircleCheck,
  cx,
  EmptyState,
  ErrorState,
  FileSpreadsheet,
  FileUp,
  LinkButton,
  Notice,
  Page,
  PageHeader,
  Radio,
  Skeleton,
} from "@/kernel/kit";
import { useAttempt } from "./act";
import { Back } from "./back";
import { type Corrections, type ImportReport, importFile, type OnError, tryImport } from "./import-api";
import { ImportMistakes } from "./import-mistakes";
import { ImportPreview } from "./import-preview";
import { useMayWrite } from "./may";
import { inventoryText } from "./text";
import "./inventory.css";

const ACCEPT = ".csv,.json,.txt,.tsv,text/csv,application/json";

export function ImportPage() {
  const t = useText(inventoryText).import;
  const mayWrite = useMayWrite();
  const attempt = useAttempt();
  const [file, setFile] = useState<File | null>(null);
  const [corrections, setCorrections] = useState<Corrections>({});
  const [onError, setOnError] = useState<OnError>("abort");
  const [done, setDone] = useState<ImportReport | null>(null);
  const trial = useMutation({
    mutationFn: (wish: { file: File; corrections: Corrections }) => tryImport(wish.file, wish.corrections),
  });
  const [busy, setBusy] = useState(false);

  function look(wanted: File, mended: Corrections): void {
    setFile(wanted);
    setCorrections(mended);
    setDone(null);
    trial.mutate({ file: wanted, corrections: mended });
  }
  function again(): void {
    setFile(null);
    setCorrections({});
    setDone(null);
    trial.reset();
  }
  async function apply(): Promise<void> {
    if (!file) return;
    setBusy(true);
    const fine = await attempt(async () => setDone(await importFile(file, corrections, onError)));
    setBusy(false);
    // Somebody changed the inventory since the preview: what it says now.
    if (!fine) look(file, corrections);
  }

  const report = trial.data;
  const changes = report ? report.created + report.updated : 0;
  const wrong = report !== undefined && report.failed > 0;
  const blocked = wrong && onError === "abort";
  const outlook = blocked ? t.blocked : changes > 0 ? t.nothingYet : wrong ? t.nothingLeft : t.nothing;
  return (
    <Page>
      <Back />
      <PageHeader
        title={t.title}
        lead={file ? file.name : t.lead}
        actions={file && !done && <Button onClick={again}>{t.otherFile}</Button>}
      />
      {!mayWrite && <Notice>{t.mayNot}</Notice>}
      {mayWrite && !file && <Choose onFile={(chosen) => look(chosen, {})} />}
      {done && (
        <EmptyState
          icon={CircleCheck}
          title={t.done(done.created, done.updated)}
          action={
            <>
              <Button onClick={again}>{t.otherFile}</Button>
              <LinkButton to="/server/inventory" search={{}} variant="primary">
                {t.toList}
              </LinkButton>
            </>
          }
        >
          {t.doneHint(done.unchanged, done.failed)}
        </EmptyState>
      )}
      {file && !done && (
        <>
          {trial.isPending && !report && <Skeleton lines={6} />}
          {trial.isError && <ErrorState error={trial.error} retry={() => look(file, corrections)} />}
          {report && !trial.isError && (
            <>
              <Summary report={report} />
              {report.failed > 0 && (
                <ImportMistakes
                  rows={report.failed_devices}
                  busy={trial.isPending}
                  onMend={(mended) => look(file, merged(corrections, mended))}
                />
              )}
              <ImportPreview rows={report.rows} />
              <section className="inventory-apply" aria-label={t.apply(changes)}>
                {report.failed > 0 && (
                  <fieldset className="inventory-several">
                    <legend className="field-label">{t.onError}</legend>
                    {(["abort", "skip"] as const).map((choice) => (
                      <Radio
                        key={choice}
                        name="on-error"
                        label={t.choice[choice]}
                        checked={onError === choice}
                        onChange={() => setOnError(choice)}
                      />
                    ))}
                  </fieldset>
                )}
                <p className="meta grow">{outlook}</p>
                <Button
                  variant="primary"
                  icon={FileUp}
                  busy={busy}
                  disabled={blocked || changes === 0}
                  onClick={() => void apply()}
                >
                  {t.apply(changes)}
                </Button>
              </section>
            </>
          )}
        </>
      )}
    </Page>
  );
}

function Choose({ onFile }: { onFile: (file: File) => void }) {
  const t = useText(inventoryText).import;
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const hover = (inside: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(inside);
  };
  return (
    <Card title={t.choose} lead={t.chooseHint}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same by a click. */}
      <div
        className={cx("inventory-drop", over && "inventory-drop-over")}
        onDragEnter={hover(true)}
        onDragOver={hover(true)}
        onDragLeave={hover(false)}
        onDrop={(event) => {
          hover(false)(event);
          const dropped = event.dataTransfer.files[0];
          if (dropped) onFile(dropped);
        }}
      >
        <FileSpreadsheet size={24} strokeWidth={1.75} aria-hidden />
        <p className="inventory-drop-words">{t.drop}</p>
        <Button variant="primary" icon={FileUp} onClick={() => input.current?.click()}>
          {t.pick}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          accept={ACCEPT}
          aria-label={t.pick}
          onChange={(event) => {
            const picked = event.target.files?.[0];
            if (picked) onFile(picked);
            event.target.value = "";
          }}
        />
      </div>
      <div className="meta">
        <p>{t.columns}</p>
        <p className="inventory-columns">
          <code>
            name, device_type, ip_address, function, vendor, model, location, serial_number, networks,
            interface_type, poe_powered, poe_standards, monitoring_enabled, tags, notes, monitors
          </code>
        </p>
      </div>
    </Card>
  );
}

function Summary({ report }: { report: ImportReport }) {
  const t = useText(inventoryText).import;
  const news = [
    report.dialect !== "balu" && t.dialect(report.dialect === "netbox" ? "NetBox" : "Snipe-IT"),
    report.new_vendors.length > 0 && t.newVendors(report.new_vendors.length, some(report.new_vendors)),
    report.new_models.length > 0 && t.newModels(report.new_models.length, some(report.new_models)),
    report.new_locations.length > 0 && t.newPlaces(report.new_locations.length, some(report.new_locations)),
    report.ignored_columns.length > 0 && t.ignored(report.ignored_columns.join(", ")),
  ].filter((one) => one !== false);
  return (
    <Card title={t.preview} lead={t.previewHint}>
      <p className="row" role="status">
        <Badge tone={report.created > 0 ? "ok" : undefined}>{t.created(report.created)}</Badge>
        <Badge tone={report.updated > 0 ? "info" : undefined}>{t.updated(report.updated)}</Badge>
        <Badge>{t.unchanged(report.unchanged)}</Badge>
        <Badge tone={report.failed > 0 ? "bad" : undefined}>{t.failed(report.failed)}</Badge>
      </p>
      {news.length > 0 && (
        <ul className="inventory-news meta">
          {news.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const NAMED = 8;

function some(names: readonly string[]): string {
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ", …" : "");
}

function merged(old: Corrections, more: Corrections): Corrections {
  const all: Record<number, Record<string, string>> = {};
  for (const [row, cells] of [...Object.entries(old), ...Object.entries(more)]) {
    all[Number(row)] = { ...all[Number(row)], ...cells };
  }
  return all;
}
