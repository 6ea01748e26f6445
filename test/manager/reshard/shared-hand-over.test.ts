/**
 * The hand-over of a cluster: each node has a part of both sets of shards, and takes a step when all have taken the one
 * before. Thousands of simulations in memory, each with other delays.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dispatch } from '../../../src/index.ts';
import { DeliveryRecord } from '../../../src/manager/reshard/delivery-record.ts';
import { HandOver } from '../../../src/manager/reshard/hand-over.ts';
import { guildId } from '../../kit/guild-events.ts';
import { SimulatedSet, flushMicrotasks, step } from '../../kit/simulated-set.ts';
import type { SimulatedSession } from '../../kit/simulated-set.ts';

const GUILDS = 6;

/** A part of both sets. */
class SimulatedNode {
  readonly handOver: HandOver;
  readonly #deliver: (dispatch: Dispatch) => void;
  #inService: 'old' | 'next' = 'old';
  #isUnderWay = false;

  constructor(old: readonly SimulatedSession[], next: readonly SimulatedSession[], deliver: (d: Dispatch) => void) {
    this.#deliver = deliver;
    this.handOver = new HandOver(new SimulatedSet(old).set, new SimulatedSet(next).set, {
      deliver: (_, dispatch) => deliver(dispatch),
      switchOver: (buffered) => {
        this.#inService = 'next';
        for (const { dispatch } of buffered) deliver(dispatch);
      },
    });
  }

  begin(): void {
    this.#isUnderWay = true;
  }

  receive(isOld: boolean, { entry }: SimulatedSession, dispatch: Dispatch): void {
    if (!this.#isUnderWay || this.#inService === 'next') {
      if (isOld === (this.#inService === 'old')) this.#deliver(dispatch);
    } else if (isOld) this.handOver.fromOld(entry, dispatch);
    else this.handOver.fromNext(entry, dispatch);
  }
}

class SimulatedCluster {
  readonly sent: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly received: string[][] = Array.from({ length: GUILDS }, () => []);
  readonly sides: readonly [SimulatedSet, SimulatedSet];
  /** What a node does as soon as it hears of the next step. */
  readonly news: (() => void)[] = [];
  readonly #nodes: SimulatedNode[];
  #count = 0;

  constructor(from: number, to: number, nodes: number) {
    this.sides = [new SimulatedSet(from), new SimulatedSet(to)];
    const part = ({ sessions }: SimulatedSet, index: number) =>
      sessions.filter(({ entry }) => entry.shardId % nodes === index);
    this.#nodes = Array.from({ length: nodes }, (_, index) => {
      const [old, next] = this.sides;
      return new SimulatedNode(part(old, index), part(next, index), (dispatch) => this.#deliver(dispatch));
    });
  }

  emit(guild: number): void {
    const id = String((this.#count += 1));
    this.sent[guild]!.push(id);
    for (const side of this.sides) side.send('MESSAGE_CREATE', guild, { id, guild_id: guildId(guild) });
  }

  heartbeat({ heartbeats, queue }: SimulatedSession): void {
    const resolve = heartbeats.shift();
    if (resolve !== undefined) queue.push(resolve);
  }

  arrive(side: SimulatedSet, session: SimulatedSession): void {
    const item = session.queue.shift();
    const node = this.#nodes[session.entry.shardId % this.#nodes.length];
    if (typeof item === 'function') item();
    else if (item !== undefined) node!.receive(side === this.sides[0], session, item);
  }

  async handOver(): Promise<void> {
    await this.#all(async (node) => node.begin());
    await this.#all(({ handOver }) => handOver.buffer());
    await this.#all(({ handOver }) => handOver.freeze());
    const digests = this.#nodes.flatMap(({ handOver }) => handOver.record.digests);
    await this.#all(({ handOver }) => handOver.catchUp());
    await this.#all(async ({ handOver }) => handOver.finish(new DeliveryRecord(digests)));
  }

  /** Each node hears of a step at another time. Resolves when all have taken it. */
  async #all(take: (node: SimulatedNode) => Promise<void>): Promise<void> {
    const taken = this.#nodes.map(
      (node) => new Promise<void>((resolve, reject) => this.news.push(() => void take(node).then(resolve, reject))),
    );
    await Promise.all(taken);
  }

  #deliver({ d }: Dispatch): void {
    const { guild_id: of, id } = d as { guild_id: string; id: string };
    this.received[Number(BigInt(of) >> 22n)]!.push(id);
  }
}

async function play(cluster: SimulatedCluster, steps: readonly { action: string; target: number }[]): Promise<void> {
  for (const { action, target } of steps) {
    const side = cluster.sides[target % 2]!;
    const session = side.sessions[Math.floor(target / 2) % side.sessions.length]!;
    if (action === 'emit') cluster.emit(target % GUILDS);
    else if (action === 'heartbeat') cluster.heartbeat(session);
    else cluster.arrive(side, session);
    if (target % 3 === 0) cluster.news.splice(target % Math.max(1, cluster.news.length), 1)[0]?.();
    await flushMicrotasks();
  }
}

/** Lets everything on its way arrive. */
async function playToEnd(cluster: SimulatedCluster): Promise<void> {
  for (let idle = 0; idle < 4; idle += 1) {
    if (cluster.news.length > 0) idle = 0;
    cluster.news.shift()?.();
    for (const side of cluster.sides)
      for (const session of side.sessions) {
        if (session.heartbeats.length + session.queue.length > 0) idle = 0;
        cluster.heartbeat(session);
        cluster.arrive(side, session);
        await flushMicrotasks();
      }
    await flushMicrotasks();
  }
}

test('the hand-over of a cluster delivers every event once and in the order of its guild', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.array(step, { maxLength: 200, size: 'max' }),
      async (from, to, nodes, early, steps) => {
        const cluster = new SimulatedCluster(from, to, nodes);
        await play(cluster, early);
        const done = cluster.handOver();
        await play(cluster, steps);
        await playToEnd(cluster);
        await done;

        expect(cluster.received).toEqual(cluster.sent);
      },
    ),
    { numRuns: 1_000 },
  );
});
