const AGAIN_MS = 3_000;

/**
 * What `load` imports, asked for again until it comes: a part that is missing for a moment, because the line broke
 * or the server is away, must not take the page with it. What it throws for another reason is passed on.
 */
export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!isMissing(error)) throw error;
      await online();
    }
  }
}

/** Each browser has words of its own for it. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script/i.test(error.message);
}

/** After a while, or when the browser says that there is a line again. */
function online(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, AGAIN_MS);
    addEventListener("online", end);
  });
}
