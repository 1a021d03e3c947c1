import {
  File,
  FileArchive,
  FileAudio,
  FileCode,
  FileImage,
  FileSpreadsheet,
  FileText,
  FileVideo,
  Folder,
  FolderLock,
  type Icon,
} from "@/kernel/kit";
import { isVaultName } from "../vaults/api";
import type { FileItem } from "./api";
import { extensionOf } from "./names";

const KINDS: [Icon, RegExp, RegExp][] = [
  [FileImage, /^image\//, /^(jpe?g|png|gif|webp|avif|heic|heif|svg|tiff?|bmp|raw|cr2|nef|dng)$/],
  [FileVideo, /^video\//, /^(mp4|mkv|mov|webm|avi|m4v)$/],
  [FileAudio, /^audio\//, /^(mp3|flac|ogg|opus|wav|m4a|aac)$/],
  [FileArchive, /^application\/(zip|gzip|x-tar|x-7z)/, /^(zip|tar|gz|xz|zst|bz2|7z|rar|tgz|iso)$/],
  [FileSpreadsheet, /spreadsheet|ms-excel|text\/csv/, /^(xlsx?|ods|csv|tsv)$/],
  [
    FileCode,
    /json|javascript|xml$/,
    /^(js|ts|tsx|py|rs|go|c|h|cpp|java|sh|html|css|json|xml|ya?ml|toml|sql)$/,
  ],
  [FileText, /^text\/|pdf|word|opendocument/, /^(txt|md|pdf|docx?|odt|rtf|log|epub)$/],
];

export function iconOf(item: Pick<FileItem, "type" | "name" | "mime_type">): Icon {
  if (item.type === "directory") return isVaultName(item.name) ? FolderLock : Folder;
  const extension = extensionOf(item.name);
  return (
    KINDS.find(([, type, ending]) => type.test(item.mime_type ?? "") || ending.test(extension))?.[0] ?? File
  );
}
