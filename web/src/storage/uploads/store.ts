// The one upload queue of this tab, on the real transport.
import { Problem } from "@/kernel/api/problem";
import { queryClient } from "@/kernel/api/query";
import { existing, makeFolder } from "../files/api";
import { refresh } from "../files/ops";
import { sendTogether } from "./many";
import { BrowserMemory } from "./memory";
import { UploadQueue } from "./queue";
import { TransferError, type Transport } from "./transport";
import { discardTus, fetchTus, sendByTus } from "./tus";

/** Above this, a file gains from going on where it stopped. */
const SMALL = 256 * 1024;

const transport: Transport = {
  small: SMALL,
  send: sendByTus,
  sendMany(...args) {
    // A larger file may come next, and its client could not be fetched while the server is away.
    void fetchTus().catch(() => "tried again when it is needed");
    return sendTogether(...args);
  },
  discard: discardTus,
  async folder(path) {
    try {
      await told(makeFolder(path));
      return "made";
    } catch (error) {
      if (error instanceof TransferError && error.code === "file-exists") return "there";
      throw error;
    }
  },
  existing: (folder, names) => told(existing(folder, names)),
};

export const uploads = new UploadQueue(transport);

uploads.onLanded = (folders) => {
  void refresh(queryClient, ...folders);
};

let mine: { user: number; memory: BrowserMemory } | undefined;

/** Brings back what a reload or another tab left; `user` is who is signed in. */
export async function rememberUploads(user: number): Promise<void> {
  if (mine?.user !== user) {
    mine?.memory.close();
    mine = { user, memory: new BrowserMemory() };
  }
  const { memory } = mine;
  try {
    await uploads.remember({ user, tab: memory.tab, memory });
  } catch (error) {
    // Private windows may refuse to store anything; uploads work all the same, until the page is left.
    if (!(error instanceof DOMException)) throw error;
  }
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem) throw new TransferError(error.code, error.detail, error.requestId);
    throw error;
  }
}
