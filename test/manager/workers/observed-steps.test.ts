/** Steps of the statecharts of shards in worker threads, as an observer in the manager's thread sees them. */
import type { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import type { MachineStep, ManagerOptions } from '../../../src/index.ts';
import type { InspectedManager } from '../../../src/manager/inspected-manager.ts';
import type { FromThread, OrderedMessage } from '../../../src/manager/workers/wire/messages.ts';
import { liveManager, nextEvent } from '../../kit/live-manager.ts';
import { watchThreads } from '../../kit/threads.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A manager with one shard, whose steps are observed from the beginning. */
async function observedManager(
  options: Partial<ManagerOptions> = {},
  onStep: (step: MachineStep) => void = () => undefined,
) {
  const steps: MachineStep[] = [];
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
              (handle.inspectedThread ?? handle.inspected)?.observeSteps((step) => {
                steps.push(step);
                onStep(step);
              });
            }
          }),
      },
      ...options,
    },
    { heartbeatIntervalMs: 30_000 },
  );
  return { ...kit, steps };
}

/** Lets the shards of a manager be observed, and observes none. */
const IDLE_OBSERVER = { next: () => undefined, attachManager: () => undefined };

const eventsOf = (steps: readonly MachineStep[]): string[] => steps.map(({ event }) => event);

/** The first heartbeat comes at a random time. */
const withoutHeartbeat = (ids: readonly string[]): string[] =>
  ids.filter((id) => !id.startsWith('shard.online.heartbeat'));

/** The steps that took an edge: a socket may close before or after the next opens. */
async function stepsOfReconnect(workers: number): Promise<readonly object[]> {
  await using kit = await observedManager({ workers });
  await kit.manager.connect();
  const resumed = nextEvent(kit.manager, 'resumed');
  kit.gateway.connections[0]!.close(4000);
  await resumed;
  await kit.manager.disconnect();
  // Each loads its session in a way of its own.
  const first = kit.steps.findIndex(({ event }) => event === 'socket.opened');
  return kit.steps
    .slice(first)
    .map(({ event, taken, active }) => ({ event, taken: withoutHeartbeat(taken), active: withoutHeartbeat(active) }))
    .filter(({ taken }) => taken.length > 0);
}

describe('The steps of a shard in a worker thread', () => {
  test('are those of a shard in the thread of the manager, from the open socket to the disconnect', async () => {
    const steps = await stepsOfReconnect(1);
    expect(steps).toEqual(await stepsOfReconnect(0));
    expect(steps.length).toBeGreaterThan(8);
  });

  test('come with the time that they needed, before the states are read', async () => {
    await using kit = await observedManager();
    await kit.manager.connect();
    expect(kit.steps[0]).toMatchObject({ event: 'shard.connect', taken: ['shard.disconnected on shard.connect [0]'] });
    expect(Math.min(...kit.steps.map(({ delayMs }) => delayMs ?? -1))).toBeGreaterThanOrEqual(0);
    const { inspectedThread } = kit.manager.shards.get(0)!;
    expect(inspectedThread?.active).toContain('shard.online.session.ready');
    expect(inspectedThread?.active).toEqual(kit.steps.at(-1)?.active);
  });

  test('are not known of a shard that left its thread without a step', async () => {
    await using kit = await observedManager();
    await kit.manager.connect();
    const shard = kit.manager.shards.get(0)!;
    shard.forceClose();
    expect([shard.state, shard.inspectedThread?.active]).toEqual(['disconnected', null]);
  });

  test('are shown from the active states on to an observer that comes late', async () => {
    await using kit = await liveManager({ workers: 1, shards: 1, inspect: IDLE_OBSERVER });
    await kit.manager.connect();
    const shard = kit.manager.shards.get(0)!;
    const { inspectedThread } = shard;
    expect(inspectedThread?.active).toBe(null);
    const steps: MachineStep[] = [];
    inspectedThread!.observeSteps((step) => steps.push(step));
    await shard.heartbeat();
    expect(inspectedThread?.active).toContain('shard.online.session.ready');
    await shard.reconnect();
    expect(eventsOf(steps)).toEqual(expect.arrayContaining(['shard.reconnect', 'gateway.hello', 'gateway.resumed']));
  });

  test('are shown in the next thread, too, when a thread dies', async () => {
    using threads = watchThreads();
    await using kit = await observedManager();
    await kit.manager.connect();
    const before = kit.steps.length;
    const resumed = nextEvent(kit.manager, 'resumed');
    await threads.started[0]!.terminate();
    await resumed;
    await kit.manager.shards.get(0)!.heartbeat();
    const steps = kit.steps.slice(before);
    expect(steps[0]?.taken).toEqual(['shard.disconnected on shard.connectWith [0]']);
    expect(eventsOf(steps)).toEqual(expect.arrayContaining(['socket.opened', 'gateway.hello', 'gateway.resumed']));
  });

  test('are shown of the actor, too, that connect() puts in the place of one that crashed', async () => {
    const threadUrl = new URL('../../kit/crashing-thread.ts', import.meta.url);
    using threads = watchThreads();
    await using kit = await observedManager({ threadUrl });
    await kit.manager.connect();
    const shard = kit.manager.shards.get(0)!;
    const before = kit.steps.length;
    const connectedAgain = Promise.withResolvers<void>();
    shard.on('failed', () => connectedAgain.resolve(shard.connect()));
    await expect(shard.reconnect()).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    await connectedAgain.promise;
    const steps = kit.steps.slice(before);
    expect(steps.map(({ event, taken }) => [event, ...taken]).slice(0, 2)).toEqual([
      ['xstate.init'],
      ['shard.connectWith', 'shard.disconnected on shard.connectWith [0]'],
    ]);
    expect(eventsOf(steps).at(-1)).toBe('gateway.resumed');
    expect(threads.started).toHaveLength(1);
  });

  test('are shown no more to an observer that throws or was removed, and the shard goes on', async () => {
    let calls = 0;
    await using kit = await observedManager({}, () => {
      calls += 1;
      throw new Error('an observer of the user');
    });
    const faults: string[] = [];
    kit.manager.on('fault', ({ code }) => faults.push(code));
    await kit.manager.connect();
    const shard = kit.manager.shards.get(0)!;
    shard.inspectedThread!.observeSteps(() => (calls += 100))();
    await shard.reconnect();
    expect({ calls, faults }).toEqual({ calls: 1, faults: ['OBSERVER_THREW'] });
  });

  test.each([
    ['nobody inspects', {}],
    ['an observer asks for nothing', { inspect: IDLE_OBSERVER }],
  ])('are no messages of the thread while %s, nor are its frames and sends', async (_name, options) => {
    const kinds = new Set<string>();
    using threads = watchThreads((thread: Worker) =>
      thread.on('message', (message: FromThread) => {
        kinds.add(message.type);
        if (message.type !== 'batch') return;
        for (const { kind } of JSON.parse(message.messages) as OrderedMessage[]) kinds.add(kind);
      }),
    );
    await using kit = await liveManager({ shards: 1, workers: 1, ...options });
    await kit.manager.connect();
    await kit.manager.shards.get(0)!.requestSoundboardSounds(['1']);
    await kit.manager.shards.get(0)!.reconnect();
    expect(threads.started).toHaveLength(1);
    expect([...kinds]).toEqual(expect.arrayContaining(['batch', 'event', 'stats']));
    for (const kind of ['active', 'step', 'frame', 'dispatches', 'sendTelemetry']) expect(kinds).not.toContain(kind);
  });
});
