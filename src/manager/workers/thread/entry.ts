/** Where a thread begins. */
import { parentPort } from 'node:worker_threads';
import { ThreadRuntime } from './thread-runtime.ts';

if (parentPort === null) throw new Error('this is run by ShardManager, in a thread');

export const runtime = new ThreadRuntime(parentPort);
