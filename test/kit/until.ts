/** Waits in real time for what other processes do. */

const EVERY_MS = 20;
/** Far longer than anything takes, also on a busy machine. */
const LIMIT_MS = 60_000;
/** How long a test of processes may take: longer than one thing that it waits for. */
export const PATIENCE_MS = 3 * LIMIT_MS;

/** Resolves when a condition holds. Rejects after a long time, with what is the case then. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  state: () => unknown = () => '',
): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > endsAt)
      throw new Error(`waited in vain until ${what}: ${JSON.stringify(state(), null, 1)}`);
    await pause(EVERY_MS);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
