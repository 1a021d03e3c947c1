import { useEffect, useState, useSyncExternalStore } from "react";
import { useUser } from "@/kernel/session/session";
import { ConflictDialog } from "./conflict";
import { guardUploads } from "./guard";
import { UploadPanel } from "./panel";
import { rememberUploads, uploads } from "./store";

/** Lives as long as the shell, so that uploads survive a change of page. */
export default function UploadsHost() {
  const view = useSyncExternalStore(uploads.subscribe, uploads.snapshot, uploads.snapshot);
  const [later, setLater] = useState(0);
  const { id } = useUser();
  useEffect(guardUploads, []);
  useEffect(() => {
    void rememberUploads(id);
    return () => uploads.leave();
  }, [id]);
  const { length } = view.conflicts;
  // "Decide later" holds until more conflicts come.
  const asking = length > later;
  useEffect(() => {
    if (length < later) setLater(length);
  }, [length, later]);
  if (!view.items.some((item) => item.state !== "cancelled")) return null;
  return (
    <>
      <UploadPanel view={view} onDecide={() => setLater(0)} />
      {asking && <ConflictDialog conflicts={view.conflicts} onLater={() => setLater(length)} />}
    </>
  );
}
