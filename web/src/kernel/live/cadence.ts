// How often pages ask again. What the socket tells needs no asking, but for what it may have missed.
// Hidden tabs do not ask at all.
import { isLive } from "./socket";

const BUSY_MS = 1_500;
const TOLD_MS = 10_000;
const IDLE_MS = 60_000;

/** Milliseconds until the next question: soon while something is going on, else once a minute. */
export function cadence(busy: boolean): number {
  if (!busy) return IDLE_MS;
  return isLive() ? TOLD_MS : BUSY_MS;
}
