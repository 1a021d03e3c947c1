import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { confirm } from "@/kernel/kit";
import type { FileItem } from "./api";
import { extensionOf, nameFault, stemLength } from "./names";
import { filesText } from "./text";

interface RenameProps {
  item: FileItem;
  /** `name` is null when nothing changes; `next` goes on with the row below. Answers what is wrong, or null. */
  onDone(name: string | null, next: boolean): Promise<string | null>;
}

/** Enter saves, Esc reverts, Tab saves and goes on with the next row. */
export function RenameField({ item, onDone }: RenameProps) {
  const t = useText(filesText);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(item.name);
  const [fault, setFault] = useState("");
  const busy = useRef(false);

  useLayoutEffect(() => {
    const node = input.current;
    node?.focus({ preventScroll: true });
    node?.setSelectionRange(0, stemLength(node.value, item.type === "directory"));
  }, [item.type]);

  async function save(next: boolean): Promise<void> {
    if (busy.current) return;
    if (name === item.name) return void onDone(null, next);
    const wrong = nameFault(name);
    if (wrong) return setFault(t.rename[wrong]);
    busy.current = true;
    try {
      const [from, to] = [extensionOf(item.name), extensionOf(name)];
      if (item.type === "file" && from && from !== to) {
        const question = {
          title: t.rename.extTitle,
          body: t.rename.extBody(from, to),
          action: t.rename.extAction,
        };
        if (!(await confirm(question))) return;
      }
      setFault((await onDone(name, next)) ?? "");
    } finally {
      busy.current = false;
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") void onDone(null, false);
    if (event.key !== "Enter" && event.key !== "Tab") return;
    event.preventDefault();
    void save(event.key === "Tab");
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: clicks inside the field must not select the row.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same.
    <span className="file-rename" onClick={(event) => event.stopPropagation()}>
      <input
        ref={input}
        className="input"
        aria-label={t.rename.label(item.name)}
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? id : undefined}
        spellCheck={false}
        autoComplete="off"
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          setFault("");
        }}
        onKeyDown={onKeyDown}
        onDoubleClick={(event) => event.stopPropagation()}
        onBlur={() => {
          if (busy.current) return;
          if (nameFault(name)) void onDone(null, false);
          else void save(false);
        }}
      />
      {fault && (
        <span id={id} role="alert" className="file-fault">
          {fault}
        </span>
      )}
    </span>
  );
}
