// The large place on Home to put files into: drop anywhere on the page, or choose.
import { useText } from "@/kernel/i18n/area";
import { Button, cx, FileUp, FolderUp, Upload } from "@/kernel/kit";
import { usePageDrop } from "@/storage/files/drop";
import { homeText } from "./text";

const MY_FILES = "";
// What uploads comes after the first paint.
const choose = async (kind: "files" | "folder") => (await import("./add")).chooseForHome(kind);

export function BringFiles() {
  const t = useText(homeText);
  const hover = usePageDrop({
    folder: MY_FILES,
    enabled: true,
    onFiles: (found, folder) =>
      void Promise.all([found, import("@/storage/uploads/store")]).then(([all, { uploads }]) =>
        uploads.add(all, folder),
      ),
    onItems: () => undefined,
    onSpring: () => undefined,
  });
  return (
    <section className={cx("bring", hover !== null && "bring-over")} aria-label={t.uploadFiles}>
      <Upload size={24} strokeWidth={1.75} aria-hidden />
      <p className="bring-words">{t.drop}</p>
      <div className="row">
        <Button variant="primary" icon={FileUp} onClick={() => void choose("files")}>
          {t.uploadFiles}
        </Button>
        <Button icon={FolderUp} onClick={() => void choose("folder")}>
          {t.uploadFolder}
        </Button>
      </div>
    </section>
  );
}
