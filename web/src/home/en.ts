import type { CatalogOf } from "@/kernel/i18n/area";

const en = {
  title: "Home",
  hello: {
    morning: (name: string) => `Good morning, ${name}`,
    day: (name: string) => `Hello, ${name}`,
    evening: (name: string) => `Good evening, ${name}`,
  },
  uploadFiles: "Upload files",
  uploadFolder: "Upload folder",
  drop: "Drop files and folders anywhere on this page",
  storage: "Your storage",
  storageAway: "The disk is not connected",
  storageFree: (free: string) => `${free} free`,
  storageNoLimit: "No limit set for you",
  steps: "Good next steps",
  stepsLead: "Each takes a minute. They go away when done.",
  twoStep: "Protect your account",
  twoStepNote: "Ask for a code from your phone when someone signs in.",
  twoStepAction: "Set up",
  invite: "Invite someone",
  inviteNote: "Everyone gets an account and files of their own.",
  inviteAction: "Add person",
  hideStep: (name: string) => `Hide “${name}”`,
  hidden: "Hidden on this device.",
  recent: "Last changed in your files",
  all: "All files",
};

export default en;
export type Catalog = CatalogOf<typeof en>;
