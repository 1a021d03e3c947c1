import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { IconButton, Search } from "../kit";
import { lazyDialog } from "../router/lazy";
import { AccountMenu } from "./account-menu";
import { JobsButton } from "./jobs";

const Palette = lazyDialog(() => import("./palette"));
const IS_MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");

export function TopBar() {
  const t = useText(kernelText);
  const [searching, setSearching] = useState(false);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      setSearching(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return (
    <header className="top">
      <Link to="/" className="brand">
        <span className="brand-mark" aria-hidden>
          B
        </span>
        <span className="brand-name">Balu</span>
      </Link>
      <button type="button" className="search" aria-haspopup="dialog" onClick={() => setSearching(true)}>
        <Search size={18} strokeWidth={1.75} aria-hidden />
        <span className="truncate grow">{t.palette.open}</span>
        <kbd aria-hidden>{IS_MAC ? "⌘ K" : t.palette.keys}</kbd>
      </button>
      <span className="grow top-gap" />
      <IconButton
        icon={Search}
        label={t.palette.open}
        className="top-search"
        aria-haspopup="dialog"
        onClick={() => setSearching(true)}
      />
      <JobsButton />
      <AccountMenu />
      {searching && <Palette onClose={() => setSearching(false)} />}
    </header>
  );
}
