/** What the checks let pass, as it is no fault: each of these was a false alarm once. */
import { describe, expect, it } from 'vitest';
import { HEALTHY, HEALTHY_MANAGER, event } from '../../simulator/healthy-settings.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import { performManagerAction } from '../../simulator/manager/manager-actions.ts';
import { runSimulation } from '../../simulator/run.ts';
import type { World } from '../../simulator/world.ts';

describe('the checks', () => {
  it('events-kept holds no manager to sessions that a process took with it, as there is no store', async () => {
    const script = [event(600_000, 'halfOpen'), event(601_000, 'restart', 'action')];
    const { violation } = await runSimulation(1, {
      setting: { ...HEALTHY_MANAGER, durationMs: 610_000, trafficMs: 500, hasStore: false },
      script,
    });
    expect(violation).toBeNull();
  });

  it('nothing-lost does not ask for what is on its way when a run ends', async () => {
    let saidAt = 0;
    let endedAt = 0;
    const observe = (world: World): void => {
      const say = (): void => {
        saidAt = world.clock.now();
        world.gateway.burst(world.gateway.sessions.get(world.shardPlaces[0]!.proc.shard.session!.sessionId)!, 1);
      };
      // A healthy world is looked at 20.4 s after its script, and a message is 20 ms on its way.
      world.eventLog.on('drain.began', () => world.clock.scheduleInWorld(say, 20_390));
      world.eventLog.on('drain.ended', () => (endedAt = world.clock.now()));
    };
    const { violation } = await runSimulation(1, { setting: HEALTHY, script: [], checks: ['nothing-lost'], observe });
    expect(violation).toBeNull();
    expect(endedAt - saidAt).toBeLessThan(20);
  });

  it('oracle grants a manager that is killed to go on from where its store was, behind what a beat had confirmed', async () => {
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
    expect([kills, violation]).toEqual([1, null]);
  });
});
