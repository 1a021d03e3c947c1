import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { FileUp, FolderPlus, FolderUp, PageHeader, useMenu } from "@/kernel/kit";
import { lazyDialog } from "@/kernel/router/lazy";
import { useActions } from "@/kernel/shell/actions";
import type { Collected } from "../uploads/collect";
import { uploads } from "../uploads/store";
import { type Desk, menuItems, runAction } from "./actions";
import type { FileItem } from "./api";
import { pasteClip, pickFiles, usePaste } from "./bring";
import { useClip } from "./clipboard";
import { Crumbs } from "./crumbs";
import { beginDrag, usePageDrop } from "./drop";
import { useFocusRescue } from "./focus";
import { folderItems } from "./folder-menu";
import { FileGrid } from "./grid";
import { useGridState } from "./grid-state";
import { useListing } from "./listing";
import { joinPath, nameOf, parentOf } from "./names";
import { useNarrow } from "./narrow";
import type { DialogKind } from "./open-dialog";
import { useFileOps } from "./ops";
import { useRemembered } from "./prefs";
import { isSelected, NOTHING, selectOnly } from "./selection";
import { FolderNotice, FolderState } from "./states";
import { type Target, targetOf } from "./target";
import { filesText } from "./text";
import { Toolbar } from "./toolbar";
import { type FilesSearch, searchFor, sortedBy, type View, viewFrom } from "./view";
import "./files.css";

const Details = lazyDialog(() => import("./details"));
const OpenDialog = lazyDialog(() => import("./open-dialog"));

