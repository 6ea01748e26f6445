/** The file that a worker thread runs. */
import '../../../protocol/require-node.ts';
import { parentPort } from 'node:worker_threads';
import { ThreadRuntime } from './thread-runtime.ts';

if (parentPort === null) throw new Error('ShardManager runs this file in a worker thread; do not import it');

export const runtime = new ThreadRuntime(parentPort);
