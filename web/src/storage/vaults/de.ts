import type { Catalog } from "./en";

export default {
  newVault: "Neuer Tresor",
  lead: "Dateien und Namen in einem Tresor liegen verschlüsselt auf der Platte. Wer die Platte mitnimmt, kann sie nicht lesen.",
  name: "Name des Tresors",
  nameMissing: "Gib dem Tresor einen Namen.",
  passphrase: "Passphrase",
  passphraseHelp: "Mindestens 10 Zeichen. Mehrere Wörter sind leicht zu merken und schwer zu erraten.",
  repeat: "Passphrase wiederholen",
  tooShort: "Nimm mindestens 10 Zeichen.",
  differs: "Die beiden sind nicht gleich.",
  create: "Tresor anlegen",
  kit: {
    title: "Bewahre den Notschlüssel auf",
    lead: "Mit ihm öffnet sich der Tresor, wenn die Passphrase verloren ist. Er wird nur jetzt gezeigt; ohne ihn und ohne die Passphrase kann niemand den Tresor öffnen, auch wir nicht.",
    label: "Notschlüssel",
    help: "Drucke ihn aus oder schreibe ihn ab, und bewahre ihn dort auf, wo der Server nicht ist.",
    print: "Drucken",
    check: "Tippe seine letzten 6 Zeichen",
    checkHelp: "Damit sicher ist, dass du ihn hast.",
    wrong: "Das sind nicht seine letzten 6 Zeichen.",
    done: "Ich habe ihn aufbewahrt",
  },
  locked: {
    title: "Dieser Tresor ist verschlossen",
    body: "Seine Dateien sind verschlüsselt. Gib die Passphrase oder den Notschlüssel ein, um sie zu sehen.",
    field: "Passphrase oder Notschlüssel",
    unlock: "Aufschließen",
    wrong: "Das ist nicht die Passphrase des Tresors. Versuche es noch einmal.",
  },
  open: (name, time) =>
    `Der Tresor ${name} ist offen. Er schließt sich um ${time}, wenn ihn niemand benutzt.`,
  lock: "Jetzt verschließen",
  lockedNow: (name) => `Der Tresor ${name} ist verschlossen`,
} satisfies Catalog;
