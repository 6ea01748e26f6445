/** Runs as a worker thread, like its file in the package. The machine of a shard crashes when the shard reconnects. */
import { ShardRuntime } from '../../src/shard/shard-runtime.ts';
import type { ShardEvent } from '../../machines/index.ts';

// oxlint-disable-next-line typescript/unbound-method -- called with the shard
const { send } = ShardRuntime.prototype;

const crash = {
  type: 'socket.closed',
  get code(): number {
    throw new Error('a bug');
  },
};

ShardRuntime.prototype.send = function sendOrCrash(event: ShardEvent): void {
  send.call(this, event.type === 'shard.reconnect' ? (crash as ShardEvent) : event);
};

await import('../../src/manager/workers/thread/entry.ts');
