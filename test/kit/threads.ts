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

const FAULTY_THREAD = new URL('faulty-thread.ts', import.meta.url).href;

/** As `faulty-thread.ts` has them. */
const FAULTS = { hang: 0, throw: 1 } as const;

const faults = new Int32Array(new SharedArrayBuffer(8));

/** For `vi.mock('node:worker_threads', …)`: threads that {@link injectFault} reaches. */
export const withFaults = (original: typeof import('node:worker_threads')) => ({
  ...original,
  Worker: class extends original.Worker {
    constructor(entry: URL, options: WorkerOptions) {
      super(entry, { ...options, workerData: { faults }, execArgv: [...process.execArgv, '--import', FAULTY_THREAD] });
    }
  },
});

/** Happens to all threads that were made so. */
export const injectFault = (fault: keyof typeof FAULTS): void => void Atomics.notify(faults, FAULTS[fault]);
