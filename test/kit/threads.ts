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

const HOOK = new URL('evaluating-thread.ts', import.meta.url).href;

/** For `vi.mock('node:worker_threads', …)`: threads that {@link evaluateInThreads} reaches. */
export const reachable = (original: typeof import('node:worker_threads')) => ({
  ...original,
  Worker: class extends original.Worker {
    constructor(entry: URL, options: WorkerOptions) {
      super(entry, { ...options, execArgv: [...process.execArgv, '--import', HOOK] });
    }
  },
});

/** Runs code in all threads that were made so. */
export function evaluateInThreads(code: string): void {
  const channel = new BroadcastChannel('evaluate');
  channel.postMessage(code);
  channel.close();
}
