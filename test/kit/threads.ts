/** The threads that are started meanwhile, and what can befall them. Nothing in them knows of it. */
import { Session } from 'node:inspector/promises';
import type { Worker } from 'node:worker_threads';

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

/** Runs code in every thread of this process whose name fits, as a debugger would. It must end, or never be waited for. */
export async function evaluateInThreads(expression: string): Promise<void> {
  const session = new Session();
  session.connect();
  const sent: Promise<unknown>[] = [];
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
    sent.push(session.post('NodeWorker.sendMessageToWorker', { sessionId, message }));
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  await Promise.all(sent);
  session.disconnect();
}
