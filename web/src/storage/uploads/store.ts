// The one upload queue of this tab, on the real transport.
import { csrfHeaders } from "@/kernel/api/client";
import { Problem } from "@/kernel/api/problem";
import { queryClient } from "@/kernel/api/query";
import { existing, makeFolder } from "../files/api";
import { refresh } from "../files/ops";
import { putTransport } from "./put";
import { UploadQueue } from "./queue";
import { TransferError, type Transport } from "./transport";

const transport: Transport = {
  ...putTransport(() => csrfHeaders()["X-CSRF"]),
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

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem) throw new TransferError(error.code, error.detail, error.requestId);
    throw error;
  }
}
