/** Finds the shortest prefix of a script that still violates the same check. */
import { runSimulation } from './run.ts';
import type { RunOptions, RunResult } from './run.ts';
import { scriptOf } from './script.ts';

export interface Shrunk {
  readonly result: RunResult;
  /** The number of events in the shortest prefix. */
  readonly events: number;
}

/** Returns `null` when only the whole script fails, because a prefix ends all faults too early. */
export async function shrink({ setting, violation }: RunResult, options: RunOptions = {}): Promise<Shrunk | null> {
  if (violation === null) return null;
  const script = options.script ?? scriptOf(setting);
  const failing = async (events: number): Promise<RunResult | null> => {
    const result = await runSimulation(setting.seed, { ...options, events });
    return result.violation?.check === violation.check ? result : null;
  };
  let events = script.filter(({ at }) => at <= violation.at).length;
  let best = await failing(events);
  if (best === null) return null;
  let passing = -1;
  while (events - passing > 1) {
    const middle = (events + passing) >> 1;
    const result = await failing(middle);
    if (result === null) passing = middle;
    else {
      best = result;
      events = middle;
    }
  }
  return { result: best, events };
}
