/** Runs seeds on several worker threads. */
import { Worker } from 'node:worker_threads';
import { isObject } from '../src/protocol/validation.ts';
import type { SeedResult } from './run-seed.ts';

export interface PoolOptions<Result> {
  readonly workers: number;
  readonly firstSeed: number;
  /** Called before each seed. */
  readonly shouldContinue: () => boolean;
  readonly onResult: (result: Result) => void;
  /** Options of Node for the threads. Default: those of this process. */
  readonly execArgv?: string[];
}

/** Node posts messages of its own, with `--watch` for example. Threads and the pool ignore what they do not know. */
const isSeedResult = (message: unknown): message is SeedResult =>
  isObject(message) && isObject(message['result']) && isObject(message['stats']);

/** Runs seeds of single shards and managers. */
export const runSeeds = (options: PoolOptions<SeedResult>): Promise<void> =>
  runInThreads(new URL('./worker.ts', import.meta.url), isSeedResult, options);

/**
 * Posts seeds to threads that answer each with a result. Resolves when `shouldContinue` is false and every thread has
 * finished. Rejects when a thread fails.
 */
export async function runInThreads<Result>(
  entry: URL,
  isResult: (message: unknown) => message is Result,
  { workers, firstSeed, shouldContinue, onResult, execArgv }: PoolOptions<Result>,
): Promise<void> {
  let seed = firstSeed;
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(entry, { execArgv: execArgv ?? process.execArgv });
      const next = (): void => {
        if (shouldContinue()) {
          worker.postMessage({ seed }, []);
          seed += 1;
        } else void worker.terminate().then(() => resolve());
      };
      worker.on('message', (message: unknown) => {
        if (!isResult(message)) return;
        onResult(message);
        next();
      });
      worker.on('error', reject);
      next();
    });
  await Promise.all(Array.from({ length: workers }, run));
}