export function FilesPage() {
  const t = useText(filesText);
  const problems: Record<string, string> = useText(kernelText).problem;
  const params = useParams({ strict: false }) as { _splat?: string };
  const search = useSearch({ strict: false }) as FilesSearch;
  const path = (params._splat ?? "").replace(/\/+$/, "");
  const view = useMemo(
    () => viewFrom(path, { sort: search.sort, filter: search.filter }),
    [path, search.sort, search.filter],
  );
  const navigate = useNavigate();
  const narrow = useNarrow();
  const rows = useListing(view);
  const state = useGridState(view, rows);
  const ops = useFileOps();
  const clip = useClip();
  const [renaming, setRenaming] = useState<string | null>(null);
  const [dialog, setDialog] = useState<DialogKind | null>(null);
  const [editing, setEditing] = useState(false);
  const [panel, setPanel] = useRemembered("details", false);
  const [sheet, setSheet] = useState<Target | null>(null);
  const [letters, setLetters] = useRemembered("letters", true);
  const [said, setSaid] = useState("");
  const filter = useRef<HTMLInputElement>(null);
  const { menu, openMenu } = useMenu(t.column.actions);
  useFocusRescue(state.active);

  const name = nameOf(path) || t.myFiles;
  const go = (folder: string) => void navigate({ to: "/files/$", params: { _splat: folder } });
  const show = (next: View) =>
    void navigate({ to: "/files/$", params: { _splat: path }, search: searchFor(next), replace: true });
  const bring = (found: Collected, folder: string) => uploads.add(found, folder);
  const upload = (kind: "files" | "folder") => pickFiles(kind, (found) => bring(found, path));

  const desk: Desk = {
    t,
    ops,
    canWrite: rows.canWrite,
    open: (target) => {
      const item = target.items[0];
      if (item?.type === "directory") go(item.path);
      else if (item) desk.showDetails(target);
    },
    showDetails: (target) => (narrow ? setSheet(target) : setPanel(true)),
    startRename: (target) => setRenaming(target.items[0]?.path ?? null),
    askMove: (target, kind) => setDialog({ kind, target }),
    announce: setSaid,
  };
  const open = (item: FileItem) => desk.open(targetOf(view, item));

  /** What keys and menus act on: the selection, or the active row when it is not part of it. */
  const meant = (item: FileItem | undefined): Target => {
    if (!item || isSelected(state.selection, item.path)) return state.target;
    return targetOf(view, item);
  };
  const current = () => (state.target.count > 0 ? state.target : meant(rows.at(state.active)));

  async function renamed(item: FileItem, next: string | null, goOn: boolean): Promise<string | null> {
    if (next !== null) {
      const wasChosen = isSelected(state.selection, item.path);
      try {
        await ops.rename(item, next, targetOf(view, item));
      } catch (error) {
        if (!isProblem(error)) throw error;
        return isProblem(error, "file-exists", "conflict") ? t.rename.taken : problemText(error, problems);
      }
      if (wasChosen) state.setSelection(() => selectOnly(joinPath(parentOf(item.path), next), state.active));
    }
    const below = goOn ? rows.at(state.active + 1) : undefined;
    setRenaming(below?.path ?? null);
    state.go(below ? state.active + 1 : state.active);
    return null;
  }

  const folderMenu = () =>
    folderItems({
      t,
      path,
      canWrite: rows.canWrite,
      pending: clip?.target.count ?? 0,
      upload,
      newFolder: () => setDialog({ kind: "new" }),
      newVault: () => setDialog({ kind: "vault" }),
      paste: () => pasteClip(path, ops),
      editPath: () => setEditing(true),
      help: () => setDialog({ kind: "keys" }),
    });

  usePaste({ folder: path, enabled: rows.canWrite, ops, bring });
  const hover = usePageDrop({
    folder: path,
    enabled: rows.loading || rows.canWrite, // until the list has come, the server judges
    onFiles: (found, folder) => void found.then((all) => bring(all, folder)),
    onItems: (target, folder, mode) => void ops.transfer(target, folder, mode),
    onSpring: go,
  });
  const adding = [
    { id: "files.upload", label: t.uploadFiles, icon: FileUp, adds: true, run: () => upload("files") },
    {
      id: "files.folder-upload",
      label: t.uploadFolder,
      icon: FolderUp,
      adds: true,
      run: () => upload("folder"),
    },
    {
      id: "files.new",
      label: t.newFolder,
      icon: FolderPlus,
      adds: true,
      run: () => setDialog({ kind: "new" }),
    },
  ];
  useActions(rows.canWrite ? adding : []);

  const body = rows.total > 0 && !rows.error;
  return (
    <div className="files" data-details={panel && !narrow ? "" : undefined}>
      <PageHeader title={name} hideTitle />
      <Crumbs
        path={path}
        narrow={narrow}
        folderMenu={folderMenu}
        editing={editing}
        onEdited={() => setEditing(false)}
      />
      <Toolbar
        view={view}
        target={state.target}
        desk={desk}
        narrow={narrow}
        detailsOpen={narrow ? sheet !== null : panel}
        filterRef={filter}
        onView={show}
        onDetails={() => (narrow ? setSheet(current()) : setPanel(!panel))}
        onUpload={upload}
        onNewFolder={() => setDialog({ kind: "new" })}
        onClear={() => {
          state.setSelection(() => NOTHING);
          state.go(Math.max(0, state.active), { toggle: true });
        }}
        onMore={(anchor) => openMenu(anchor, menuItems(state.target, desk))}
      />
      <FolderNotice readOnly={!rows.canWrite && !rows.error} path={path} />
      <div className="files-body">
        {body ? (
          <FileGrid
            key={`${path}?${view.sort}${view.order}${view.filter}`}
            view={view}
            rows={rows}
            state={state}
            folderName={name}
            renaming={renaming}
            keys={{
              act: (id) => {
                const item = rows.at(state.active);
                if (id === "open" && item) open(item);
                else runAction(id, current(), desk);
              },
              purge: () => rows.canWrite && void ops.purge(current()),
              up: () => path && go(parentOf(path)),
              newFolder: () => setDialog({ kind: "new" }),
              filter: () => filter.current?.focus(),
              help: () => setDialog({ kind: "keys" }),
              singleKeys: letters,
            }}
            onOpen={open}
            onMenu={(item, row, anchor) => {
              const target = meant(item);
              if (target !== state.target) state.choose(item, row, { toggle: false, shift: false });
              openMenu(anchor, menuItems(target, desk));
            }}
            onSort={(sort) => show(sortedBy(view, sort))}
            onDrag={(item, row, transfer) => {
              const target = meant(item);
              if (target !== state.target) state.choose(item, row, { toggle: false, shift: false });
              beginDrag(target, item.name, transfer);
            }}
            onRenamed={renamed}
            onSay={setSaid}
          />
        ) : (
          <FolderState rows={rows} view={view} onView={show} onUpload={upload} goHome={() => go("")} />
        )}
        {panel && !narrow && <Details target={state.target} narrow={false} onClose={() => setPanel(false)} />}
      </div>
      {sheet && <Details target={sheet} narrow onClose={() => setSheet(null)} />}
      {hover !== null && (
        <div className="files-drop" aria-hidden>
          <p>{t.dropHere(nameOf(hover) || t.myFiles)}</p>
        </div>
      )}
      <p role="status" className="sr-only">
        {said}
      </p>
      {menu}
      {dialog && (
        <OpenDialog
          dialog={dialog}
          folder={path}
          ops={ops}
          singleKeys={letters}
          onSingleKeys={setLetters}
          onClose={() => setDialog(null)}
          onVault={go}
        />
      )}
    </div>
  );
}
