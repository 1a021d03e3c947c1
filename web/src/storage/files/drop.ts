// Dropping onto the page: files from outside, and rows dragged onto folders and crumbs.
import { useEffect, useRef, useState } from "react";
import { type Collected, collectDrop } from "../uploads/collect";
import type { Target } from "./target";

/** Marks a drag that began in the list. */
const INTERNAL = "application/x-balu-files";
const SPRING_MS = 700;

let dragged: Target | null = null;

export function beginDrag(target: Target, label: string, transfer: DataTransfer): void {
  dragged = target;
  transfer.setData(INTERNAL, "1");
  transfer.setData("text/plain", label);
  transfer.effectAllowed = "copyMove";
}

interface DropOptions {
  folder: string;
  enabled: boolean;
  onFiles(found: Promise<Collected>, folder: string): void;
  onItems(target: Target, folder: string, mode: "move" | "copy"): void;
  /** A drag rests on a folder. */
  onSpring(folder: string): void;
}

/** The folder a drop of outside files would go to right now, or null when nothing hovers. */
export function usePageDrop(options: DropOptions): string | null {
  const [hover, setHover] = useState<string | null>(null);
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    let over: Element | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const kindOf = (event: DragEvent): "inside" | "outside" | null => {
      const types = event.dataTransfer?.types ?? [];
      if (types.includes(INTERNAL)) return "inside";
      return types.includes("Files") ? "outside" : null;
    };
    const placeOf = (event: DragEvent) =>
      (event.target as Element | null)?.closest?.<HTMLElement>("[data-drop-folder]") ?? null;
    const leave = () => {
      over?.removeAttribute("data-over");
      over = null;
      clearTimeout(timer);
    };
    const enter = (place: HTMLElement | null) => {
      if (place === over) return;
      leave();
      over = place;
      if (!place) return;
      place.setAttribute("data-over", "");
      timer = setTimeout(() => latest.current.onSpring(place.dataset.dropFolder ?? ""), SPRING_MS);
    };

    const onOver = (event: DragEvent) => {
      const kind = kindOf(event);
      if (!kind || !event.dataTransfer || document.querySelector("dialog[open]")) return;
      // Also where nothing can be dropped, or the browser would open the file instead of the page.
      event.preventDefault();
      const place = placeOf(event);
      const allowed = latest.current.enabled && (kind === "outside" || place !== null);
      const copying = kind === "outside" || event.ctrlKey;
      event.dataTransfer.dropEffect = allowed ? (copying ? "copy" : "move") : "none";
      enter(allowed ? place : null);
      setHover(kind === "outside" && allowed ? (place?.dataset.dropFolder ?? latest.current.folder) : null);
    };
    const onDrop = (event: DragEvent) => {
      const kind = kindOf(event);
      const place = placeOf(event);
      leave();
      setHover(null);
      if (!kind || !event.dataTransfer) return;
      event.preventDefault();
      if (!latest.current.enabled) return;
      const folder = place?.dataset.dropFolder;
      if (kind === "outside") {
        latest.current.onFiles(collectDrop(event.dataTransfer), folder ?? latest.current.folder);
      } else if (dragged && folder !== undefined) {
        latest.current.onItems(dragged, folder, event.ctrlKey ? "copy" : "move");
      }
      dragged = null;
    };
    const onLeave = (event: DragEvent) => {
      // Leaving the window has no related target; moving between elements has one.
      if (event.relatedTarget) return;
      leave();
      setHover(null);
    };
    const onEnd = () => {
      dragged = null;
      leave();
      setHover(null);
    };
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    addEventListener("dragend", onEnd);
    return () => {
      leave();
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
      removeEventListener("dragend", onEnd);
    };
  }, []);
  return hover;
}
