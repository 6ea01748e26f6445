/**
 * The rule by which one set of shards hands over to another, against every order in which two sets of sessions can be
 * sent the same events: thousands of worlds in memory, each with delays of its own.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandOver } from '../../../src/manager/reshard/hand-over.ts';
import { BufferedSession } from '../../../src/manager/reshard/session-buffer.ts';
import type { ShardSet } from '../../../src/manager/shard-set.ts';
import type { Dispatch } from '../../../src/index.ts';
import { guildId } from '../../kit/guild-events.ts';

const GUILDS = 6;

/** What a session was sent and has not arrived yet: an event, or the answer to a beat. */
type Item = Dispatch | (() => void);

class SimulatedSession {
  readonly entry: BufferedSession;
  /** Sent by the gateway. */
  readonly queue: Item[] = [];
  /** Beats on their way to the gateway. */
  readonly heartbeats: (() => void)[] = [];
  sequence = 0;

  constructor(shardId: number) {
    this.entry = new BufferedSession(shardId, undefined as never, () => undefined);
  }
}

class SimulatedSet {
  readonly sessions: SimulatedSession[];
  readonly set: ShardSet;
  isReady = true;

  constructor(total: number) {
    this.sessions = Array.from({ length: total }, (_, id) => new SimulatedSession(id));
    const readyShards = this.sessions.map((session) => ({
      barrier: () => new Promise<void>((resolve) => session.heartbeats.push(resolve)),
    }));
    const ready = (): boolean => this.isReady;
    this.set = {
      readyShards,
      sessionBuffer: { isFrozen: false },
      get isReady() {
        return ready();
      },
      get isQuiescent() {
        return ready();
      },
    } as unknown as ShardSet;
  }

  send(t: string, guild: number, d: object): void {
    const session = this.sessions[guild % this.sessions.length]!;
    session.sequence += 1;
    session.queue.push({ op: 0, t, s: session.sequence, d } as unknown as Dispatch);
  }
}

/** A world that does one thing after the other, as the dice fall. */
class HandOverSimulation {
  readonly old: SimulatedSet;
  readonly next: SimulatedSet;
  readonly sent: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly got: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly handOver: HandOver;
  inService: 'old' | 'next' = 'old';
  /** The hand-over has begun. */
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

  /** The gateway sends an event to both sets; before they have subscribed, only to the old one. */
  emit(guild: number, isSubscribed = true): void {
    const id = String((this.#count += 1));
    this.sent[guild]!.push(id);
    const d = { id, guild_id: guildId(guild) };
    this.old.send('MESSAGE_CREATE', guild, d);
    if (isSubscribed) this.next.send('MESSAGE_CREATE', guild, d);
  }

  /** A beat of a session comes to the gateway: the answer is sent behind all else. */
  heartbeat({ heartbeats, queue }: SimulatedSession): void {
    const resolve = heartbeats.shift();
    if (resolve !== undefined) queue.push(resolve);
  }

  /** What a session was sent comes to the manager. */
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
    this.got[Number(BigInt(of) >> 22n)]!.push(id);
  }
}

const flushMicrotasks = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await Promise.resolve();
};

/** One step: what happens, and to whom. */
const step = fc.record({
  what: fc.constantFrom('emit', 'heartbeat', 'arrive', 'arrive', 'arrive'),
  who: fc.nat(1_000),
});

async function runSteps(
  simulation: HandOverSimulation,
  steps: readonly { what: string; who: number }[],
): Promise<void> {
  for (const { what, who } of steps) {
    const side = simulation.sides[who % 2]!;
    const session = side.sessions[Math.floor(who / 2) % side.sessions.length]!;
    if (what === 'emit') simulation.emit(who % GUILDS);
    else if (what === 'heartbeat') simulation.heartbeat(session);
    else simulation.arrive(side, session);
    await flushMicrotasks();
  }
}

/** Everything that is under way comes to its end. */
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

describe('every event is handed out once and in the order of its guild', () => {
  test('whenever it comes to the one set and the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(GUILDS - 1), { maxLength: 10 }),
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        async (from, to, before, early, steps) => {
          const world = new HandOverSimulation(from, to);
          // Some of it is still on its way when the new sessions begin, and they do not get it.
          for (const guild of before) world.emit(guild, false);
          // The new set is told, and discards, before the hand-over begins; the old one is in service.
          await runSteps(world, early);
          const done = world.begin();
          await runSteps(world, steps);
          await runToEnd(world);

          expect([await done, world.inService]).toEqual([true, 'next']);
          expect(world.got).toEqual(world.sent);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('whenever a connection of either set is lost before that', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 60, size: 'max' }), async (isOld, steps) => {
        const world = new HandOverSimulation(1, 2);
        const done = world.begin();
        await runSteps(world, steps);
        if (world.inService === 'next') return;
        const side = isOld ? world.old : world.next;
        side.isReady = false;
        world.handOver.onShardChange(side.set);
        // The session is resumed: what it was sent comes all the same.
        await runToEnd(world);

        expect(world.got).toEqual(world.sent);
        const isInService = await done;
        expect(world.inService).toBe(isInService ? 'next' : 'old');
        expect(isInService || !world.old.set.sessionBuffer.isFrozen).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

const event = (t: string, d: object): Dispatch => ({ op: 0, t, s: 1, d }) as unknown as Dispatch;

async function runHandOver(old: Dispatch[], next: Dispatch[]): Promise<Dispatch[]> {
  const sides = [new SimulatedSet(1), new SimulatedSet(1)] as const;
  const out: Dispatch[] = [];
  const handOver = new HandOver(sides[0].set, sides[1].set, {
    deliver: (_, dispatch) => out.push(dispatch),
    switchOver: (buffered) => out.push(...buffered.map(({ dispatch }) => dispatch)),
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

describe('what is the same', () => {
  const typing = event('TYPING_START', { guild_id: '4194304', user_id: '1' });

  test('counts: of two equal events of a guild that came to both, two are handed out', async () => {
    expect(await runHandOver([typing, typing], [typing, typing])).toEqual([typing, typing]);
    expect(await runHandOver([typing], [typing, typing])).toEqual([typing, typing]);
  });

  test('does not count for what concerns no guild: the sets do not have the same number of shards', async () => {
    const user = event('USER_UPDATE', { id: '1' });
    expect(await runHandOver([user], [user, user])).toEqual([user]);
  });

  test('the sessions themselves, and answers to what only one of them asked, are not compared', async () => {
    const ready = event('READY', { session_id: 'a' });
    const chunk = event('GUILD_MEMBERS_CHUNK', { guild_id: '4194304' });
    expect(await runHandOver([chunk, ready], [ready, event('RESUMED', {}), chunk])).toEqual([chunk, ready]);
  });
});
