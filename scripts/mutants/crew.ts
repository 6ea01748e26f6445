/** Judges mutants side by side: for each, suite after suite until one fails, those that are likely to first. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Outcome, Task } from './host.ts';
import type { Listed, Result } from './mutant.ts';
import { loadedBy } from './suites.ts';

const HOST = join(import.meta.dirname, 'host.ts');

/** How much longer than without a mutant a suite may take before it counts as hung, in ms and as a factor. */
const GRACE_MS = 10_000;
const GRACE_FACTOR = 5;

class Host {
  #child: ChildProcess | null = null;

  /** `null` when there was no answer in time. */
  async run(task: Task, timeoutMs: number): Promise<Outcome | null> {
    const child = (this.#child ??= await started());
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
    const answer = once(child, 'message', { signal }) as Promise<[Outcome]>;
    child.send(task);
    try {
      return (await answer)[0];
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

async function started(): Promise<ChildProcess> {
  const child = fork(HOST, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

interface Known {
  readonly ms: number;
  readonly loads: ReadonlySet<string>;
  kills: number;
}

/** What is known of the suites: how long each takes, what it loads, and what it has killed. */
class Suites {
  readonly #known = new Map<string, Known>();

  add(suite: string, ms: number): void {
    this.#known.set(suite, { ms, loads: loadedBy(suite), kills: 0 });
  }

  killedBy(suite: string): void {
    const known = this.#known.get(suite);
    if (known !== undefined) known.kills += 1;
  }

  timeoutMs(suite: string): number {
    return GRACE_MS + GRACE_FACTOR * (this.#known.get(suite)?.ms ?? 0);
  }

  /** Those that load the file, the most kills for the time first; `likely` before all. */
  inOrder(file: string, likely: string | undefined): string[] {
    const rate = ([suite, { ms, kills }]: [string, Known]): number =>
      suite === likely ? Number.POSITIVE_INFINITY : (kills + 1) / (ms + 1);
    return [...this.#known].filter(([, { loads }]) => loads.has(file)).toSorted((a, b) => rate(b) - rate(a)).map(([suite]) => suite);
  }
}

export interface Watch {
  /** Suites that fail without any mutant, and so prove nothing. */
  readonly broken: (suite: string, failed: string) => void;
  readonly judged: (result: Result) => void;
  /** The suite that killed this mutant the last time. */
  readonly lastKiller: (id: string) => string | undefined;
}

async function learn(host: Host, queue: string[], suites: Suites, watch: Watch): Promise<void> {
  for (let suite = queue.shift(); suite !== undefined; suite = queue.shift()) {
    const startedAt = performance.now();
    const outcome = await host.run({ mutant: '', file: '', suite }, 120_000);
    const failed = outcome === null ? 'it never ends' : outcome.failed;
    if (failed === null) suites.add(suite, performance.now() - startedAt);
    else watch.broken(suite, failed);
  }
}

async function judge(host: Host, { id, file }: Listed, suites: Suites, watch: Watch): Promise<Result> {
  for (const suite of suites.inOrder(file, watch.lastKiller(id))) {
    const outcome = await host.run({ mutant: id, file, suite }, suites.timeoutMs(suite));
    if (outcome?.failed === null) continue;
    suites.killedBy(suite);
    return { id, file, verdict: outcome === null || outcome.timedOut ? 'timeout' : 'killed', killedBy: `${suite}: ${outcome?.failed ?? 'hangs'}` };
  }
  return { id, file, verdict: 'survived', killedBy: null };
}

/** Judges all of them, as many at a time as there are workers. */
export async function judgeAll(mutants: readonly Listed[], suites: readonly string[], workers: number, watch: Watch): Promise<Result[]> {
  const hosts = Array.from({ length: workers }, () => new Host());
  const known = new Suites();
  const results: Result[] = [];
  const unlearned = [...suites];
  const unjudged = [...mutants];
  await Promise.all(hosts.map((host) => learn(host, unlearned, known, watch)));
  await Promise.all(
    hosts.map(async (host) => {
      for (let mutant = unjudged.shift(); mutant !== undefined; mutant = unjudged.shift()) {
        const result = await judge(host, mutant, known, watch);
        results.push(result);
        watch.judged(result);
      }
      host.stop();
    }),
  );
  return results;
}
