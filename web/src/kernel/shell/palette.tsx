// Ctrl+K: every page and every action by name.
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { LANGUAGES } from "../i18n/language";
import { Dialog, Globe, type Icon, LogOut, Monitor, Moon, Sun, User } from "../kit";
import { saveSettings } from "../session/session";
import { THEMES } from "../theme/look";
import { chooseTheme, useSignOut } from "./account-menu";
import { useOfferedActions } from "./actions";
import { matching } from "./matching";
import { useNav } from "./nav";
import "./palette.css";

interface Entry {
  id: string;
  label: string;
  icon?: Icon;
  group: "pages" | "actions";
  run: () => void;
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useText(kernelText);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const base = useId();
  const found = matching(useEntries(), typed);
  const active = Math.min(at, found.length - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the active row moves with both.
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active, typed]);

  function choose(entry: Entry | undefined): void {
    if (!entry) return;
    onClose();
    // After the dialog has given focus back, so that the action can move it on.
    setTimeout(entry.run);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const moves: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1 + found.length };
    const to = moves[event.key];
    if (to !== undefined && found.length > 0) {
      event.preventDefault();
      setAt(to % found.length);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      choose(found[active]);
    }
  }

  return (
    <Dialog open onClose={onClose} title={t.palette.label} size="l">
      <input
        className="input"
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${base}-list`}
        aria-activedescendant={found[active] ? `${base}-${active}` : undefined}
        aria-label={t.palette.placeholder}
        placeholder={t.palette.placeholder}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        value={typed}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
      />
      <p role="status" className="sr-only">
        {typed ? t.palette.results(found.length) : ""}
      </p>
      {found.length === 0 && <p className="meta">{t.palette.none}</p>}
      <div ref={list} role="listbox" id={`${base}-list`} aria-label={t.palette.label} className="palette">
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above has the keys.
          // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the combobox.
          <div
            key={entry.id}
            id={`${base}-${index}`}
            role="option"
            aria-selected={index === active}
            className="palette-row"
            onClick={() => choose(entry)}
            onPointerMove={() => setAt(index)}
          >
            {entry.icon && <entry.icon size={20} strokeWidth={1.75} aria-hidden />}
            <span className="grow">{entry.label}</span>
            <span className="meta">{t.palette[entry.group]}</span>
          </div>
        ))}
      </div>
    </Dialog>
  );
}

function useEntries(): Entry[] {
  const t = useText(kernelText);
  const nav = useNav();
  const offered = useOfferedActions();
  const navigate = useNavigate();
  const leave = useSignOut();
  const icons = { system: Monitor, light: Sun, dark: Moon };
  const languages = { en: "English", de: "Deutsch" };
  return [
    ...nav.map((item) => ({
      id: `page-${item.to}`,
      label: t.nav[item.label],
      icon: item.icon,
      group: "pages" as const,
      run: () => void navigate({ to: item.to, params: item.params as never }),
    })),
    ...(["profile", "security", "appearance"] as const).map((part) => ({
      id: `account-${part}`,
      label: `${t.nav.account}: ${t.account.parts[part]}`,
      icon: User,
      group: "pages" as const,
      run: () => void navigate({ to: "/account", search: { tab: part } }),
    })),
    ...offered.map((action) => ({ ...action, group: "actions" as const })),
    ...THEMES.map((theme) => ({
      id: `theme-${theme}`,
      label: `${t.account.theme}: ${t.account[theme]}`,
      icon: icons[theme],
      group: "actions" as const,
      run: () => chooseTheme(theme, t.problem),
    })),
    ...LANGUAGES.map((id) => ({
      id: `language-${id}`,
      label: `${t.account.language}: ${languages[id]}`,
      icon: Globe,
      group: "actions" as const,
      run: () => void saveSettings({ language: id }),
    })),
    { id: "leave", label: t.account.signOut, icon: LogOut, group: "actions", run: leave },
  ];
}
