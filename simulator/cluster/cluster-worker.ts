/** The entry of a worker thread: runs the clusters of the seeds that it receives, one after the other. */
import { parentPort } from 'node:worker_threads';
import { isCount, isObject } from '../../src/protocol/validation.ts';
import { runCluster } from './cluster-run.ts';

// Faults make many errors, and most of their cost is the stack. With `--trace` the errors of a seed have it.
Error.stackTraceLimit = 0;

parentPort?.on('message', (message: unknown) => {
  const seed = isObject(message) ? message['seed'] : undefined;
  if (isCount(seed)) void runCluster(seed).then((result) => parentPort?.postMessage(result, []));
});
