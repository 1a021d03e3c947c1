import { useQuery } from "@tanstack/react-query";
import { isProblem } from "@/kernel/api/problem";
import { useText } from "@/kernel/i18n/area";
import {
  Button,
  EmptyState,
  ErrorState,
  FileUp,
  Folder,
  FolderOpen,
  FolderUp,
  Notice,
  Search,
  Skeleton,
} from "@/kernel/kit";
import { lazyDialog } from "@/kernel/router/lazy";
import { quotaQuery } from "@/kernel/shell/quota";
import { mayBeVault } from "../vaults/api";
import type { FolderRows } from "./listing";
import { filesText } from "./text";
import type { View } from "./view";

const VaultBar = lazyDialog(() => import("../vaults/bar"));
const VaultLocked = lazyDialog(() => import("../vaults/locked"));

interface StateProps {
  rows: FolderRows;
  view: View;
  onView(view: View): void;
  onUpload(kind: "files" | "folder"): void;
  goHome(): void;
}

/** Instead of the list: loading, broken, gone, filtered away, or nothing there yet. */
export function FolderState({ rows, view, onView, onUpload, goHome }: StateProps) {
  const t = useText(filesText);
  if (rows.loading) return <Skeleton lines={8} className="files-skeleton" />;
  if (isProblem(rows.error, "not-found") || isProblem(rows.error, "file-not-found")) {
    return (
      <EmptyState icon={Folder} title={t.gone.title} action={<Button onClick={goHome}>{t.gone.up}</Button>}>
        {t.gone.body}
      </EmptyState>
    );
  }
  if (isProblem(rows.error, "vault-locked")) {
    return <VaultLocked path={view.path} onUnlocked={() => void rows.reload()} />;
  }
  if (rows.error) return <ErrorState error={rows.error} retry={rows.reload} />;
  if (view.filter) {
    const clear = <Button onClick={() => onView({ ...view, filter: "" })}>{t.clearFilter}</Button>;
    return (
      <EmptyState icon={Search} title={t.noMatch.title} action={clear}>
        {t.noMatch.body(view.filter)}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={FolderOpen}
      title={t.empty.title}
      action={
        rows.canWrite && (
          <>
            <Button variant="primary" icon={FileUp} onClick={() => onUpload("files")}>
              {t.uploadFiles}
            </Button>
            <Button icon={FolderUp} onClick={() => onUpload("folder")}>
              {t.uploadFolder}
            </Button>
          </>
        )
      }
    >
      {rows.canWrite ? t.empty.body : t.empty.readOnly}
    </EmptyState>
  );
}

/** Above the list: why nothing can be put into it, and until when a vault is open. */
export function FolderNotice({ readOnly, path }: { readOnly: boolean; path: string }) {
  const t = useText(filesText);
  const { data: space } = useQuery(quotaQuery);
  return (
    <>
      {readOnly && <Notice tone="info">{t.readOnly}</Notice>}
      {!readOnly && space?.state === "online" && space.available_bytes === 0 && (
        <Notice tone="warn">{t.full}</Notice>
      )}
      {mayBeVault(path) && <VaultBar path={path} />}
    </>
  );
}
