/** Loaded by threads before anything else: what a test has in store for them. */
import { workerData } from 'node:worker_threads';

const { fates } = workerData as { readonly fates: Int32Array };

/** Calls `befall` when the test says so; nothing waits for that. */
const at = (index: number, befall: () => void): void => {
  const { value } = Atomics.waitAsync(fates, index, 0);
  // So that what it throws is nobody's but the thread's.
  if (typeof value !== 'string') void value.then(() => setImmediate(befall));
};

at(0, () => {
  for (;;);
});
at(1, () => {
  throw new TypeError('oops');
});
