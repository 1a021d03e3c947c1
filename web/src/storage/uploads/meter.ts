// Speed of a transfer, smoothed so that the number can be read, and the time left.

const TIME_CONSTANT_S = 2.5;

export interface Meter {
  /** Tells how many bytes have gone out at `now` (ms). */
  update(bytes: number, now: number): void;
  /** Forgets the pause before `now`, so that it does not count as slow. */
  restart(bytes: number, now: number): void;
  /** Bytes per second; 0 until it is known. */
  readonly rate: number;
  /** Seconds for `bytes` more, or null while nothing moves. */
  left(bytes: number): number | null;
}

export function meter(): Meter {
  let last: { bytes: number; at: number } | null = null;
  let rate = 0;
  return {
    get rate() {
      return rate;
    },
    update(bytes, now) {
      if (!last) {
        last = { bytes, at: now };
        return;
      }
      const seconds = (now - last.at) / 1000;
      if (seconds < 0.05) return;
      // Progress can fall back when a file starts over; that is no negative speed.
      const current = Math.max(0, bytes - last.bytes) / seconds;
      rate = rate === 0 ? current : rate + (current - rate) * (1 - Math.exp(-seconds / TIME_CONSTANT_S));
      last = { bytes, at: now };
    },
    restart(bytes, now) {
      last = { bytes, at: now };
      rate = 0;
    },
    left: (bytes) => (rate > 1 ? bytes / rate : null),
  };
}
