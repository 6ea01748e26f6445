/** The entry of a worker thread: runs the seeds that it receives, one after the other. */
import { parentPort } from 'node:worker_threads';
import { isCount, isObject } from '../src/protocol/validation.ts';
import { runSeed } from './run-seed.ts';

parentPort?.on('message', (message: unknown) => {
  const seed = isObject(message) ? message['seed'] : undefined;
  if (isCount(seed)) void runSeed(seed).then((result) => parentPort?.postMessage(result, []));
});
