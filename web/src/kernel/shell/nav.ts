// Where one can go. The application hands its list to the shell, so that the kernel names no domain.
import type { LinkProps } from "@tanstack/react-router";
import { type ComponentType, createContext, use } from "react";
import type { Catalog } from "../i18n/en";
import type { Icon } from "../kit";
import { useIsAdmin } from "../session/session";

export interface NavItem {
  to: NonNullable<LinkProps["to"]>;
  params?: Record<string, string>;
  label: keyof { [K in keyof Catalog["nav"] as Catalog["nav"][K] extends string ? K : never]: true };
  icon: Icon;
  section: "main" | "server";
  /** Shown to administrators only. */
  admin?: boolean;
  /** Has a place in the bottom bar of the phone. */
  phone?: boolean;
  /** Lit only on exactly this address. */
  exact?: boolean;
}

export interface Frame {
  nav: readonly NavItem[];
  /** Parts that live as long as the shell, such as the list of uploads. */
  parts: readonly ComponentType[];
}

export const FrameContext = createContext<Frame>({ nav: [], parts: [] });

export function useFrame(): Frame {
  return use(FrameContext);
}

/** What the signed-in person may go to. */
export function useNav(): readonly NavItem[] {
  const isAdmin = useIsAdmin();
  return useFrame().nav.filter((item) => isAdmin || !item.admin);
}
