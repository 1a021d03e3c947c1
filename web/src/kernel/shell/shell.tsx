// The frame around every page behind sign-in: top bar, side bar or bottom bar, content.
import { Outlet, useRouterState } from "@tanstack/react-router";
import { Suspense } from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { useFocusRescue } from "../router/focus";
import { useBootstrap } from "../session/session";
import { BottomBar } from "./bottom-bar";
import { useFrame } from "./nav";
import { OfflineBar } from "./offline";
import "./shell.css";
import { SideBar } from "./side-bar";
import { TopBar } from "./top-bar";

export function Shell() {
  const t = useText(kernelText);
  const { parts } = useFrame();
  const user = useBootstrap()?.user;
  const loading = useRouterState({ select: (state) => state.isLoading });
  useFocusRescue();
  // Signed out: the router is about to leave, and nothing of the account may be drawn any more.
  if (!user) return null;
  return (
    <div className="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: it is one, but leaves the address as it is. */}
      <a href="#main" className="skip sr-only" onClick={focusHeading}>
        {t.nav.skip}
      </a>
      <TopBar />
      <SideBar />
      <main id="main" className="shell-main" aria-busy={loading || undefined}>
        <OfflineBar />
        <Suspense>
          <Outlet />
        </Suspense>
      </main>
      <BottomBar />
      <Suspense>
        {parts.map((Part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes.
          <Part key={index} />
        ))}
      </Suspense>
    </div>
  );
}

function focusHeading(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main h1")?.focus();
}
