// The own picture: cut square and made small here, so that the server gets a plain JPEG.
import { useRef, useState } from "react";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Avatar, Button, Line, toast } from "@/kernel/kit";
import { renewSession, useUser } from "@/kernel/session/session";
import { identityText } from "../text";
import { removePicture, setPicture } from "../users/api";

const SIDE = 512;
const QUALITY = 0.9;

export function Picture() {
  const t = useText(identityText).account;
  const words = useText(kernelText);
  const user = useUser();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);

  async function act(work: () => Promise<unknown>, done: string): Promise<void> {
    setBusy(true);
    try {
      await work();
      await renewSession();
      toast({ text: done, tone: "ok" });
    } catch (error) {
      const text = error instanceof DOMException ? t.pictureBroken : problemText(error, words.problem);
      toast({ text, tone: "bad" });
    } finally {
      setBusy(false);
    }
  }
  function choose(file: File | undefined): void {
    if (file) void act(async () => setPicture(user.id, await square(file)), t.pictureSaved);
  }
  return (
    <Line title={t.picture} note={t.pictureNote}>
      <Avatar user={user} className="avatar-large" />
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={t.choosePicture}
        onChange={(event) => {
          choose(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <Button busy={busy} onClick={() => input.current?.click()}>
        {t.choosePicture}
      </Button>
      {user.avatar_url && (
        <Button onClick={() => void act(() => removePicture(user.id), t.pictureRemoved)}>
          {t.removePicture}
        </Button>
      )}
    </Line>
  );
}

/** The middle of the picture as the browser shows it, at most 512 pixels a side; DOMException when it cannot. */
async function square(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const cut = Math.min(picture.width, picture.height);
  const side = Math.min(cut, SIDE);
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const brush = canvas.getContext("2d");
  if (!brush) throw new DOMException("no canvas", "NotSupportedError");
  brush.fillStyle = "white";
  brush.fillRect(0, 0, side, side);
  const [left, top] = [(picture.width - cut) / 2, (picture.height - cut) / 2];
  brush.drawImage(picture, left, top, cut, cut, 0, 0, side, side);
  picture.close();
  return new Promise((resolve, reject) => {
    const done = (made: Blob | null) =>
      made ? resolve(made) : reject(new DOMException("not encoded", "EncodingError"));
    canvas.toBlob(done, "image/jpeg", QUALITY);
  });
}
