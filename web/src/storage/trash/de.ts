import { plural } from "@/kernel/i18n/plural";
import type { Catalog } from "./en";

const items = (n: number) => plural("de", n, { one: "# Element", other: "# Elemente" });

export default {
  title: "Papierkorb",
  lead: "Gelöschtes bleibt hier eine Weile und lässt sich zurückholen.",
  table: "Gelöschte Dateien und Ordner",
  name: "Name",
  from: "War in",
  size: "Größe",
  deleted: "Gelöscht",
  expires: "Restzeit",
  actions: "Aktionen",
  myFiles: "Meine Dateien",
  deletedAccount: "Ein gelöschtes Konto",
  inVault: (vault) => `Etwas im Tresor ${vault}`,
  filter: "Nach Name oder Ort filtern",
  clearFilter: "Filter löschen",
  daysLeft: (n) => plural("de", n, { one: "# Tag", other: "# Tage", zero: "weniger als ein Tag" }),
  restore: "Wiederherstellen",
  restoreItem: (name) => `${name} wiederherstellen`,
  purge: "Endgültig löschen",
  purgeItem: (name) => `${name} endgültig löschen`,
  empty: "Papierkorb leeren",
  more: "Mehr anzeigen",
  emptyAsk: {
    title: "Papierkorb leeren?",
    body: (n, size) => `${items(n)}, ${size}: Das lässt sich nicht zurücknehmen.`,
    action: (n) => `${items(n)} löschen`,
  },
  purgeAsk: {
    title: (name) => `${name} endgültig löschen?`,
    body: (size) => `${size}: Das lässt sich nicht zurücknehmen.`,
    action: "Endgültig löschen",
  },
  restored: (name) => `${name} wiederhergestellt`,
  show: "Anzeigen",
  purged: (name) => `${name} endgültig gelöscht`,
  emptied: "Der Papierkorb ist leer",
  conflict: {
    title: (name) => `Am alten Ort gibt es ein neues ${name}`,
    body: "Das Gelöschte unter anderem Namen oder in einen anderen Ordner zurücklegen?",
    rename: "Beide behalten",
    elsewhere: "Ordner",
    elsewhereHelp: "Ein Pfad wie Fotos/2026; leer für Meine Dateien.",
    here: "Dort wiederherstellen",
  },
  none: { title: "Der Papierkorb ist leer", body: "Was gelöscht wird, kommt zuerst hierher." },
  noMatch: { title: "Kein Treffer", body: (text) => `Nichts Gelöschtes enthält „${text}“.` },
} satisfies Catalog;
