import { useEffect, useRef, useState } from "react";
import { Problem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  Check,
  ChevronDown,
  ChevronUp,
  IconButton,
  Notice,
  Pause,
  Play,
  Progress,
  RotateCcw,
  X,
} from "@/kernel/kit";
import { pickFiles } from "../files/bring";
import { uploads } from "./store";
import { uploadsText } from "./text";
import "./uploads.css";
import { type QueueView, shareDone, type Upload } from "./view";

const MOST_SHOWN = 60;
const ORDER: Upload["state"][] = [
  "sending",
  "conflict",
  "failed",
  "paused",
  "waiting",
  "done",
  "skipped",
  "cancelled",
];

interface PanelProps {
  view: QueueView;
  onDecide(): void;
}

/** The list of uploads at the bottom right; on a phone a pill that opens upwards. */
export function UploadPanel({ view, onDecide }: PanelProps) {
  const t = useText(uploadsText);
  const [open, setOpen] = useState(() => !matchMedia("(max-width: 720px)").matches);
  const share = shareDone(view);
  const items = [...view.items]
    .filter((item) => item.state !== "cancelled")
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return (
    <section className="uploads" aria-label={t.title} data-open={open}>
      <header className="uploads-head">
        <h2 className="grow uploads-title">
          <Title view={view} open={open} />
        </h2>
        {view.active && <IconButton icon={Pause} label={t.pauseAll} onClick={() => uploads.pauseAll()} />}
        {!view.active && view.paused > view.interrupted + view.missing && (
          <IconButton icon={Play} label={t.resumeAll} onClick={() => uploads.resumeAll()} />
        )}
        <IconButton
          icon={open ? ChevronDown : ChevronUp}
          label={open ? t.hide : t.show}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        />
        {view.active || view.paused > 0 || view.conflicts.length > 0 ? (
          <IconButton icon={X} label={t.cancelAll} onClick={() => uploads.cancelAll()} />
        ) : (
          <IconButton icon={X} label={t.clear} onClick={() => uploads.clear()} />
        )}
      </header>
      {(view.active || view.paused > 0) && (
        <Progress label={t.progress} value={share} className="uploads-all" />
      )}
      <Spoken view={view} share={share} />
      {open && (
        <div className="uploads-body">
          <Interrupted view={view} />
          <Failures view={view} />
          {view.conflicts.length > 0 && (
            <Notice tone="warn" action={<Button onClick={onDecide}>{t.conflict.decide}</Button>}>
              {t.conflict.left(view.conflicts.length)}
            </Notice>
          )}
          <ul className="uploads-list">
            {items.slice(0, MOST_SHOWN).map((item) => (
              <Item key={item.id} item={item} />
            ))}
          </ul>
          {items.length > MOST_SHOWN && (
            <p className="meta uploads-more">{t.more(items.length - MOST_SHOWN)}</p>
          )}
        </div>
      )}
    </section>
  );
}

function Title({ view, open }: { view: QueueView; open: boolean }) {
  const t = useText(uploadsText);
  const format = useFormat();
  if (view.active) {
    const running = t.running(format.number(view.finished), format.number(view.total));
    return `${running}${view.left === null ? "" : ` · ${t.left(format.duration(view.left))}`}`;
  }
  if (view.paused > 0) return t.pausedTitle(view.paused);
  // The open list asks below, beside the button that answers.
  if (view.conflicts.length > 0) return open ? t.title : t.conflict.left(view.conflicts.length);
  const failed = view.failures.reduce((sum, one) => sum + one.count, 0);
  if (failed > 0) return t.problems(failed);
  return view.finished > 0 ? t.done(view.finished) : t.stopped;
}

/** Only start, quarters and the end are said; the moving numbers are not. */
function Spoken({ view, share }: { view: QueueView; share: number }) {
  const t = useText(uploadsText);
  const format = useFormat();
  const [said, setSaid] = useState("");
  const quarter = useRef(-1);
  const failed = view.failures.reduce((sum, one) => sum + one.count, 0);
  const now = view.active ? Math.floor(share * 4) : 4;
  const start = t.announce.start(view.total);
  const end = failed > 0 ? t.problems(failed) : t.done(view.finished);
  useEffect(() => {
    if (now === quarter.current) return;
    quarter.current = now;
    setSaid(now === 0 ? start : now === 4 ? end : t.announce.share(format.percent(now / 4)));
  }, [now, start, end, t, format]);
  return (
    <p role="status" className="sr-only">
      {said}
    </p>
  );
}

