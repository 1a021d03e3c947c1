import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { ChevronDown, ChevronRight, Ellipsis, IconButton, Menu, type MenuItem } from "@/kernel/kit";
import { nameOf, trail } from "./names";
import { filesText } from "./text";

interface CrumbsProps {
  path: string;
  narrow: boolean;
  /** Actions of the folder shown, opened at the last crumb. */
  folderMenu: () => readonly MenuItem[];
  editing: boolean;
  onEdited(): void;
}

export function Crumbs({ path, narrow, folderMenu, editing, onEdited }: CrumbsProps) {
  const t = useText(filesText);
  const navigate = useNavigate();
  const go = (folder: string) => void navigate({ to: "/files/$", params: { _splat: folder } });
  if (editing) return <PathField path={path} onDone={onEdited} go={go} />;
  const all = ["", ...trail(path)];
  const name = (folder: string) => nameOf(folder) || t.myFiles;
  const tail = narrow ? 1 : 2;
  const hidden = all.length > tail + 1 ? all.slice(narrow ? 0 : 1, -tail) : [];
  const shown = all.filter((folder) => !hidden.includes(folder));
  const menu = (
    <Crumb key="…">
      <Menu
        label={t.hiddenFolders}
        items={hidden.map((folder) => ({ id: `f${folder}`, label: name(folder), run: () => go(folder) }))}
        trigger={(button) => <IconButton {...button} icon={Ellipsis} label={t.hiddenFolders} />}
      />
    </Crumb>
  );
  return (
    <nav aria-label={t.path} className="crumbs">
      <ol className="crumbs-list">
        {narrow && hidden.length > 0 && menu}
        {shown.flatMap((folder, index) => {
          const last = index === shown.length - 1;
          const crumb = last ? (
            <Crumb key={folder} last>
              <span className="crumb-now truncate" aria-current="page">
                {name(folder)}
              </span>
              <Menu
                label={t.folderMenu(name(folder))}
                items={folderMenu}
                trigger={(button) => (
                  <IconButton {...button} icon={ChevronDown} label={t.folderMenu(name(folder))} />
                )}
              />
            </Crumb>
          ) : (
            <Crumb key={folder}>
              <Link
                to="/files/$"
                params={{ _splat: folder }}
                data-drop-folder={folder}
                className="crumb-link truncate"
              >
                {name(folder)}
              </Link>
            </Crumb>
          );
          return index === 0 && !narrow && hidden.length > 0 ? [crumb, menu] : [crumb];
        })}
      </ol>
    </nav>
  );
}

function Crumb({ last, children }: { last?: boolean; children: ReactNode }) {
  return (
    <li className="crumb">
      {children}
      {!last && <ChevronRight size={18} strokeWidth={1.75} aria-hidden />}
    </li>
  );
}

function PathField({ path, onDone, go }: { path: string; onDone(): void; go(path: string): void }) {
  const t = useText(filesText);
  const [value, setValue] = useState(`/${path}`);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <form
      className="crumbs grow"
      onSubmit={(event) => {
        event.preventDefault();
        onDone();
        go(value.split("/").filter(Boolean).join("/"));
      }}
    >
      <input
        ref={input}
        className="input"
        aria-label={t.goToPath}
        spellCheck={false}
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onDone()}
        onBlur={onDone}
      />
    </form>
  );
}
