/**
 * The hand-over between two sets of shards, with the orders in which two sets of sessions can receive the same events:
 * thousands of simulations in memory, each with different delays.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandOver } from '../../../src/manager/reshard/hand-over.ts';
import type { BufferedSession } from '../../../src/manager/reshard/session-buffer.ts';
import type { Dispatch } from '../../../src/index.ts';
import { guildId } from '../../kit/guild-events.ts';
import { SimulatedSet, flushMicrotasks, step } from '../../kit/simulated-set.ts';
import type { SimulatedSession } from '../../kit/simulated-set.ts';

const GUILDS = 6;

/** Two sets of shards and a gateway that do one step after the other, in a random order. */
class HandOverSimulation {
  readonly old: SimulatedSet;
  readonly next: SimulatedSet;
  readonly sent: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly received: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly handOver: HandOver;
  inService: 'old' | 'next' = 'old';
  /** Whether the hand-over has begun. */
  isUnderWay = false;
  #count = 0;

  constructor(from: number, to: number) {
    this.old = new SimulatedSet(from);
    this.next = new SimulatedSet(to);
    this.handOver = new HandOver(this.old.set, this.next.set, {
      deliver: (_, dispatch) => this.#deliver(dispatch),
      switchOver: (buffered) => {
        this.inService = 'next';
        for (const { dispatch } of buffered) this.#deliver(dispatch);
      },
    });
  }

  /** The gateway sends an event to both sets; before the new set has identified, only to the old one. */
  emit(guild: number, hasIdentified = true): void {
    const id = String((this.#count += 1));
    this.sent[guild]!.push(id);
    const d = { id, guild_id: guildId(guild) };
    this.old.send('MESSAGE_CREATE', guild, d);
    if (hasIdentified) this.next.send('MESSAGE_CREATE', guild, d);
  }

  /** A heartbeat arrives at the gateway, which sends the ACK after everything before. */
  heartbeat({ heartbeats, queue }: SimulatedSession): void {
    const resolve = heartbeats.shift();
    if (resolve !== undefined) queue.push(resolve);
  }

  /** The next item of a session arrives at the manager. */
  arrive(side: SimulatedSet, { queue, entry }: SimulatedSession): void {
    const item = queue.shift();
    if (typeof item === 'function') item();
    else if (item !== undefined) this.#route(side, entry, item);
  }

  get sides(): readonly SimulatedSet[] {
    return [this.old, this.next];
  }

  begin(): Promise<boolean> {
    this.isUnderWay = true;
    return this.handOver.run();
  }

  #route(side: SimulatedSet, entry: BufferedSession, dispatch: Dispatch): void {
    const isOld = side === this.old;
    if (!this.isUnderWay || this.inService === 'next') {
      if (isOld === (this.inService === 'old')) this.#deliver(dispatch);
    } else if (isOld) this.handOver.fromOld(entry, dispatch);
    else this.handOver.fromNext(entry, dispatch);
  }

  #deliver({ d }: Dispatch): void {
    const { guild_id: of, id } = d as { guild_id: string; id: string };
    this.received[Number(BigInt(of) >> 22n)]!.push(id);
  }
}

async function runSteps(
  simulation: HandOverSimulation,
  steps: readonly { action: string; target: number }[],
): Promise<void> {
  for (const { action, target } of steps) {
    const side = simulation.sides[target % 2]!;
    const session = side.sessions[Math.floor(target / 2) % side.sessions.length]!;
    if (action === 'emit') simulation.emit(target % GUILDS);
    else if (action === 'heartbeat') simulation.heartbeat(session);
    else simulation.arrive(side, session);
    await flushMicrotasks();
  }
}

/** Lets everything on its way arrive. */
async function runToEnd(simulation: HandOverSimulation): Promise<void> {
  for (let idle = 0; idle < 4; idle += 1) {
    for (const side of simulation.sides) {
      for (const session of side.sessions) {
        while (session.heartbeats.length + session.queue.length > 0) {
          idle = 0;
          simulation.heartbeat(session);
          simulation.arrive(side, session);
          await flushMicrotasks();
        }
      }
    }
    await flushMicrotasks();
  }
}

