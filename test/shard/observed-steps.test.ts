/** Steps of the statechart of a shard, as an inspector sees them. */
import { describe, expect, test } from 'vitest';
import type { InspectedShard, MachineStep } from '../../src/index.ts';
import { virtualShard } from '../kit/virtual-shard.ts';

function inspectedShard() {
  const views: InspectedShard[] = [];
  const kit = virtualShard({ inspect: { next: () => undefined, attach: (view) => void views.push(view) } });
  const { clock, shard } = kit;
  return { ...kit, view: views[0]!, connect: () => Promise.all([shard.connect(), clock.advanceAsync(100)]) };
}

describe('InspectedShard', () => {
  test('observeSteps() shows each event with its edges and what is active after it, until it is ended', async () => {
    const { view, connect, shard, clock } = inspectedShard();
    const steps: MachineStep[] = [];
    const stop = view.observeSteps((step) => steps.push(step));
    await connect();
    expect(steps.at(-1)).toEqual({
      event: 'gateway.ready',
      taken: ['shard.online.session.identifying on gateway.ready [0]'],
      active: view.active,
      delayMs: null,
    });
    expect(view.active).toContain('shard.online.session.ready');
    stop();
    const before = steps.length;
    await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
    expect([view.active, steps.length]).toEqual([['shard.disconnected'], before]);
  });

  test('observeSteps() goes on, without a gap, with the actor that replaces one that crashed', async () => {
    const { view, connect, shard } = inspectedShard();
    await connect();
    const steps: MachineStep[] = [];
    view.observeSteps((step) => steps.push(step));
    const crash = {
      type: 'socket.closed',
      get code(): number {
        throw new Error('a bug');
      },
    };
    shard.actor.send(crash as never);
    expect(shard.state).toBe('failed');
    await connect();
    expect(steps.slice(0, 2).map(({ event, taken }) => [event, ...taken])).toEqual([
      ['xstate.init'],
      ['shard.connectWith', 'shard.disconnected on shard.connectWith [0]'],
    ]);
    expect(steps.at(-1)?.event).toBe('gateway.resumed');
  });

  test('observeSteps() with an observer that throws is a fault, and the other observers go on', async () => {
    const { view, connect, events } = inspectedShard();
    let calls = 0;
    const seen: string[] = [];
    view.observeSteps(() => {
      calls += 1;
      throw new Error('a bad observer');
    });
    view.observeSteps(({ event }) => seen.push(event));
    await connect();
    expect(calls).toBe(1);
    expect(events.of('fault').map(({ code }) => code)).toEqual(['OBSERVER_THREW']);
    expect(seen).toContain('gateway.ready');
  });
});