function useWhy() {
  const t = useText(uploadsText);
  const problems: Record<string, string> = useText(kernelText).problem;
  return ({ code, detail }: { code: string; detail: string }) =>
    code === "unreadable"
      ? t.unreadable
      : code === "file-changed"
        ? t.changed
        : problemText(new Problem(0, code, detail), problems);
}

/** What the last page left unfinished: one click where the browser may read it again, else picking it. */
function Interrupted({ view }: { view: QueueView }) {
  const t = useText(uploadsText);
  const { interrupted, missing, missingFrom } = view;
  const choose = () => pickFiles(missingFrom, (found) => uploads.supply(found));
  return (
    <>
      {interrupted > 0 && (
        <Notice
          action={
            <Button icon={Play} onClick={() => void uploads.resumeLost()}>
              {t.resumeThem}
            </Button>
          }
        >
          {t.interrupted(interrupted)}
        </Notice>
      )}
      {missing > 0 && (
        <Notice tone="warn" action={<Button onClick={choose}>{t.chooseAgain[missingFrom]}</Button>}>
          {t.missing(missing)}
        </Notice>
      )}
    </>
  );
}

function Failures({ view }: { view: QueueView }) {
  const t = useText(uploadsText);
  const kernel = useText(kernelText);
  const why = useWhy();
  return view.failures.map((failure) => (
    <Notice
      key={failure.code}
      tone="bad"
      action={
        failure.retryable && (
          <Button icon={RotateCcw} onClick={() => uploads.retry(failure.code)}>
            {t.retryAll}
          </Button>
        )
      }
    >
      {t.failed(failure.count, why(failure))}
      {failure.requestId && (
        <span className="meta uploads-id">{kernel.kit.requestId(failure.requestId)}</span>
      )}
    </Notice>
  ));
}

function Item({ item }: { item: Upload }) {
  const t = useText(uploadsText);
  const { state, name, id } = item;
  return (
    <li className="upload">
      <span className="upload-name truncate" title={item.path}>
        {name}
      </span>
      <span className="upload-buttons">
        {(state === "sending" || state === "waiting") && (
          <IconButton size={18} icon={Pause} label={t.pause(name)} onClick={() => uploads.pause(id)} />
        )}
        {state === "paused" && !item.lost && (
          <IconButton size={18} icon={Play} label={t.resume(name)} onClick={() => uploads.resume(id)} />
        )}
        {state === "failed" && item.retryable && (
          <IconButton size={18} icon={RotateCcw} label={t.retry(name)} onClick={() => uploads.resume(id)} />
        )}
        {state === "done" || state === "skipped" ? (
          <Check size={18} strokeWidth={1.75} aria-hidden className="upload-done" />
        ) : (
          <IconButton size={18} icon={X} label={t.cancel(name)} onClick={() => uploads.cancel(id)} />
        )}
      </span>
      <span className="meta upload-note">
        <Note item={item} />
      </span>
      {(state === "sending" || state === "paused") && (
        <Progress label={t.progressOf(name)} value={item.size > 0 ? item.sent / item.size : 0} />
      )}
    </li>
  );
}

function Note({ item }: { item: Upload }) {
  const t = useText(uploadsText);
  const format = useFormat();
  const why = useWhy();
  if (item.savedAs) return t.savedAs(item.savedAs);
  if (item.problem) return why(item.problem);
  if (item.state === "paused" && item.lost) return t.lost;
  if (item.state === "done" && item.verified) return t.verified;
  if (item.state !== "sending") return t.state[item.state];
  const sent = t.of(format.bytes(item.sent), format.bytes(item.size));
  if (item.rate === 0) return sent;
  const left = item.left === null ? "" : ` · ${t.left(format.duration(item.left))}`;
  return `${sent} · ${format.rate(item.rate)}${left}`;
}
