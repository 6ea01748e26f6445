/** Where a thread begins. */
import { parentPort } from 'node:worker_threads';
import { ThreadHost } from './thread-host.ts';

if (parentPort === null) throw new Error('this is run by ShardManager, in a thread');

export const host = new ThreadHost(parentPort);
