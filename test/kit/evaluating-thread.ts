/** Loaded by threads before anything else: lets a test do to them what can befall them. */
import { BroadcastChannel } from 'node:worker_threads';

const channel = new BroadcastChannel('evaluate');
channel.unref();
channel.onmessage = (event) => {
  // So that what it throws is nobody's but the thread's.
  setImmediate(() => (0, eval)(String((event as MessageEvent).data)));
};
