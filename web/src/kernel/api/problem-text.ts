import { Problem } from "./problem";

/** What to show for an error: the text of its code in the shown language, else the server's words. */
export function problemText(error: unknown, byCode: Record<string, string>): string {
  if (!(error instanceof Problem)) return byCode.internal ?? "";
  return byCode[error.code] ?? (error.detail || (byCode.internal ?? ""));
}
