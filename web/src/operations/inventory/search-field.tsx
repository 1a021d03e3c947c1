// Words of a search while they are typed: the address gets them when the typing pauses.
import { useEffect, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Input } from "@/kernel/kit";
import { inventoryText } from "./text";

const TYPING_MS = 200;

interface SearchFieldProps {
  /** Those in the address. */
  words: string | undefined;
  onChange(words: string | undefined): void;
}

export function SearchField({ words, onChange }: SearchFieldProps) {
  const t = useText(inventoryText);
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
  return (
    <Input
      type="search"
      label={t.search}
      hideLabel
      placeholder={t.search}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
