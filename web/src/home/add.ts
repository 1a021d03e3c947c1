// Uploading from every page: into My files, unless the page has a folder of its own to offer.
import { useText } from "@/kernel/i18n/area";
import { FileUp, FolderUp } from "@/kernel/kit";
import { useUser } from "@/kernel/session/session";
import { useActions } from "@/kernel/shell/actions";
import { pickFiles } from "@/storage/files/bring";
import { uploads } from "@/storage/uploads/store";
import { homeText } from "./text";

const MY_FILES = "";

export function chooseForHome(kind: "files" | "folder"): void {
  pickFiles(kind, (found) => uploads.add(found, MY_FILES));
}

/** A part of the shell that shows nothing. */
export default function AddAnywhere() {
  const t = useText(homeText);
  const choose = [
    { id: "files.upload", label: t.uploadFiles, icon: FileUp, run: () => chooseForHome("files") },
    { id: "files.folder-upload", label: t.uploadFolder, icon: FolderUp, run: () => chooseForHome("folder") },
  ];
  const mayWrite = useUser().grade !== "viewer";
  useActions(mayWrite ? choose.map((one) => ({ ...one, adds: true })) : []);
  return null;
}
