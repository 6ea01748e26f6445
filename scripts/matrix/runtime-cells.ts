/** Tries one runtime: every fault in every compression, and every feature. */
import type { Compression } from '../../src/index.ts';
import type { Place } from './exchange.ts';
import { runFaults } from './fault-runs.ts';
import { FAULTS } from './faults.ts';
import { FEATURES } from './features.ts';
import { WORKS, outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';

const COMPRESSIONS: readonly Compression[] = ['none', 'payload', 'zlib-stream', 'zstd-stream'];
/** Those that keep a context over the whole connection. */
const QUICK_COMPRESSIONS: readonly Compression[] = ['zlib-stream', 'zstd-stream'];

/** The titles of the rows, in order. */
export const ROWS: readonly string[] = [...FAULTS, ...FEATURES].map(({ title }) => title);

/** Names the compressions in which a fault was not survived. */
function combine(found: readonly (readonly [Compression, Outcome | undefined])[]): Outcome {
  const failed = found.filter(([, outcome]) => outcome?.failure !== null);
  if (failed.length === 0) return WORKS;
  return {
    failure: failed.map(([compression, outcome]) => `${compression}: ${outcome?.failure ?? 'not tried'}`).join(', '),
    details: failed.map(([compression, outcome]) => `${compression}: ${outcome?.details ?? ''}`).join('\n'),
  };
}

/** Returns the outcome of each row; of `null` for one that was not tried. */
export async function runRuntime(place: Place, isQuick: boolean): Promise<readonly (Outcome | null)[]> {
  // The bots mostly wait, so they run side by side.
  const byCompression = await Promise.all(
    (isQuick ? QUICK_COMPRESSIONS : COMPRESSIONS).map(
      async (compression) =>
        [compression, await runFaults(place.command('bot.mjs'), place.project, { compression })] as const,
    ),
  );
  const cells: (Outcome | null)[] = FAULTS.map(({ title }) =>
    combine(byCompression.map(([compression, outcomes]) => [compression, outcomes.get(title)])),
  );
  for (const feature of FEATURES)
    cells.push(isQuick && !feature.isQuick ? null : await outcomeOf(() => feature.run(place)));
  return cells;
}
