/** Frames of shards in worker threads, as an observer in the manager's thread sees them. */
import { describe, expect, test, vi } from 'vitest';
import type { DispatchCounts } from '../../../src/connection/dispatch-counter.ts';
import type { FrameHead, FrameObserver } from '../../../src/connection/frame-tap.ts';
import type { InspectedManager } from '../../../src/manager/inspected-manager.ts';
import { liveManager, nextEvent } from '../../kit/live-manager.ts';
import { watchThreads } from '../../kit/threads.ts';

vi.setConfig({ testTimeout: 60_000 });

const textOf = ({ direction, op, t }: FrameHead): string => `${direction} ${op}${t === null ? '' : ` ${t}`}`;

/** A manager with one shard in one thread, whose frames are observed from the beginning. */
async function observedManager(observer: Partial<FrameObserver> = {}) {
  const heads: FrameHead[] = [];
  const counts: DispatchCounts[] = [];
  const attached = new Set<unknown>();
  const kit = await liveManager(
    {
      shards: 1,
      workers: 1,
      inspect: {
        next: () => undefined,
        attachManager: (manager: InspectedManager) =>
          void manager.onServiceChange(() => {
            for (const handle of manager.shards.values()) {
              if (attached.has(handle)) continue;
              attached.add(handle);
              handle.inspectedThread?.observeFrames({
                onFrame: (head) => void heads.push(head),
                onDispatches: (taken) => void counts.push(taken),
                ...observer,
              });
            }
          }),
      },
    },
    { heartbeatIntervalMs: 30_000 },
  );
  return { ...kit, heads, counts };
}

describe('The frames of a shard in a worker thread', () => {
  test('are shown one by one, with the time that they needed', async () => {
    await using kit = await observedManager();
    await kit.manager.connect();
    await kit.manager.shards.get(0)!.heartbeat();
    expect(kit.heads.map(textOf)).toEqual(['in 10', 'out 2', 'in 0 READY', 'out 1', 'in 11']);
    const [hello, , ready] = kit.heads;
    expect(hello).toEqual({ ...hello, s: null, resumable: null, delayMs: expect.any(Number) as number });
    expect(ready).toMatchObject({ s: 1 });
    expect(Math.min(...kit.heads.map(({ delayMs }) => delayMs ?? -1))).toBeGreaterThanOrEqual(0);
  });

  test('are counted by kind if they are dispatches, before the frame that follows them', async () => {
    await using kit = await observedManager();
    await kit.manager.connect();
    for (const id of ['1', '2', '3']) kit.gateway.dispatch('MESSAGE_CREATE', { id });
    kit.gateway.dispatch('TYPING_START', {});
    await kit.manager.shards.get(0)!.heartbeat();
    const total = (name: string): number =>
      kit.counts.reduce((sum, { kinds }) => sum + (kinds.get(name)?.count ?? 0), 0);
    expect([total('MESSAGE_CREATE'), total('TYPING_START')]).toEqual([3, 1]);
    expect([kit.counts[0]?.firstS, kit.counts.at(-1)?.lastS]).toEqual([2, 5]);
  });

  test('are counted also while no frame comes', async () => {
    const counted = Promise.withResolvers<DispatchCounts>();
    await using kit = await observedManager({ onDispatches: (counts) => counted.resolve(counts) });
    await kit.manager.connect();
    kit.gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    expect(await counted.promise).toMatchObject({ count: 1, firstS: 2, lastS: 2 });
  });

  test('are shown in the next thread, too, when a thread dies', async () => {
    using threads = watchThreads();
    await using kit = await observedManager();
    await kit.manager.connect();
    const resumed = nextEvent(kit.manager, 'resumed');
    await threads.started[0]!.terminate();
    await resumed;
    await kit.manager.shards.get(0)!.heartbeat();
    expect(kit.heads.map(textOf).slice(3)).toEqual(['in 10', 'out 6', 'in 0 RESUMED', 'out 1', 'in 11']);
  });

  test('are shown no more to an observer that throws, which is a fault, and the shard goes on', async () => {
    let calls = 0;
    const observer: Partial<FrameObserver> = {
      onFrame: () => {
        calls += 1;
        throw new Error('an observer of the user');
      },
    };
    await using kit = await observedManager(observer);
    const faults: string[] = [];
    kit.manager.on('fault', ({ code }) => faults.push(code));
    await kit.manager.connect();
    await kit.manager.shards.get(0)!.heartbeat();
    expect({ calls, faults }).toEqual({ calls: 1, faults: ['OBSERVER_THREW'] });
  });
});
