/** Watches the worker threads that are started, and injects faults into them. Their code is not changed for it. */
import { once } from 'node:events';
import type { Worker, WorkerOptions } from 'node:worker_threads';

/** An event of `process` that the types do not declare. */
type OnWorker = (event: 'worker', listener: (worker: Worker) => void) => void;

/** @param onStart - called for each thread before it runs */
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
    /** The threads that run. */
    get alive(): Worker[] {
      return [...alive];
    },
    /** Resolves when none runs any more. */
    ended: async (): Promise<void> => {
      await Promise.all([...alive].map((thread) => once(thread, 'exit')));
    },
    [Symbol.dispose]() {
      (process.off as OnWorker)('worker', listener);
    },
  };
}

const FAULTY_THREAD = new URL('faulty-thread.ts', import.meta.url).href;

/** The faults of `faulty-thread.ts`, by index. */
const FAULTS = { hang: 0, throw: 1 } as const;

const faults = new Int32Array(new SharedArrayBuffer(8));

/** For `vi.mock('node:worker_threads', …)`: creates threads that {@link injectFault} reaches. */
export const withFaults = (original: typeof import('node:worker_threads')) => ({
  ...original,
  Worker: class extends original.Worker {
    constructor(entry: URL, options: WorkerOptions) {
      super(entry, { ...options, workerData: { faults }, execArgv: [...process.execArgv, '--import', FAULTY_THREAD] });
    }
  },
});

/** Injects a fault into all threads that were created so. */
export const injectFault = (fault: keyof typeof FAULTS): void => void Atomics.notify(faults, FAULTS[fault]);
