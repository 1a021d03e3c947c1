// What was typed as a network, a range or a list of addresses, read the way the server wants it.
import type { Wish } from "./discovery-api";

const MOST = 1024;
const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const V6 = /^(?=.*:)[\da-f:]+(?:\.\d+){0,3}$/i;
const isAddress = (text: string) => V4.test(text) || V6.test(text);

export type Fault = "empty" | "wrong" | "tooMany";

/** The wish, or what is wrong with the text; the server has the last word. */
export function targetsOf(text: string): Wish | { fault: Fault; at: string } {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  if (parts.length === 0) return { fault: "empty", at: "" };
  const [cidrs, ranges, targets] = [[], [], []] as [string[], string[], string[]];
  for (const part of parts) {
    const [first = "", last] = part.split(/[/-]/);
    if (!isAddress(first)) return { fault: "wrong", at: part };
    if (part.includes("/")) {
      const bits = Number(last);
      const whole = V4.test(first) ? 32 : 128;
      if (!last || !Number.isInteger(bits) || bits > whole) return { fault: "wrong", at: part };
      // A /22 with its two addresses that are nobody's.
      if (whole - bits > 10) return { fault: "tooMany", at: part };
      cidrs.push(part);
    } else if (part.includes("-")) {
      if (!last || !(isAddress(last) || /^\d{1,3}$/.test(last))) return { fault: "wrong", at: part };
      ranges.push(part);
    } else targets.push(part);
  }
  if (cidrs.length > 1 || ranges.length > 1) return { fault: "wrong", at: (cidrs[1] ?? ranges[1]) as string };
  if (targets.length > MOST) return { fault: "tooMany", at: String(targets.length) };
  return {
    ...(targets.length > 0 && { targets }),
    ...(ranges[0] && { range: ranges[0] }),
    ...(cidrs[0] && { cidr: cidrs[0] }),
  };
}
