/** Starts a thread as a manager does, and sends the limit of its young generation to the parent process. */
import { once } from 'node:events';
import { createWorker } from '../../../src/manager/workers/main/create-worker.ts';

const THREAD = `
  import { parentPort, resourceLimits } from 'node:worker_threads';
  parentPort.postMessage(resourceLimits.maxYoungGenerationSizeMb);
`;

const worker = createWorker(new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`), 'limits');
const [limit] = (await once(worker, 'message')) as [number];
process.send?.(limit);
process.disconnect();
