/** The threads that are started meanwhile, and what can befall them. Nothing in them knows of it. */
import type { Worker, WorkerOptions } from 'node:worker_threads';

/** What `process` emits for each thread, which the types do not know. */
type OnWorker = (event: 'worker', listener: (worker: Worker) => void) => void;

/** @param onStart - told of each before it runs */
export function watchThreads(onStart: (thread: Worker) => void = () => undefined) {
  const started: Worker[] = [];
  const alive = new Set<Worker>();
  const listener = (worker: Worker): void => {
    started.push(worker);
    alive.add(worker);
    worker.once('exit', () => alive.delete(worker));
    onStart(worker);
  };
  (process.on as OnWorker)('worker', listener);
  return {
    started,
    /** Those that run. */
    get alive(): Worker[] {
      return [...alive];
    },
    [Symbol.dispose]() {
      (process.off as OnWorker)('worker', listener);
    },
  };
}

const FATED = new URL('fated-thread.ts', import.meta.url).href;

/** As `fated-thread.ts` has them. */
const FATES = { hang: 0, throw: 1 } as const;

const fates = new Int32Array(new SharedArrayBuffer(8));

/** For `vi.mock('node:worker_threads', …)`: threads that {@link befall} reaches. */
export const fated = (original: typeof import('node:worker_threads')) => ({
  ...original,
  Worker: class extends original.Worker {
    constructor(entry: URL, options: WorkerOptions) {
      super(entry, { ...options, workerData: { fates }, execArgv: [...process.execArgv, '--import', FATED] });
    }
  },
});

/** Happens to all threads that were made so. */
export const befall = (fate: keyof typeof FATES): void => void Atomics.notify(fates, FATES[fate]);
