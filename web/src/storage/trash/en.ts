import type { CatalogOf } from "@/kernel/i18n/area";
import { plural } from "@/kernel/i18n/plural";

const items = (n: number) => plural("en", n, { one: "# item", other: "# items" });

const en = {
  title: "Trash",
  lead: "Deleted things stay here for a while and can be put back.",
  table: "Deleted files and folders",
  name: "Name",
  from: "Was in",
  size: "Size",
  deleted: "Deleted",
  expires: "Time left",
  actions: "Actions",
  myFiles: "My files",
  deletedAccount: "A deleted account",
  inVault: (vault: string) => `Something in the vault ${vault}`,
  filter: "Filter by name or place",
  clearFilter: "Clear filter",
  daysLeft: (n: number) => plural("en", n, { one: "# day", other: "# days", zero: "less than a day" }),
  restore: "Restore",
  restoreItem: (name: string) => `Restore ${name}`,
  purge: "Delete permanently",
  purgeItem: (name: string) => `Delete ${name} permanently`,
  empty: "Empty trash",
  more: "Show more",
  emptyAsk: {
    title: "Empty the trash?",
    body: (n: number, size: string) => `${items(n)}, ${size}, cannot be brought back.`,
    action: (n: number) => `Delete ${items(n)}`,
  },
  purgeAsk: {
    title: (name: string) => `Delete ${name} permanently?`,
    body: (size: string) => `${size} cannot be brought back.`,
    action: "Delete permanently",
  },
  restored: (name: string) => `Restored ${name}`,
  show: "Show",
  purged: (name: string) => `Deleted ${name} permanently`,
  emptied: "The trash is empty",
  conflict: {
    title: (name: string) => `There is a new ${name} at the old place`,
    body: "Put the deleted one back under another name, or into another folder?",
    rename: "Keep both",
    elsewhere: "Folder",
    elsewhereHelp: "A path such as Photos/2026; empty for My files.",
    here: "Restore there",
  },
  none: { title: "The trash is empty", body: "What you delete comes here first." },
  noMatch: { title: "Nothing matches", body: (text: string) => `Nothing deleted contains “${text}”.` },
};

export default en;
export type Catalog = CatalogOf<typeof en>;
