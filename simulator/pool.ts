/** Runs seeds on several worker threads. */
import { Worker } from 'node:worker_threads';
import type { SeedResult } from './run-seed.ts';

export interface PoolOptions {
  readonly workers: number;
  readonly firstSeed: number;
  /** Called before each seed. */
  readonly shouldContinue: () => boolean;
  readonly onResult: (result: SeedResult) => void;
}

/** Resolves when `shouldContinue` is false and every thread has finished. Rejects when a thread fails. */
export async function runSeeds({ workers, firstSeed, shouldContinue, onResult }: PoolOptions): Promise<void> {
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
        onResult(message);
        next();
      });
      worker.on('error', reject);
      next();
    });
  await Promise.all(Array.from({ length: workers }, run));
}
