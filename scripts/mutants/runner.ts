/** Runs mutants in parallel. For each mutant it runs one suite after another until one fails, the likeliest first. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Outcome, Task } from './worker.ts';
import type { MutantRef, Result } from './mutant.ts';
import { loadedBy } from './suites.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

/** With a mutant, a suite may take `GRACE_MS + GRACE_FACTOR ×` its usual time before it counts as hung. */
const GRACE_MS = 10_000;
const GRACE_FACTOR = 5;

class MutantWorker {
  #child: ChildProcess | null = null;

  /** Resolves with `null` after the timeout. */
  async run(task: Task, timeoutMs: number): Promise<Outcome | null> {
    const child = (this.#child ??= await startWorker());
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
    const reply = once(child, 'message', { signal }) as Promise<[Outcome]>;
    child.send(task);
    try {
      return (await reply)[0];
    } catch {
      child.kill('SIGKILL');
      this.#child = null;
      return null;
    }
  }

  stop(): void {
    this.#child?.disconnect();
  }
}

async function startWorker(): Promise<ChildProcess> {
  const child = fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

interface SuiteStats {
  readonly ms: number;
  readonly loads: ReadonlySet<string>;
  kills: number;
}

/** Statistics of the suites: the time each takes, the files it loads, and the mutants it killed. */
class Suites {
  readonly #stats = new Map<string, SuiteStats>();

  add(suite: string, ms: number): void {
    this.#stats.set(suite, { ms, loads: loadedBy(suite), kills: 0 });
  }

  recordKill(suite: string): void {
    const stats = this.#stats.get(suite);
    if (stats !== undefined) stats.kills += 1;
  }

  timeoutMs(suite: string): number {
    return GRACE_MS + GRACE_FACTOR * (this.#stats.get(suite)?.ms ?? 0);
  }

  /** Returns the suites that load the file, sorted by kills per time; `likely` comes first. */
  inOrder(file: string, likely: string | undefined): string[] {
    const rate = ([suite, { ms, kills }]: [string, SuiteStats]): number =>
      suite === likely ? Number.POSITIVE_INFINITY : (kills + 1) / (ms + 1);
    return [...this.#stats]
      .filter(([, { loads }]) => loads.has(file))
      .toSorted((a, b) => rate(b) - rate(a))
      .map(([suite]) => suite);
  }
}

export interface Reporter {
  /** Called for a suite that fails without a mutant, so that it proves nothing. */
  readonly onBrokenSuite: (suite: string, failed: string) => void;
  readonly onResult: (result: Result) => void;
  /** Returns the suite that killed this mutant in the last run. */
  readonly lastKiller: (id: string) => string | undefined;
}

async function calibrate(worker: MutantWorker, queue: string[], suites: Suites, reporter: Reporter): Promise<void> {
  for (let suite = queue.shift(); suite !== undefined; suite = queue.shift()) {
    const startedAt = performance.now();
    const outcome = await worker.run({ mutant: '', file: '', suite }, 120_000);
    const failed = outcome === null ? 'it does not end' : outcome.failed;
    if (failed === null) suites.add(suite, performance.now() - startedAt);
    else reporter.onBrokenSuite(suite, failed);
  }
}

async function runMutant(
  worker: MutantWorker,
  { id, file }: MutantRef,
  suites: Suites,
  reporter: Reporter,
): Promise<Result> {
  for (const suite of suites.inOrder(file, reporter.lastKiller(id))) {
    const outcome = await worker.run({ mutant: id, file, suite }, suites.timeoutMs(suite));
    if (outcome?.failed === null) continue;
    suites.recordKill(suite);
    return {
      id,
      file,
      verdict: outcome === null || outcome.timedOut ? 'timeout' : 'killed',
      killedBy: `${suite}: ${outcome?.failed ?? 'hangs'}`,
    };
  }
  return { id, file, verdict: 'survived', killedBy: null };
}

/** Runs all mutants, `workers` at a time. */
export async function runAll(
  mutants: readonly MutantRef[],
  suites: readonly string[],
  workers: number,
  reporter: Reporter,
): Promise<Result[]> {
  const pool = Array.from({ length: workers }, () => new MutantWorker());
  const suiteStats = new Suites();
  const results: Result[] = [];
  const uncalibrated = [...suites];
  const pending = [...mutants];
  await Promise.all(pool.map((worker) => calibrate(worker, uncalibrated, suiteStats, reporter)));
  await Promise.all(
    pool.map(async (worker) => {
      for (let mutant = pending.shift(); mutant !== undefined; mutant = pending.shift()) {
        const result = await runMutant(worker, mutant, suiteStats, reporter);
        results.push(result);
        reporter.onResult(result);
      }
      worker.stop();
    }),
  );
  return results;
}
