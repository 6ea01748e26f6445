/** The file that a worker thread runs. In a bundle it is a second file, which the option `threadUrl` names. */
import '../../../protocol/require-node.ts';
import { parentPort } from 'node:worker_threads';
import { ThreadRuntime } from './thread-runtime.ts';

if (parentPort === null) throw new Error('ShardManager runs this file in a worker thread; do not import it');

/** What runs in the thread. It has nothing for you to use. */
export const runtime: object = new ThreadRuntime(parentPort);