describe('HandOver: every event is delivered once and in the order of its guild', () => {
  test('whenever it arrives at the one set and the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(GUILDS - 1), { maxLength: 10 }),
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        async (from, to, before, early, steps) => {
          const simulation = new HandOverSimulation(from, to);
          // Some events are still on their way when the new sessions begin, which do not receive them.
          for (const guild of before) simulation.emit(guild, false);
          // Before the hand-over the new set discards its events, and the old set is in service.
          await runSteps(simulation, early);
          const done = simulation.begin();
          await runSteps(simulation, steps);
          await runToEnd(simulation);

          expect(await done).toBe(true);
          expect(simulation.inService).toBe('next');
          expect(simulation.received).toEqual(simulation.sent);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('whenever a connection of either set is lost during the hand-over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 60, size: 'max' }), async (isOld, steps) => {
        const simulation = new HandOverSimulation(1, 2);
        const done = simulation.begin();
        await runSteps(simulation, steps);
        if (simulation.inService === 'next') return;
        const side = isOld ? simulation.old : simulation.next;
        side.isReady = false;
        simulation.handOver.onShardChange(side.set);
        // The session is resumed, so everything sent to it still arrives.
        await runToEnd(simulation);

        expect(simulation.received).toEqual(simulation.sent);
        const isInService = await done;
        expect(simulation.inService).toBe(isInService ? 'next' : 'old');
        expect(isInService || !simulation.old.set.sessionBuffer.isFrozen).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

const event = (t: string, d: object): Dispatch => ({ op: 0, t, s: 1, d }) as unknown as Dispatch;

async function runHandOver(old: Dispatch[], next: Dispatch[], leftOut: Dispatch[] = []): Promise<Dispatch[]> {
  const sides = [new SimulatedSet(1), new SimulatedSet(1)] as const;
  const out: Dispatch[] = [];
  const handOver = new HandOver(sides[0].set, sides[1].set, {
    deliver: (_, dispatch) => out.push(dispatch),
    switchOver: (buffered, others) => {
      out.push(...buffered.map(({ dispatch }) => dispatch));
      leftOut.push(...others.map(({ dispatch }) => dispatch));
    },
  });
  const [a, b] = sides.map(({ sessions }) => sessions[0]!);
  const done = handOver.run();
  b!.heartbeats.shift()?.();
  await flushMicrotasks();
  for (const dispatch of old) handOver.fromOld(a!.entry, dispatch);
  for (const dispatch of next) handOver.fromNext(b!.entry, dispatch);
  a!.heartbeats.shift()?.();
  await flushMicrotasks();
  b!.heartbeats.shift()?.();
  await done;
  return out;
}

describe('HandOver: equal events', () => {
  const typing = event('TYPING_START', { guild_id: '4194304', user_id: '1' });

  test('of a guild are counted: two that arrived at both sets are delivered twice', async () => {
    expect(await runHandOver([typing, typing], [typing, typing])).toEqual([typing, typing]);
    expect(await runHandOver([typing], [typing, typing])).toEqual([typing, typing]);
  });

  test('that are left out are handed over too, for the new sessions to move on', async () => {
    const leftOut: Dispatch[] = [];
    await runHandOver([typing], [typing, typing, typing], leftOut);
    expect(leftOut).toEqual([typing]);
  });

  test('without a guild are delivered once, because the sets have different shard counts', async () => {
    const user = event('USER_UPDATE', { id: '1' });
    expect(await runHandOver([user], [user, user])).toEqual([user]);
  });

  test('about a session, and answers to the request of one session, are not compared', async () => {
    const ready = event('READY', { session_id: 'a' });
    const chunk = event('GUILD_MEMBERS_CHUNK', { guild_id: '4194304' });
    expect(await runHandOver([chunk, ready], [ready, event('RESUMED', {}), chunk])).toEqual([chunk, ready]);
  });
});
