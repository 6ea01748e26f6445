/** What shards hold: what nobody needs any more is collected, and what can be there once for all shards is. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Shard } from '../../src/index.ts';
import type { ShardOptions } from '../../src/index.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Takes down what was made, without holding it. */
class ObjectCounter {
  readonly #made: WeakRef<object>[] = [];

  add(made: object): void {
    this.#made.push(new WeakRef(made));
  }

  get made(): number {
    return this.#made.length;
  }

  /** How many are still there. */
  get alive(): number {
    return this.#made.filter((reference) => reference.deref() !== undefined).length;
  }
}

/** Of a shard: its sockets, which a connection and all that belongs to it lead to, and its actors. */
function countObjects() {
  const [sockets, actors] = [new ObjectCounter(), new ObjectCounter()];
  const options: Partial<ShardOptions> = {
    createSocket: (url, given) => {
      const socket = new WebSocket(url, given);
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
/** To collect all garbage takes its time in a process with many tests. */
vi.setConfig({ testTimeout: 60_000 });
const RECONNECTS = 20;

describe('in memory', () => {
  test('there is one machine for all shards', () => {
    const shards = Array.from(
      { length: 10 },
      (_, shardId) => new Shard({ token: 'a', intents: 0, shardId, shardCount: 10 }),
    );
    expect(new Set(shards.map(({ actor }) => actor.getSnapshot().machine)).size).toBe(1);
  });

  test.each(['none', 'payload', 'zlib-stream', 'zstd-stream'] as const)(
    'nothing of a connection is left once another has taken its place, with compression %s',
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
      // The connection that is there, and the machine with its socket actor.
      await expect.poll(alive, POLL_OPTIONS).toEqual([1, 2]);
    },
  );

  test('a shard that nobody holds any more is collected, with all that it had', async () => {
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
