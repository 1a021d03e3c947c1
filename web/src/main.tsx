import "./kernel/styles/tokens.css";
import "./kernel/styles/tokens-dark.css";
import "./kernel/styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { hasSession } from "./kernel/api/client";
import { queryClient } from "./kernel/api/query";
import { kernelText } from "./kernel/i18n/kernel";
import { language } from "./kernel/i18n/language";
import { toast } from "./kernel/kit";
import { focusHeadings } from "./kernel/router/focus";
import { preloadPage } from "./kernel/router/lazy";
import { firstPaint } from "./kernel/router/painted";
import { untilLoaded } from "./kernel/router/patience";
import { reloadWhenStale } from "./kernel/router/stale";
import { bootstrapQuery, watchSignedOut } from "./kernel/session/session";
import { FrameContext } from "./kernel/shell/nav";
import { nav, parts } from "./nav";
import { router } from "./routes";

/** An offer of a new version stays for a day, which is until somebody answers. */
const OFFER_S = 86_400;

async function start(root: HTMLElement): Promise<void> {
  reloadWhenStale();
  document.documentElement.lang = language();
  // Asked for beside the text; the routes wait for it and show what went wrong.
  void queryClient.prefetchQuery(bootstrapQuery);
  if (hasSession()) preloadPage(router);
  await kernelText.load(language());
  watchSignedOut(() => {
    void router.navigate({ to: "/login", search: { next: router.state.location.href } });
  });
  focusHeadings(router);
  // Drawn once, whole: what React shows in steps it holds back for a third of a second each.
  await router.load();
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <FrameContext value={{ nav, parts }}>
          <RouterProvider router={router} />
        </FrameContext>
      </QueryClientProvider>
    </StrictMode>,
  );
  await firstPaint();
  if (!import.meta.env.PROD) return;
  const { keepShell } = await untilLoaded(() => import("./kernel/offline/register"));
  await keepShell(offerUpdate);
}

function offerUpdate(load: () => void): void {
  const { ready, reload } = kernelText.now().update;
  toast({ text: ready, action: { label: reload, run: load }, seconds: OFFER_S });
}

const root = document.getElementById("root");
if (root) void start(root);
