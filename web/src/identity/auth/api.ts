// Sign-in, setup, two-step sign-in and sessions on the wire.
import { queryOptions } from "@tanstack/react-query";
import { call, client } from "@/kernel/api/client";
import type { Delete, Get, Post } from "@/kernel/api/shape";

interface Token {
  access_token: string;
}

export interface SecondStep {
  requires_2fa: true;
  pending_token: string;
}

export interface Session {
  id: number;
  device_info: string | null;
  ip: string | null;
  last_seen: string;
  current: boolean;
}

export interface TwoStepStatus {
  enabled: boolean;
  enabled_at: string | null;
  backup_codes_remaining: number;
}

export interface Enrolment {
  provisioning_uri: string;
  secret: string;
}

export interface ApiKey {
  id: number;
  name: string;
  scopes: string[];
  hint: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

/** A secret for one network drive. */
export interface AppPassword {
  id: number;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string;
  last_used_at: string | null;
}

interface PinStatus {
  pin_enabled: boolean;
}

export interface Recovery {
  username: string;
  recovery_code: string;
  new_password: string;
}

type ByToken = { path: { token: string } };

interface Proof {
  password: string;
  code: string;
}

interface SecondProof {
  pending_token: string;
  code: string;
  session: "cookie";
}

interface Paths {
  "/api/setup/admin": Post<unknown, { username: string; password: string; setup_secret: string }>;
  "/api/auth/login": Post<Token | SecondStep, { username: string; password: string; session: "cookie" }>;
  "/api/auth/2fa/verify": Post<
    Token | { backup_codes: string[] },
    SecondProof | { secret: string; code: string }
  >;
  "/api/auth/2fa/setup": Post<Enrolment>;
  "/api/auth/2fa/status": Get<TwoStepStatus>;
  "/api/auth/2fa/disable": Post<unknown, Proof>;
  "/api/auth/change-password": Post<unknown, { current_password: string; new_password: string }>;
  "/api/auth/sessions": Get<Session[]>;
  "/api/auth/sessions/{id}": Delete<unknown, undefined, { path: { id: Session["id"] } }>;
  "/api/api-keys/": Get<ApiKey[]> & Post<ApiKey & { key: string }, { name: string; scopes: string[] }>;
  "/api/api-keys/{id}": Delete<unknown, undefined, { path: { id: ApiKey["id"] } }>;
  "/api/auth/app-passwords": Get<AppPassword[]> &
    Post<AppPassword & { secret: string }, { name: string; scopes: string[] }>;
  "/api/auth/app-passwords/{id}": Delete<unknown, undefined, { path: { id: AppPassword["id"] } }>;
  "/api/auth/me": Delete<unknown, { password: string }>;
  "/api/auth/login-pin": Post<Token, { username: string; pin: string; session: "cookie" }>;
  "/api/auth/pin": Get<PinStatus> & Post<PinStatus, { pin: string; code: string }> & Delete<PinStatus>;
  "/api/auth/recovery-codes": Post<{ backup_codes: string[] }, { password: string; code?: string }>;
  "/api/auth/recovery-reset": Post<unknown, Recovery>;
  "/api/auth/password-reset": Post<unknown, { email: string }>;
  "/api/auth/password-reset/{token}": Get<{ valid: boolean; expires_at: string }, ByToken> &
    Post<unknown, { new_password: string }, ByToken>;
}

const api = client<Paths>();

export function createFirstAccount(account: { username: string; password: string; setup_secret: string }) {
  return call(api.POST("/api/setup/admin", { body: account }));
}

export function signIn(username: string, password: string): Promise<Token | SecondStep> {
  return call(api.POST("/api/auth/login", { body: { username, password, session: "cookie" } }));
}

export function isSecondStep(answer: Token | SecondStep): answer is SecondStep {
  return "requires_2fa" in answer && answer.requires_2fa;
}

export function confirmSignIn(pending_token: string, code: string) {
  return call(api.POST("/api/auth/2fa/verify", { body: { pending_token, code, session: "cookie" } }));
}

export function startTwoStep(): Promise<Enrolment> {
  return call(api.POST("/api/auth/2fa/setup"));
}

/** Turns two-step sign-in on; answers the recovery codes, once. */
export async function enableTwoStep(secret: string, code: string): Promise<string[]> {
  const answer = await call(api.POST("/api/auth/2fa/verify", { body: { secret, code } }));
  return "backup_codes" in answer ? answer.backup_codes : [];
}

export function disableTwoStep(proof: Proof) {
  return call(api.POST("/api/auth/2fa/disable", { body: proof }));
}

/** New recovery codes; the code only counts where two-step sign-in is on. */
export async function renewRecoveryCodes({ password, code }: Proof): Promise<string[]> {
  const body = code ? { password, code } : { password };
  return (await call(api.POST("/api/auth/recovery-codes", { body }))).backup_codes;
}

export function changePassword(current_password: string, new_password: string) {
  return call(api.POST("/api/auth/change-password", { body: { current_password, new_password } }));
}

export const twoStepQuery = queryOptions({
  queryKey: ["auth", "two-step"],
  queryFn: () => call(api.GET("/api/auth/2fa/status")),
});

export const sessionsQuery = queryOptions({
  queryKey: ["auth", "sessions"],
  queryFn: () => call(api.GET("/api/auth/sessions")),
});

export function endSession(id: Session["id"]) {
  return call(api.DELETE("/api/auth/sessions/{id}", { params: { path: { id } } }));
}

export const apiKeysQuery = queryOptions({
  queryKey: ["auth", "api-keys"],
  queryFn: () => call(api.GET("/api/api-keys/")),
});

export function createApiKey(name: string, scopes: string[]) {
  return call(api.POST("/api/api-keys/", { body: { name, scopes } }));
}

export function revokeApiKey(id: ApiKey["id"]) {
  return call(api.DELETE("/api/api-keys/{id}", { params: { path: { id } } }));
}

export const appPasswordsQuery = queryOptions({
  queryKey: ["auth", "app-passwords"],
  queryFn: () => call(api.GET("/api/auth/app-passwords")),
});

export function createAppPassword(name: string, scopes: string[]) {
  return call(api.POST("/api/auth/app-passwords", { body: { name, scopes } }));
}

export function revokeAppPassword(id: AppPassword["id"]) {
  return call(api.DELETE("/api/auth/app-passwords/{id}", { params: { path: { id } } }));
}

export function signInByPin(username: string, pin: string) {
  return call(api.POST("/api/auth/login-pin", { body: { username, pin, session: "cookie" } }));
}

export const pinQuery = queryOptions({
  queryKey: ["auth", "pin"],
  queryFn: () => call(api.GET("/api/auth/pin")),
});

export function choosePin(pin: string, code: string) {
  return call(api.POST("/api/auth/pin", { body: { pin, code } }));
}

export function removePin() {
  return call(api.DELETE("/api/auth/pin"));
}

export function askReset(email: string) {
  return call(api.POST("/api/auth/password-reset", { body: { email } }));
}

/** Whether a link works; asked once, since looking is limited. */
export function resetQuery(token: string) {
  return queryOptions({
    queryKey: ["auth", "reset", token],
    queryFn: () => call(api.GET("/api/auth/password-reset/{token}", { params: { path: { token } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

export function resetPassword(token: string, new_password: string) {
  const params = { path: { token } };
  return call(api.POST("/api/auth/password-reset/{token}", { params, body: { new_password } }));
}

export function recoverPassword(recovery: Recovery) {
  return call(api.POST("/api/auth/recovery-reset", { body: recovery }));
}

export function deleteOwnAccount(password: string) {
  return call(api.DELETE("/api/auth/me", { body: { password } }));
}
