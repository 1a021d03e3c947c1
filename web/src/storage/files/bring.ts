// Ways into a folder besides dropping: the system's file picker and the clipboard.
import { useEffect, useRef } from "react";
import { useText } from "@/kernel/i18n/area";
import { confirm, toast } from "@/kernel/kit";
import { type Collected, collectInput, collectPaste } from "../uploads/collect";
import { currentClip, setClip } from "./clipboard";
import type { FileOps } from "./ops";
import { filesText } from "./text";

/** Opens the system picker; must be called from a click or key. */
export function pickFiles(kind: "files" | "folder", then: (found: Collected) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = kind === "folder";
  input.onchange = () => then(collectInput(input.files ?? []));
  input.click();
}

interface PasteOptions {
  folder: string;
  enabled: boolean;
  ops: FileOps;
  bring(found: Collected, folder: string): void;
}

/** Pasting anywhere on the page: files and pictures, rows cut or copied here, or text as a note. */
export function usePaste(options: PasteOptions): void {
  const t = useText(filesText);
  const latest = useRef({ ...options, t });
  latest.current = { ...options, t };
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const now = latest.current;
      const typing = (event.target as Element | null)?.closest?.(
        "input, textarea, [contenteditable], dialog",
      );
      if (typing || !event.clipboardData || !now.enabled) return;
      const pasted = collectPaste(event.clipboardData, {
        screenshot: (when) => now.t.screenshot(stamp(when)),
      });
      if (pasted?.kind === "files") {
        event.preventDefault();
        void pasted.found.then((found) => now.bring(found, now.folder));
      } else if (currentClip()) {
        event.preventDefault();
        pasteClip(now.folder, now.ops);
      } else if (pasted?.kind === "text") {
        void askForNote(pasted.text, now);
      }
    };
    document.addEventListener("paste", onPaste);
    return () => document.removeEventListener("paste", onPaste);
  }, []);
}

/** Moves or copies what was cut or copied in the list into `folder`. */
export function pasteClip(folder: string, ops: FileOps): void {
  const clip = currentClip();
  if (!clip) return;
  if (clip.mode === "cut") setClip(null);
  void ops.transfer(clip.target, folder, clip.mode === "cut" ? "move" : "copy");
}

async function askForNote(text: string, now: PasteOptions & { t: { pasteText: Record<string, string> } }) {
  const { title = "", body = "", action = "", name = "note.txt" } = now.t.pasteText;
  if (!(await confirm({ title, body, action }))) return;
  const file = new File([text], name, { type: "text/plain" });
  now.bring({ files: [{ file, path: name }], folders: [], unreadable: [] }, now.folder);
}

/** Puts text into the clipboard; without a secure page it shows the text to copy. */
export async function copyText(text: string, done: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    toast({ text: done, tone: "ok" });
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  toast(copied ? { text: done, tone: "ok" } : { text, seconds: 30 });
}

/** 2026-11-21 09.41, in the user's zone: colons are not allowed in names everywhere. */
export function stamp(when: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return `${day} ${two(when.getHours())}.${two(when.getMinutes())}`;
}
