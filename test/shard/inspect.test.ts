/** Whatever an observer does, the shard goes on. */
import { describe, expect, test } from 'vitest';
import type { InspectionEvent } from 'xstate';
import type { ShardOptions } from '../../src/index.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { virtualShard } from '../kit/virtual-shard.ts';

type Inspect = NonNullable<ShardOptions['inspect']>;

const CAUSE = new Error('a bad observer');

/** All inspection events that XState 5 emits; `@xstate.transition` exists only in its types. */
const KINDS = ['@xstate.actor', '@xstate.event', '@xstate.microstep', '@xstate.action', '@xstate.snapshot'] as const;

/** Connects, loses the connection, resumes and disconnects. */
async function runScenario(inspect: Inspect) {
  const kit = virtualShard({ inspect });
  const { clock, gateway, shard, events } = kit;
  await Promise.all([shard.connect(), clock.advanceAsync(100)]);
  gateway.dispatch('MESSAGE_CREATE', { content: 'hi' });
  gateway.last.end(1006);
  await clock.advanceAsync(5_000);
  gateway.dispatch('MESSAGE_CREATE', { content: 'again' });
  await clock.advanceAsync(100_000);
  await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
  return {
    states: events.states,
    dispatched: events.dispatched,
    faults: events.of('fault'),
    pending: clock.pending,
    kit,
  };
}

const UNDISTURBED = {
  states: [
    'connecting',
    'identifying',
    'ready',
    'reconnecting',
    'connecting',
    'resuming',
    'ready',
    'disconnecting',
    'disconnected',
  ],
  dispatched: ['READY', 'MESSAGE_CREATE', 'RESUMED', 'MESSAGE_CREATE'],
  pending: 0,
};

const DETACHED = { ...UNDISTURBED, faults: [expect.objectContaining({ code: 'OBSERVER_THREW', cause: CAUSE })] };

describe('the option inspect', () => {
  test('an observer receives every kind of inspection event, as a function or as an object', async () => {
    const seen = { function: new Set<string>(), object: new Set<string>() };
    expect(await runScenario(({ type }) => void seen.function.add(type))).toMatchObject({ ...UNDISTURBED, faults: [] });
    expect(await runScenario({ next: ({ type }) => void seen.object.add(type) })).toMatchObject({
      ...UNDISTURBED,
      faults: [],
    });
    expect([...seen.function].toSorted()).toEqual(KINDS.toSorted());
    expect([...seen.object].toSorted()).toEqual(KINDS.toSorted());
  });

  test.each(KINDS)('an observer that throws at %s is reported once and detached', async (kind) => {
    let calls = 0;
    let thrownAt = 0;
    const observe = ({ type }: InspectionEvent): void => {
      calls += 1;
      if (type !== kind) return;
      thrownAt = calls;
      throw CAUSE;
    };
    expect(await runScenario(observe)).toMatchObject(DETACHED);
    expect(thrownAt > 0).toBe(true);
    expect(calls).toEqual(thrownAt);
  });

  test.each<[string, () => Inspect]>([
    [
      'an observer whose `next` is a getter that throws',
      () => ({
        get next(): never {
          throw CAUSE;
        },
      }),
    ],
    [
      'an observer whose `attach` is a getter that throws',
      () => ({
        next: () => undefined,
        get attach(): never {
          throw CAUSE;
        },
      }),
    ],
    ['an observer whose `next` returns a promise that rejects', () => ({ next: (): unknown => Promise.reject(CAUSE) })],
    ['an observer that is an async function and throws', () => () => Promise.reject(CAUSE)],
  ])('%s is detached, reported once, and the shard goes on', async (_, observer) => {
    expect(await runScenario(observer())).toMatchObject(DETACHED);
  });

  test('an observer without `next` changes nothing', async () => {
    expect(await runScenario({})).toMatchObject({ ...UNDISTURBED, faults: [] });
  });

  test('an observer that throws a value that is not an error is reported with it', async () => {
    const { faults } = await runScenario(() => {
      throw null;
    });
    expect(faults.map(({ code, cause }) => [code, cause])).toEqual([['OBSERVER_THREW', null]]);
  });

  test('an observer may send events to the actor', async () => {
    const { clock, gateway, shard, events } = virtualShard({
      inspect: ({ type, actorRef, ...rest }) => {
        // Answers HELLO with a disconnect, before the machine has seen HELLO.
        if (type === '@xstate.event' && 'event' in rest && rest.event.type === 'gateway.hello') {
          actorRef.send({ type: 'shard.disconnect', code: 4000, reason: 'enough', session: 'keep' });
        }
      },
    });
    const connecting = shard.connect().catch(({ code }: { code: string }) => code);
    await clock.advanceAsync(1_000);
    expect(await connecting).toBe('CONNECTION_LOST');
    expect(shard.state).toBe('disconnected');
    expect(gateway.sockets.length).toBe(1);
    expect(events.faults).toEqual([]);
  });

  test('an observer may call the shard', async () => {
    const kit = virtualShard({
      inspect: ({ type, ...rest }) => {
        if (type === '@xstate.snapshot' && 'event' in rest && rest.event.type === 'gateway.ready')
          void kit.shard.disconnect();
      },
    });
    await Promise.all([kit.shard.connect(), kit.clock.advanceAsync(100)]);
    expect(kit.shard.state).toBe('disconnected');
    expect(kit.events.faults).toEqual([]);
  });

  test('an observer that answers every event with another one is detached, and the shard goes on', async () => {
    const { clock, shard, events } = virtualShard({
      inspect: ({ type, actorRef }) => {
        if (type === '@xstate.event') actorRef.send({ type: 'gateway.reconnect', connectionId: 0 });
      },
    });
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    expect(events.of('fault').map(({ code, cause }) => [code, cause])).toEqual([
      ['OBSERVER_THREW', expect.any(RangeError)],
    ]);
    expect(shard.state).toBe('ready');
  });

  test('a slow observer slows the shard and does nothing else', async () => {
    const busy = new Int32Array(new SharedArrayBuffer(4));
    // With the default timing: a slow shard must not seem to have lost its connection.
    await using kit = await liveShard(
      { inspect: () => void Atomics.wait(busy, 0, 0, 20), timing: { slowListenerMs: null }, random: () => 0.1 },
      { heartbeatIntervalMs: 5_000 },
    );
    const { gateway, shard, events } = kit;
    await shard.connect();
    await nextEvent(shard, 'heartbeat');
    gateway.connections.at(-1)!.terminate();
    await nextEvent(shard, 'resumed');
    await shard.disconnect();
    expect(events.faults).toEqual([]);
    expect(gateway.stats.identifies).toBe(1);
    expect(gateway.stats.resumes).toBe(1);
  });
});
