/** What shards keep in memory: old connections are collected, and shards share what they can. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Shard } from '../../src/index.ts';
import type { ShardOptions } from '../../src/index.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Counts objects without holding them. */
class ObjectCounter {
  readonly #made: WeakRef<object>[] = [];

  add(made: object): void {
    this.#made.push(new WeakRef(made));
  }

  get made(): number {
    return this.#made.length;
  }

  /** How many have not been collected. */
  get alive(): number {
    return this.#made.filter((reference) => reference.deref() !== undefined).length;
  }
}

/** Counts the sockets of a shard, which refer to their connection and all of its parts, and its actors. */
function countObjects() {
  const [sockets, actors] = [new ObjectCounter(), new ObjectCounter()];
  const options: Partial<ShardOptions> = {
    createSocket: (url, socketOptions) => {
      const socket = new WebSocket(url, socketOptions);
      sockets.add(socket);
      return socket;
    },
    inspect: (event) => {
      if (event.type === '@xstate.actor') actors.add(event.actorRef);
    },
  };
  const alive = (): number[] => {
    collectGarbage();
    return [sockets.alive, actors.alive];
  };
  return { sockets, actors, options, alive };
}

const POLL_OPTIONS = { timeout: 15_000, interval: 50 };
/** Collecting all garbage takes long in a process with many tests. */
vi.setConfig({ testTimeout: 60_000 });
const RECONNECTS = 20;

describe('the memory of shards', () => {
  test('all shards share one machine', () => {
    const shards = Array.from(
      { length: 10 },
      (_, shardId) => new Shard({ token: 'a', intents: 0, shardId, shardCount: 10 }),
    );
    expect(new Set(shards.map(({ actor }) => actor.getSnapshot().machine)).size).toBe(1);
  });

  test.each(['none', 'payload', 'zlib-stream', 'zstd-stream'] as const)(
    'an old connection is collected after a reconnection, with compression %s',
    async (compression) => {
      const { sockets, actors, options, alive } = countObjects();
      await using kit = await liveShard({ compression, ...options });
      await kit.shard.connect();
      for (let times = 0; times < RECONNECTS; times += 1) {
        const resumed = nextEvent(kit.shard, 'resumed');
        kit.gateway.connections.at(-1)!.terminate();
        await resumed;
      }
      expect(sockets.made).toEqual(1 + RECONNECTS);
      expect(actors.made > 2 * RECONNECTS).toBe(true);
      // The current connection, and the machine with its socket actor.
      await expect.poll(alive, POLL_OPTIONS).toEqual([1, 2]);
    },
  );

  test('an unreferenced shard is collected with all of its parts', async () => {
    const { sockets, actors, options, alive } = countObjects();
    const shards = new ObjectCounter();
    const live = async (): Promise<void> => {
      await using kit = await liveShard(options);
      shards.add(kit.shard);
      await kit.shard.connect();
      expect([shards.alive, ...alive()]).toEqual([1, 1, 2]);
    };
    await live();
    await expect.poll(() => [...alive(), shards.alive], POLL_OPTIONS).toEqual([0, 0, 0]);
    expect(sockets.made).toBe(1);
    expect(actors.made > 2).toBe(true);
  });
});
