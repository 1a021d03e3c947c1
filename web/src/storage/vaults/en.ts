import type { CatalogOf } from "@/kernel/i18n/area";

const en = {
  newVault: "New vault",
  lead: "Files and names in a vault are encrypted on the disk. Whoever takes the disk cannot read them.",
  name: "Name of the vault",
  nameMissing: "Give the vault a name.",
  passphrase: "Passphrase",
  passphraseHelp: "At least 10 characters. Several words are easy to remember and hard to guess.",
  repeat: "Passphrase again",
  tooShort: "Use at least 10 characters.",
  differs: "The two are not the same.",
  create: "Create vault",
  kit: {
    title: "Keep the recovery kit",
    lead: "With it the vault opens when the passphrase is lost. It is shown only now; without it and without the passphrase nobody can open the vault, not even we.",
    label: "Recovery kit",
    help: "Print it or write it down, and keep it where the server is not.",
    print: "Print",
    check: "Type its last 6 characters",
    checkHelp: "So that it is certain that you have it.",
    wrong: "These are not its last 6 characters.",
    done: "I have kept it",
  },
  locked: {
    title: "This vault is locked",
    body: "Its files are encrypted. Type the passphrase, or the recovery kit, to see them.",
    field: "Passphrase or recovery kit",
    unlock: "Unlock",
    wrong: "This is not the passphrase of the vault. Try again.",
  },
  open: (name: string, time: string) => `The vault ${name} is open. It locks at ${time} unless it is used.`,
  lock: "Lock now",
  lockedNow: (name: string) => `The vault ${name} is locked`,
  rotate: {
    button: "New lock",
    goOn: "Go on",
    title: (name: string) => `Put a new lock on the files of ${name}?`,
    body: "New files get it at once, the others in the background. What is in them, the passphrase and the recovery kit stay as they are. The former lock is erased after a week; copies made before, such as backups, open only with the key file of their time.",
    started: "The files get their new lock",
    running: (percent: number) => `Its files get a new lock: ${percent}%.`,
    unfinished: "Some of its files still have their former lock.",
  },
};

export default en;
export type Catalog = CatalogOf<typeof en>;
