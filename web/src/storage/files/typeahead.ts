// Typing letters in the list jumps to the next row whose name begins with them.

const PAUSE_MS = 700;

export interface TypeAhead {
  /** Adds a letter typed at `now`; returns the letters that belong together. */
  add(letter: string, now: number): string;
}

export function typeAhead(): TypeAhead {
  let typed = "";
  let last = 0;
  return {
    add(letter, now) {
      typed = now - last > PAUSE_MS ? letter : typed + letter;
      last = now;
      // The same letter again and again walks through the names that begin with it.
      return [...typed].every((one) => one === letter) ? letter : typed;
    },
  };
}

/** The row after `from` (wrapping) whose name starts with `typed`; a longer word may stay on `from`. */
export function findRow(
  names: (row: number) => string | undefined,
  total: number,
  from: number,
  typed: string,
): number | null {
  const wanted = typed.toLocaleLowerCase();
  const first = [...typed].length === 1 ? 1 : 0;
  for (let step = first; step < total + first; step += 1) {
    const row = (from + step) % total;
    if (names(row)?.toLocaleLowerCase().startsWith(wanted)) return row;
  }
  return null;
}
