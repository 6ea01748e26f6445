/** Behaviour that the checks must accept. Each case was a false alarm once. */
import { describe, expect, test } from 'vitest';
import { HEALTHY, HEALTHY_MANAGER, event } from '../../simulator/healthy-settings.ts';
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import { performManagerAction } from '../../simulator/manager/manager-actions.ts';
import { runSimulation } from '../../simulator/run.ts';
import type { World } from '../../simulator/world.ts';

describe('the checks of the simulator', () => {
  test('events-kept does not expect the sessions of an ended process without a store', async () => {
    const script = [event(600_000, 'halfOpen'), event(601_000, 'restart', 'action')];
    const { violation } = await runSimulation(1, {
      setting: { ...HEALTHY_MANAGER, durationMs: 610_000, trafficMs: 500, hasStore: false },
      script,
    });
    expect(violation).toBeNull();
  });

  test('events-kept does not expect what a session received whose resumes have failed too often', async () => {
    const codes: string[] = [];
    const observe = (world: World): void => {
      let resumes = 0;
      world.clock.scheduleInWorld(() => world.setCondition('endlessReplay', true, 100_000), 599_000);
      world.eventLog.on('shard.sent', ({ socket, packet }) => {
        if (packet.op !== 6) return;
        resumes += 1;
        // The gateway believes in this connection until the run has ended.
        if (resumes === 4) world.clock.scheduleInWorld(() => world.makeHalfOpen(socket), 1_000);
      });
      world.eventLog.on('bot.emitted', ({ name, args }) => {
        if (name === 'fault') codes.push((args[0] as { code: string }).code);
      });
    };
    const { violation } = await runSimulation(1, {
      setting: { ...HEALTHY_MANAGER, durationMs: 700_000, trafficMs: 500 },
      script: [event(600_000, 'drop')],
      observe,
    });
    expect(codes).toContain('RESUMES_EXHAUSTED');
    expect(violation).toBeNull();
  });

  test('oracle knows that another process resumes from what a stream still held', async () => {
    let hasResumed = false;
    const observe = (world: World): void => {
      world.eventLog.on('shard.sent', ({ packet }) => (hasResumed ||= packet.op === 6));
      // A consumer that takes nothing.
      world.clock.scheduleInWorld(
        () => void world.shardPlaces[0]!.proc.shard.dispatches()[Symbol.asyncIterator](),
        600_000,
      );
    };
    const { violation } = await runSimulation(1, {
      setting: { ...HEALTHY, durationMs: 800_000 },
      script: [event(700_000, 'takeTurns', 'action')],
      checks: ['oracle'],
      observe,
    });
    expect(hasResumed).toBe(true);
    expect(violation).toBeNull();
  });

  test('nothing-lost does not expect a dispatch that is still on the way when the run ends', async () => {
    let sentAt = 0;
    let endedAt = 0;
    const observe = (world: World): void => {
      const send = (): void => {
        sentAt = world.clock.now();
        world.gateway.burst(world.gateway.sessions.get(world.shardPlaces[0]!.proc.shard.session!.sessionId)!, 1);
      };
      // A run without faults ends 20.4 s after its script, and a message travels for 20 ms.
      world.eventLog.on('recovery.began', () => world.clock.scheduleInWorld(send, 20_390));
      world.eventLog.on('recovery.ended', () => (endedAt = world.clock.now()));
    };
    const { violation } = await runSimulation(1, { setting: HEALTHY, script: [], checks: ['nothing-lost'], observe });
    expect(violation).toBeNull();
    expect(endedAt - sentAt).toBeLessThan(20);
  });

  test('buffers-bounded counts the bytes that came, also of a dispatch whose s is no sequence', async () => {
    const rawLengths: number[] = [];
    const observe = ({ clock, eventLog, shardPlaces: [place] }: World): void => {
      const deliver = (): void => {
        const { proc } = place!;
        eventLog.record('stream.opened', { proc, id: 900, events: null, signal: undefined });
        for (let odd = 11; odd <= 14; odd += 1) {
          const packet = Buffer.from(JSON.stringify({ op: 0, t: 'ODD', s: '', d: { odd } }));
          const dispatch = LazyDispatch.decoded('ODD', null as never, { odd }, packet, null);
          dispatch.releaseBuffer();
          rawLengths.push(dispatch.raw.length);
          eventLog.record('dispatched', { proc, dispatch: dispatch as never });
        }
        eventLog.record('stream.left', { proc, id: 900 });
      };
      clock.scheduleInWorld(deliver, 600_000);
    };
    const setting = { ...HEALTHY, durationMs: 700_000, maxBufferedBytes: 80 };
    const { violation } = await runSimulation(1, { setting, script: [], checks: ['buffers-bounded'], observe });
    expect(violation).toBeNull();
    expect(rawLengths).toEqual([42, 42, 42, 42]);
  });

  test('exact-hand-over expects from a stopped process only what that process delivered', async () => {
    let unstored = 0;
    const observe = (world: World): void => {
      const [place] = world.shardPlaces;
      const redeploy = (): void => {
        const { proc: killed } = place!;
        killed.shard.forceClose();
        unstored = killed.shard.session!.sequence - place!.stored.get(0)!.sequence;
        place!.restart(null);
        place!.deploy(1, true);
      };
      world.clock.scheduleInWorld(redeploy, 600_000);
    };
    const setting = { ...HEALTHY, durationMs: 700_000, trafficMs: 100 };
    const { violation } = await runSimulation(1, { setting, script: [], observe });
    expect(unstored).toBeGreaterThan(0);
    expect(violation).toBeNull();
  });

  test('refusal-named expects no fault of a process that a listener ended before', async () => {
    const closed: number[] = [];
    const observe = (world: World): void => {
      const { proc } = world.bot!;
      const send = (): void => {
        proc.listenerHook = { event: 'stateChange', run: () => proc.place.end(proc, false) };
        performManagerAction(proc, 'refused', randomFor(1, 'refusal'));
        world.eventLog.on('socket.closed', ({ code }) => void closed.push(code));
      };
      world.clock.scheduleInWorld(send, 600_000);
    };
    const setting = { ...HEALTHY_MANAGER, durationMs: 610_000 };
    const { violation } = await runSimulation(1, { setting, script: [], observe });
    expect(closed[0]).toBeOneOf([4001, 4002]);
    expect(violation).toBeNull();
  });

  test('poison-skipped does not count a connection whose end a listener heard of before the fault, and resumed', async () => {
    let endings = 0;
    const observe = (world: World): void => {
      const { proc } = world.shardPlaces[0]!;
      const resume = (): void => {
        const session = proc.shard.session!;
        world.eventLog.record('action', { proc, name: 'resume', what: '', drops: true, session });
        proc.trackPromise('resume', () => proc.shard.resume(session));
      };
      world.clock.scheduleInWorld(() => (proc.listenerHook = { event: 'stateChange', run: resume }), 599_000);
      world.eventLog.on('emitted', ({ name, args }) => {
        if (name === 'fault' && (args[0] as { code: string }).code === 'DECODE_FAILED') endings += 1;
      });
    };
    const script = [event(600_000, 'poison')];
    const { violation } = await runSimulation(1, { setting: { ...HEALTHY, durationMs: 700_000 }, script, observe });
    expect(endings).toBe(4);
    expect(violation).toBeNull();
  });

  test('owner-writes lets a process write with a new lease after a late write with the old one', async () => {
    const refused: string[] = [];
    const observe = (world: World): void => {
      const [place] = world.shardPlaces;
      world.eventLog.on('store.refused', ({ what }) => void refused.push(what));
      const stop = (): void => {
        world.setCondition('slowStore', 20_000, 1_000);
        void place!.proc.shard.disconnect();
      };
      world.clock.scheduleInWorld(stop, 600_000);
      world.clock.scheduleInWorld(() => place!.connect(), 616_000);
    };
    const setting = { ...HEALTHY, durationMs: 700_000, trafficMs: 100 };
    const { violation } = await runSimulation(1, { setting, script: [], observe });
    expect(refused).toEqual(['late write']);
    expect(violation).toBeNull();
  });

  test('oracle lets a killed manager resume from its store, behind the sequence of the last heartbeat', async () => {
    let kills = 0;
    const observe = (world: World): void => {
      world.eventLog.on('bot.emitted', ({ name, args, proc: killed }) => {
        if (name !== 'heartbeat' || kills > 0) return;
        const shardId = args.at(-1) as number;
        const behind =
          killed.manager.shards.get(shardId)!.session!.sequence - killed.place.stored.get(shardId)!.sequence;
        if (behind < 3) return;
        kills += 1;
        world.clock.scheduleInWorld(() => performManagerAction(killed, 'kill', randomFor(1, 'kill')), 1);
      });
    };
    const { violation } = await runSimulation(1, {
      setting: { ...HEALTHY_MANAGER, durationMs: 600_000, trafficMs: 100 },
      script: [],
      observe,
    });
    expect(kills).toBe(1);
    expect(violation).toBeNull();
  });
});
