// Words of a search while they are typed: the address gets them when the typing pauses.
import { useEffect, useRef, useState } from "react";

const TYPING_MS = 200;

/** What the field shows, and how it changes; `words` are those in the address. */
export function useTyped(
  words: string | undefined,
  onChange: (words: string | undefined) => void,
): [string, (text: string) => void] {
  const [typed, setTyped] = useState(words ?? "");
  const sent = useRef(words);
  useEffect(() => {
    const wanted = typed.trim() || undefined;
    if (wanted === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = wanted;
      onChange(wanted);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);

  useEffect(() => {
    // Back, Forward, a saved view or clearing the filters changed the words.
    if (words === sent.current) return;
    sent.current = words;
    setTyped(words ?? "");
  }, [words]);
  return [typed, setTyped];
}
