/** Loaded by worker threads before anything else: waits for the faults that a test injects. */
import { workerData } from 'node:worker_threads';

const { faults } = workerData as { readonly faults: Int32Array };

/** Calls `inject` when the test asks for this fault. The thread can exit meanwhile. */
const onFault = (index: number, inject: () => void): void => {
  const { value } = Atomics.waitAsync(faults, index, 0);
  // Outside the promise, so that an error is an uncaught exception of the thread.
  if (typeof value !== 'string') void value.then(() => setImmediate(inject));
};

onFault(0, () => {
  for (;;);
});
onFault(1, () => {
  throw new TypeError('oops');
});
