import { useNavigate } from "@tanstack/react-router";
import { problemText } from "../api/problem-text";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Avatar, LogOut, Menu, Monitor, Moon, Sun, toast, User } from "../kit";
import { saveSettings, signOut, useUser } from "../session/session";
import { type Look, useLook } from "../theme/look";

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon };

export function AccountMenu() {
  const t = useText(kernelText);
  const user = useUser();
  const navigate = useNavigate();
  const { theme = "system" } = useLook();
  const leave = useSignOut();
  const themes = (["system", "light", "dark"] as const).map((id) => ({
    id,
    label: t.account[id],
    icon: THEME_ICONS[id],
    checked: theme === id,
    run: () => chooseTheme(id, t.problem),
  }));
  return (
    <Menu
      label={t.account.menu(user.username)}
      items={[
        `#${user.username}`,
        {
          id: "account",
          label: t.account.settings,
          icon: User,
          run: () => void navigate({ to: "/account" }),
        },
        "-",
        `#${t.account.theme}`,
        ...themes,
        "-",
        { id: "leave", label: t.account.signOut, icon: LogOut, run: leave },
      ]}
      trigger={(button) => (
        <button {...button} type="button" className="avatar-btn" aria-label={t.account.menu(user.username)}>
          <Avatar user={user} />
        </button>
      )}
    />
  );
}

export function chooseTheme(theme: NonNullable<Look["theme"]>, words: Record<string, string>): void {
  saveSettings({ theme }).catch((error) => toast({ text: problemText(error, words), tone: "bad" }));
}

export function useSignOut(): () => void {
  const t = useText(kernelText);
  const navigate = useNavigate();
  return () => {
    signOut()
      .then(() => navigate({ to: "/login" }))
      .then(() => toast(t.account.signedOut))
      .catch((error) => toast({ text: problemText(error, t.problem), tone: "bad" }));
  };
}
