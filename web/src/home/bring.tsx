// The large place on Home to put files into: drop anywhere on the page, or choose.
import { useText } from "@/kernel/i18n/area";
import { Button, cx, FileUp, FolderUp, Upload } from "@/kernel/kit";
import { useActions } from "@/kernel/shell/actions";
import { pickFiles } from "@/storage/files/bring";
import { usePageDrop } from "@/storage/files/drop";
import { uploads } from "@/storage/uploads/store";
import { homeText } from "./text";

const MY_FILES = "";

export default function BringFiles() {
  const t = useText(homeText);
  const choose = (kind: "files" | "folder") => pickFiles(kind, (found) => uploads.add(found, MY_FILES));
  const hover = usePageDrop({
    folder: MY_FILES,
    enabled: true,
    onFiles: (found, folder) => void found.then((all) => uploads.add(all, folder)),
    onItems: () => undefined,
    onSpring: () => undefined,
  });
  useActions([
    { id: "files.upload", label: t.uploadFiles, icon: FileUp, adds: true, run: () => choose("files") },
    {
      id: "files.folder-upload",
      label: t.uploadFolder,
      icon: FolderUp,
      adds: true,
      run: () => choose("folder"),
    },
  ]);
  return (
    <section className={cx("bring", hover !== null && "bring-over")} aria-label={t.uploadFiles}>
      <Upload size={24} strokeWidth={1.75} aria-hidden />
      <p className="bring-words">{t.drop}</p>
      <div className="row">
        <Button variant="primary" icon={FileUp} onClick={() => choose("files")}>
          {t.uploadFiles}
        </Button>
        <Button icon={FolderUp} onClick={() => choose("folder")}>
          {t.uploadFolder}
        </Button>
      </div>
    </section>
  );
}
