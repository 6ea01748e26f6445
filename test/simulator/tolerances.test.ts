/** Behaviour that the checks must accept. Each case was a false alarm once. */
import { describe, expect, test } from 'vitest';
import { HEALTHY, HEALTHY_MANAGER, event } from '../../simulator/healthy-settings.ts';
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
