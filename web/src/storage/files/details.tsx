import type { ReactNode } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Download, IconButton, Notice, Sheet, X } from "@/kernel/kit";
import { downloadUrl, type FileItem } from "./api";
import { iconOf } from "./icon-of";
import { nameOf, parentOf } from "./names";
import { sizeOf, type Target } from "./target";
import { filesText } from "./text";

const LARGEST_PREVIEW = 20_000_000;

interface DetailsProps {
  target: Target;
  narrow: boolean;
  onClose(): void;
}

/** What is known about the selection: beside the list, or a sheet on a phone. */
export default function Details({ target, narrow, onClose }: DetailsProps) {
  const t = useText(filesText);
  if (narrow) {
    return (
      <Sheet open onClose={onClose} title={target.items[0]?.name ?? t.panel.title}>
        <Content target={target} />
      </Sheet>
    );
  }
  return (
    <aside className="file-details" aria-label={t.panel.title}>
      <header className="row">
        <h2 className="grow">{t.panel.title}</h2>
        <IconButton icon={X} label={t.panel.close} onClick={onClose} />
      </header>
      <Content target={target} />
    </aside>
  );
}

function Content({ target }: { target: Target }) {
  const t = useText(filesText);
  const format = useFormat();
  const item = target.count === 1 ? target.items[0] : undefined;
  if (item) return <One item={item} />;
  const size = sizeOf(target);
  const text = target.count === 0 ? t.panel.none : t.panel.many(target.count, size ? format.bytes(size) : "");
  return <p className="meta">{text}</p>;
}

function One({ item }: { item: FileItem }) {
  const t = useText(filesText);
  const format = useFormat();
  const isFile = item.type === "file";
  const Shape = iconOf(item);
  const picture =
    isFile && /^image\/(?!svg|tiff|heic)/.test(item.mime_type ?? "") && item.size <= LARGEST_PREVIEW;
  const exact = item.size < 1000 ? "" : ` (${format.number(item.size)} B)`;
  const size = `${format.bytes(item.size)}${exact}`;
  const facts: [string, ReactNode][] = [
    [t.panel.kind, isFile ? (item.mime_type ?? t.file) : t.folder],
    ...(isFile ? ([[t.panel.size, size]] as const) : []),
    [t.panel.modified, format.exact(item.modified_at)],
    [t.panel.place, nameOf(parentOf(item.path)) || t.myFiles],
    ...(item.owner_name ? ([[t.panel.owner, item.owner_name]] as const) : []),
    ...(item.checksum ? ([[t.panel.hash, <code key="sha">{item.checksum}</code>]] as const) : []),
    ...(item.blake3 ? ([[t.panel.blake3, <code key="b3">{item.blake3}</code>]] as const) : []),
  ].map(([name, value]) => [String(name), value as ReactNode]);
  return (
    <div className="stack">
      <div className="file-preview">
        {picture && !item.is_infected ? (
          <img src={downloadUrl(item.path)} alt="" loading="lazy" />
        ) : (
          <Shape size={24} strokeWidth={1.75} aria-hidden />
        )}
      </div>
      <p className="file-title">{item.name}</p>
      {item.is_infected && <Notice tone="bad">{t.panel.infected}</Notice>}
      {isFile && !item.is_infected && (
        <a className="btn btn-secondary" href={downloadUrl(item.path)} download={item.name}>
          <Download size={18} strokeWidth={1.75} aria-hidden />
          <span>{t.action.download}</span>
        </a>
      )}
      <dl className="file-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="meta">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
