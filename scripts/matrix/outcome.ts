/** What one cell of the matrix found. */

/** `null`: it works. Else in a few words why not, for the page, and all that is known, for whoever looks for the cause. */
export interface Outcome {
  readonly failure: string | null;
  readonly details: string;
}

export const WORKS: Outcome = { failure: null, details: '' };

/** The reason of a failure without its own code. */
const NO_REASON = 'fails';

/** An error code of shardwright in what a bot said. */
const CODE = /"(?:failed|rejected)":"([A-Z_]+)"/;

export function failureOf(error: unknown): Outcome {
  const details = error instanceof Error ? error.message : String(error);
  const [, code] = CODE.exec(details) ?? [];
  return { failure: code === undefined ? NO_REASON : `\`${code}\``, details };
}

/** Runs `attempt`. What it throws is its outcome. */
export async function outcomeOf(attempt: () => Promise<void>): Promise<Outcome> {
  try {
    await attempt();
    return WORKS;
  } catch (error) {
    return failureOf(error);
  }
}
