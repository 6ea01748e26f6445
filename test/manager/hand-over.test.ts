/**
 * The rule by which one set of shards hands over to another, against every order in which two sets of sessions can be
 * sent the same events: thousands of worlds in memory, each with delays of its own.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandOver } from '../../src/manager/hand-over.ts';
import { LedgerRow } from '../../src/manager/session-ledger.ts';
import type { ShardSet } from '../../src/manager/shard-set.ts';
import type { Dispatch } from '../../src/index.ts';
import { guildId } from '../kit/guild-events.ts';

const GUILDS = 6;

/** What a session was sent and has not arrived yet: an event, or the answer to a beat. */
type Item = Dispatch | (() => void);

class Session {
  readonly row: LedgerRow;
  /** Sent by the gateway. */
  readonly queue: Item[] = [];
  /** Beats on their way to the gateway. */
  readonly beats: (() => void)[] = [];
  sequence = 0;

  constructor(shardId: number) {
    this.row = new LedgerRow(shardId, undefined as never, () => undefined);
  }
}

class Side {
  readonly sessions: Session[];
  readonly set: ShardSet;
  isReady = true;

  constructor(total: number) {
    this.sessions = Array.from({ length: total }, (_, id) => new Session(id));
    const live = this.sessions.map((session) => ({
      caughtUp: () => new Promise<void>((resolve) => session.beats.push(resolve)),
    }));
    const ready = (): boolean => this.isReady;
    this.set = {
      live,
      ledger: { isFrozen: false },
      get isReady() {
        return ready();
      },
      get isAtEase() {
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
class World {
  readonly old: Side;
  readonly next: Side;
  readonly sent: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly got: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly handOver: HandOver;
  inService: 'old' | 'next' = 'old';
  /** The hand-over has begun. */
  isUnderWay = false;
  #count = 0;

  constructor(from: number, to: number) {
    this.old = new Side(from);
    this.next = new Side(to);
    this.handOver = new HandOver(this.old.set, this.next.set, {
      deliver: (_, dispatch) => this.#handOut(dispatch),
      flip: (kept) => {
        this.inService = 'next';
        for (const { dispatch } of kept) this.#handOut(dispatch);
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
  beat({ beats, queue }: Session): void {
    const resolve = beats.shift();
    if (resolve !== undefined) queue.push(resolve);
  }

  /** What a session was sent comes to the manager. */
  arrive(side: Side, { queue, row }: Session): void {
    const item = queue.shift();
    if (typeof item === 'function') item();
    else if (item !== undefined) this.#route(side, row, item);
  }

  get sides(): readonly Side[] {
    return [this.old, this.next];
  }

  begin(): Promise<boolean> {
    this.isUnderWay = true;
    return this.handOver.run();
  }

  #route(side: Side, row: LedgerRow, dispatch: Dispatch): void {
    const isOld = side === this.old;
    if (!this.isUnderWay || this.inService === 'next') {
      if (isOld === (this.inService === 'old')) this.#handOut(dispatch);
    } else if (isOld) this.handOver.fromOld(row, dispatch);
    else this.handOver.fromNext(row, dispatch);
  }

  #handOut({ d }: Dispatch): void {
    const { guild_id: of, id } = d as { guild_id: string; id: string };
    this.got[Number(BigInt(of) >> 22n)]!.push(id);
  }
}

const settled = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await Promise.resolve();
};

/** One step: what happens, and to whom. */
const step = fc.record({ what: fc.constantFrom('emit', 'beat', 'arrive', 'arrive', 'arrive'), who: fc.nat(1_000) });

async function play(world: World, steps: readonly { what: string; who: number }[]): Promise<void> {
  for (const { what, who } of steps) {
    const side = world.sides[who % 2]!;
    const session = side.sessions[Math.floor(who / 2) % side.sessions.length]!;
    if (what === 'emit') world.emit(who % GUILDS);
    else if (what === 'beat') world.beat(session);
    else world.arrive(side, session);
    await settled();
  }
}

/** Everything that is under way comes to its end. */
async function finish(world: World): Promise<void> {
  for (let idle = 0; idle < 4; idle += 1) {
    for (const side of world.sides) {
      for (const session of side.sessions) {
        while (session.beats.length + session.queue.length > 0) {
          idle = 0;
          world.beat(session);
          world.arrive(side, session);
          await settled();
        }
      }
    }
    await settled();
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
          const world = new World(from, to);
          // Some of it is still on its way when the new sessions begin, and they do not get it.
          for (const guild of before) world.emit(guild, false);
          // The new set is told, and discards, before the hand-over begins; the old one is in service.
          await play(world, early);
          const done = world.begin();
          await play(world, steps);
          await finish(world);

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
        const world = new World(1, 2);
        const done = world.begin();
        await play(world, steps);
        if (world.inService === 'next') return;
        const side = isOld ? world.old : world.next;
        side.isReady = false;
        world.handOver.changed(side.set);
        // The session is resumed: what it was sent comes all the same.
        await finish(world);

        expect(world.got).toEqual(world.sent);
        const isInService = await done;
        expect(world.inService).toBe(isInService ? 'next' : 'old');
        expect(isInService || !world.old.set.ledger.isFrozen).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

const event = (t: string, d: object): Dispatch => ({ op: 0, t, s: 1, d }) as unknown as Dispatch;

async function handedOver(old: Dispatch[], next: Dispatch[]): Promise<Dispatch[]> {
  const sides = [new Side(1), new Side(1)] as const;
  const out: Dispatch[] = [];
  const handOver = new HandOver(sides[0].set, sides[1].set, {
    deliver: (_, dispatch) => out.push(dispatch),
    flip: (kept) => out.push(...kept.map(({ dispatch }) => dispatch)),
  });
  const [a, b] = sides.map(({ sessions }) => sessions[0]!);
  const done = handOver.run();
  b!.beats.shift()?.();
  await settled();
  for (const dispatch of old) handOver.fromOld(a!.row, dispatch);
  for (const dispatch of next) handOver.fromNext(b!.row, dispatch);
  a!.beats.shift()?.();
  await settled();
  b!.beats.shift()?.();
  await done;
  return out;
}

describe('what is the same', () => {
  const typing = event('TYPING_START', { guild_id: '4194304', user_id: '1' });

  test('counts: of two equal events of a guild that came to both, two are handed out', async () => {
    expect(await handedOver([typing, typing], [typing, typing])).toEqual([typing, typing]);
    expect(await handedOver([typing], [typing, typing])).toEqual([typing, typing]);
  });

  test('does not count for what concerns no guild: the sets do not have the same number of shards', async () => {
    const user = event('USER_UPDATE', { id: '1' });
    expect(await handedOver([user], [user, user])).toEqual([user]);
  });

  test('the sessions themselves, and answers to what only one of them asked, are not compared', async () => {
    const ready = event('READY', { session_id: 'a' });
    const chunk = event('GUILD_MEMBERS_CHUNK', { guild_id: '4194304' });
    expect(await handedOver([chunk, ready], [ready, event('RESUMED', {}), chunk])).toEqual([chunk, ready]);
  });
});
