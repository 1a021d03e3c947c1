// Who is signed in: one bootstrap call, kept in the query cache under its own key.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { call, client, onSignedOut } from "../api/client";
import { queryClient } from "../api/query";
import type { Get, Post, Put } from "../api/shape";
import { isLanguage, setLanguage } from "../i18n/language";
import { setLook } from "../theme/look";
import type { Bootstrap, Settings, User } from "./types";

interface Paths {
  "/api/bootstrap": Get<Bootstrap>;
  "/api/auth/logout": Post<unknown, { all?: boolean }>;
  "/api/settings": Put<Settings, Partial<Settings>>;
}

const api = client<Paths>();

export const bootstrapQuery = queryOptions({
  queryKey: ["bootstrap"],
  queryFn: fetchBootstrap,
  staleTime: Number.POSITIVE_INFINITY,
});

async function fetchBootstrap(): Promise<Bootstrap> {
  const boot = await call(api.GET("/api/bootstrap"));
  if (boot.user && boot.settings) {
    if (boot.settings.theme) setLook({ theme: boot.settings.theme });
    if (isLanguage(boot.settings.language)) await setLanguage(boot.settings.language);
  }
  return boot;
}

/** The bootstrap answer; null only before the first one arrived. */
export function useBootstrap(): Bootstrap | null {
  return useQuery(bootstrapQuery).data ?? null;
}

/** The signed-in person; only for pages behind sign-in. */
export function useUser(): User {
  const user = useBootstrap()?.user;
  if (!user) throw new Error("a page behind sign-in was shown without a user");
  return user;
}

/** Whether this server offers something, as the bootstrap answer says. */
export function useFeature(name: string): boolean {
  return useBootstrap()?.features[name] === true;
}

export function useIsAdmin(): boolean {
  return useBootstrap()?.user?.role === "admin";
}

/** Forgets everything cached and asks again who is signed in; after sign-in, sign-out and setup. */
export async function renewSession(): Promise<Bootstrap> {
  forgetAll();
  return queryClient.fetchQuery({ ...bootstrapQuery, staleTime: 0 });
}

export async function signOut(options: { all?: boolean } = {}): Promise<void> {
  await call(api.POST("/api/auth/logout", { body: options }));
  await renewSession();
}

/** Changes preferences on this device at once and in the account. */
export async function saveSettings(change: Partial<Settings>): Promise<void> {
  if (change.theme) setLook({ theme: change.theme });
  if (isLanguage(change.language)) await setLanguage(change.language);
  await call(api.PUT("/api/settings", { body: change }));
  queryClient.setQueryData(bootstrapQuery.queryKey, (boot) =>
    boot?.settings ? { ...boot, settings: { ...boot.settings, ...change } } : boot,
  );
}

/** `then` runs when a session that was there is over; a wrong password also answers 401 and is not that. */
export function watchSignedOut(then: () => void): void {
  let asking = false;
  onSignedOut(() => {
    if (asking || !queryClient.getQueryData(bootstrapQuery.queryKey)?.user) return;
    asking = true;
    queryClient
      .fetchQuery({ ...bootstrapQuery, staleTime: 0 })
      .then((boot) => {
        if (boot.user) return;
        forgetAll();
        then();
      })
      .catch(() => undefined)
      .finally(() => {
        asking = false;
      });
  });
}

function forgetAll(): void {
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== "bootstrap" });
}
