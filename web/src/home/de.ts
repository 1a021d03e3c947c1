import type { Catalog } from "./en";

const de = {
  title: "Start",
  hello: {
    morning: (name: string) => `Guten Morgen, ${name}`,
    day: (name: string) => `Hallo, ${name}`,
    evening: (name: string) => `Guten Abend, ${name}`,
  },
  uploadFiles: "Dateien hochladen",
  uploadFolder: "Ordner hochladen",
  drop: "Dateien und Ordner irgendwo auf diese Seite ziehen",
  storage: "Dein Speicher",
  storageAway: "Der Datenträger ist nicht angeschlossen",
  storageFree: (free: string) => `${free} frei`,
  storageNoLimit: "Für dich gilt keine Grenze",
  steps: "Gute nächste Schritte",
  stepsLead: "Jeder dauert eine Minute. Erledigtes verschwindet.",
  twoStep: "Schütze dein Konto",
  twoStepNote: "Bei der Anmeldung auch einen Code von deinem Telefon verlangen.",
  twoStepAction: "Einrichten",
  invite: "Lade jemanden ein",
  inviteNote: "Jede Person bekommt ein Konto und eigene Dateien.",
  inviteAction: "Person hinzufügen",
  hideStep: (name: string) => `„${name}“ ausblenden`,
  hidden: "Auf diesem Gerät ausgeblendet.",
  recent: "Zuletzt geändert in deinen Dateien",
  all: "Alle Dateien",
} satisfies Catalog;

export default de;
