// How often pages ask again while there is no push channel. Hidden tabs do not ask at all.
const BUSY_MS = 1_500;
const IDLE_MS = 60_000;

/** Milliseconds until the next question: soon while something is going on, else once a minute. */
export function cadence(busy: boolean): number {
  return busy ? BUSY_MS : IDLE_MS;
}
