// Acts that show their result before the server has it; what others change waits for their end.

let held = 0;

export async function undisturbed<T>(act: () => Promise<T>): Promise<T> {
  held += 1;
  try {
    return await act();
  } finally {
    held -= 1;
  }
}

export function isUndisturbed(): boolean {
  return held > 0;
}
