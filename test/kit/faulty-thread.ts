/** Loaded by threads before anything else: what a test has in store for them. */
import { workerData } from 'node:worker_threads';

const { faults } = workerData as { readonly faults: Int32Array };

/** Calls `inject` when the test says so; nothing waits for that. */
const onFault = (index: number, inject: () => void): void => {
  const { value } = Atomics.waitAsync(faults, index, 0);
  // So that what it throws is nobody's but the thread's.
  if (typeof value !== 'string') void value.then(() => setImmediate(inject));
};

onFault(0, () => {
  for (;;);
});
onFault(1, () => {
  throw new TypeError('oops');
});
