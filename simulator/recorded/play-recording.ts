/**
 * Plays the faults of a recording in several simulated worlds. They differ in what a recording does not say: latency,
 * compression, how late timers are, what users and their stores do.
 */
import { failureText } from '../report.ts';
import { runSimulation } from '../run.ts';
import type { RunOptions } from '../run.ts';
import { shrink } from '../shrink.ts';
import { SimulationStats } from '../simulation-stats.ts';
import { traceTo } from '../trace.ts';
import { recordedScript } from './recorded-script.ts';

export interface PlayOptions {
  readonly path: string;
  readonly firstSeed: number;
  readonly worlds: number;
  readonly write: (line: string) => void;
  /** Prints every event. */
  readonly isTraced?: boolean;
  /** Runs only the first events of the script. */
  readonly events?: number;
  /** For tests, which break the library on purpose. */
  readonly run?: RunOptions;
}

/** Resolves with whether no check was violated. @throws {@link GatewayError} `RECORDING_UNREADABLE` */
export async function playRecording({ path, firstSeed, worlds, write, ...options }: PlayOptions): Promise<boolean> {
  const { script, setting } = await recordedScript(path);
  const hours = ((setting.durationMs * setting.shards) / 3_600_000).toFixed(1);
  write(
    `${path}: ${script.length} faults of ${setting.shards} shard${setting.shards === 1 ? '' : 's'}` +
      `${setting.manager === null ? '' : ' of a manager'}, ${hours} shard-hours, in ${worlds} world${worlds === 1 ? '' : 's'}`,
  );
  const stats = new SimulationStats();
  let violations = 0;
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
    const run: RunOptions = {
      ...options.run,
      script,
      setting: { ...setting, ...options.run?.setting },
      ...(options.events === undefined ? {} : { events: options.events }),
    };
    const result = await runSimulation(seed, {
      ...run,
      observe: (world) => {
        options.run?.observe?.(world);
        stats.watch(world);
        if (options.isTraced === true) traceTo(world, write);
      },
    });
    if (result.violation === null) continue;
    violations += 1;
    const shortest = options.events === undefined ? ((await shrink(result, run))?.events ?? null) : null;
    write(failureText({ result, shortest }, path));
  }
  for (const [name, count] of Object.entries(stats.data.faults)) write(`  ${name.padEnd(20)} ${count}`);
  write(violations === 0 ? 'No violation.' : `${violations} of ${worlds} worlds violate a check.`);
  return violations === 0;
}
