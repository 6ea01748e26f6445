/** Seeds over several threads, until enough time has passed in the worlds of all of them. */
import { Worker } from 'node:worker_threads';
import type { SeedResult } from './worker.ts';

export interface PoolOptions {
  readonly workers: number;
  readonly firstSeed: number;
  /** Asked before each seed. */
  readonly shouldContinue: () => boolean;
  readonly onResult: (played: SeedResult) => void;
}

/** Settles when every thread has come to its end; rejects when one of them dies. */
export async function runSeeds({ workers, firstSeed, shouldContinue, onResult: result }: PoolOptions): Promise<void> {
  let seed = firstSeed;
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      const next = (): void => {
        if (shouldContinue()) {
          worker.postMessage(seed, []);
          seed += 1;
        } else void worker.terminate().then(() => resolve());
      };
      worker.on('message', (message: SeedResult) => {
        result(message);
        next();
      });
      worker.on('error', reject);
      next();
    });
  await Promise.all(Array.from({ length: workers }, run));
}
