import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { ConfirmHost, ToastRegion, TooltipHost } from "../kit";
import { ProofHost } from "../session/proof";

/** What every page has: messages, questions and tooltips. */
export function RootFrame() {
  return (
    <>
      <Suspense>
        <Outlet />
      </Suspense>
      <Suspense>
        <ConfirmHost />
        <ProofHost />
        <ToastRegion />
      </Suspense>
      <TooltipHost />
    </>
  );
}
