/** The option `inspect` with one observer and with several. */
import { describe, expect, test } from 'vitest';
import { ShardManager } from '../../src/index.ts';
import type { InspectionObserver, ManagerInspectionObserver } from '../../src/index.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { TOKEN, virtualShard } from '../kit/virtual-shard.ts';

/** An observer that records what it is given. */
function recorder() {
  const calls: string[] = [];
  const observer: InspectionObserver = {
    attach: ({ shardId }) => void calls.push(`shard ${shardId}`),
    next: ({ type }) => void calls.push(type),
  };
  return { calls, observer };
}

/** The shards that an observer was attached to. */
const attached = ({ calls }: { calls: string[] }): string[] => calls.filter((call) => call.startsWith('shard'));

const create = (...inspect: ManagerInspectionObserver[]): ShardManager =>
  new ShardManager({ token: TOKEN, intents: [], workers: 1, inspect });

describe('the option inspect of a Shard', () => {
  test('takes several observers: each is attached once and sees every event', async () => {
    const one = recorder();
    const other = recorder();
    const { shard, clock } = virtualShard({ inspect: [one.observer, other.observer] });
    const connected = shard.connect();
    await clock.advanceAsync(100);
    await connected;
    expect(one.calls).toEqual(other.calls);
    expect(one.calls.filter((call) => call === 'shard 0')).toHaveLength(1);
    expect(one.calls).toContain('@xstate.event');
    shard.forceClose();
  });
});

describe('the option inspect of a ShardManager', () => {
  test('takes several observers: one is given the manager, the other each shard', async () => {
    const plain = recorder();
    const shards = recorder();
    let managers = 0;
    const ofManager: ManagerInspectionObserver = { ...shards.observer, attachManager: () => void (managers += 1) };
    const { manager, clock } = virtualManager(
      { shards: 2, limit: { max_concurrency: 16 } },
      { inspect: [ofManager, plain.observer] },
    );
    const connected = manager.connect();
    await clock.advanceAsync(1_000);
    await connected;
    expect(managers).toBe(1);
    expect(attached(shards)).toEqual([]);
    expect(shards.calls).toContain('@xstate.event');
    expect(attached(plain)).toEqual(['shard 0', 'shard 1']);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('with workers takes only observers that have attachManager', () => {
    expect(() => create({ attachManager: () => undefined }, recorder().observer)).toThrow(
      /inspect can't be used together with workers/,
    );
    expect(create({ attachManager: () => undefined }).state).toBe('stopped');
  });
});
