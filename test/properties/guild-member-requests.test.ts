/** Requests for members against a gateway that answers out of order, twice, late or not at all. */
import { deepEqual } from 'node:assert/strict';
import type { GatewayGuildMembersChunkDispatchData, GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { GuildMemberRequests } from '../../src/shard/guild-member-requests.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { held, pick, play, script, step, turn } from './kit.ts';

/** Few, so that a nonce is used again while what it stood for is hardly over. */
const NONCES = ['a', 'b', 'c'];
const MAX_RETRIES = 3;

interface Asked {
  readonly nonce: string;
  readonly timeoutMs: number;
  readonly abort: AbortController;
  readonly chunkCount: number;
  /** Indexes of the chunks that came. */
  readonly came: Set<number>;
  /** Hands the frame to the socket, or fails to. */
  transmit: PromiseWithResolvers<void> | null;
  /** When patience ends, or the question is asked again. */
  dueAt: number | null;
  retries: number;
  state: 'waits for the socket' | 'sent' | 'waits to ask again' | 'over';
  expected: unknown;
  readonly outcomes: unknown[];
}

const chunkOf = ({ nonce, chunkCount }: Pick<Asked, 'nonce' | 'chunkCount'>, index: number): GatewayGuildMembersChunkDispatchData =>
  ({ guild_id: '7', chunk_index: index, chunk_count: chunkCount, members: [`member ${index} of ${nonce}`], nonce }) as never;

const answerTo = ({ nonce, chunkCount }: Asked): unknown => ({
  guildId: '7',
  members: Array.from({ length: chunkCount }, (_, index) => `member ${index} of ${nonce}`),
  notFound: [],
  nonce,
});

class World {
  readonly clock = new VirtualClock();
  readonly requests = new GuildMemberRequests({ clock: this.clock, random: () => 0, send: (data, signal) => this.#send(data, signal) });
  readonly asked: Asked[] = [];

  get open(): Asked[] {
    return this.asked.filter(({ state }) => state !== 'over');
  }

  request(nonce: string, chunkCount: number, timeoutMs: number): void {
    const isTaken = this.open.some((other) => other.nonce === nonce);
    const asked: Asked = {
      nonce,
      timeoutMs,
      abort: new AbortController(),
      chunkCount,
      came: new Set(),
      transmit: null,
      dueAt: null,
      retries: 0,
      state: isTaken ? 'over' : 'waits for the socket',
      expected: isTaken ? 'INVALID_PAYLOAD' : null,
      outcomes: [],
    };
    this.asked.push(asked);
    this.requests.request({ guild_id: '7', query: '', limit: 0, nonce }, { timeoutMs, signal: asked.abort.signal }).then(
      (members) => asked.outcomes.push(members),
      (error: GatewayError) => asked.outcomes.push(error.code),
    );
  }

  /** The queue takes the frame: at once, later, or never. */
  #send({ nonce }: GatewayRequestGuildMembersData, signal: AbortSignal): Promise<void> {
    const transmit = Promise.withResolvers<void>();
    const asked = this.open.find((other) => other.nonce === nonce);
    if (asked !== undefined) asked.transmit = transmit;
    // A rejection is on its way for some ticks, in which much can happen.
    signal.addEventListener('abort', () => void turn().then(() => transmit.reject(new GatewayError('ABORTED', 'the request is over'))));
    return transmit.promise;
  }

  async transmit(asked: Asked): Promise<void> {
    asked.state = 'sent';
    asked.dueAt = this.clock.now() + asked.timeoutMs;
    asked.transmit?.resolve();
    await turn();
  }

  chunk(asked: Asked, index: number): void {
    if (asked.state !== 'over') {
      asked.came.add(index);
      asked.dueAt = this.clock.now() + asked.timeoutMs;
      if (asked.came.size === asked.chunkCount) this.#over(asked, answerTo(asked));
    }
    this.requests.chunk(chunkOf(asked, index));
  }

  rateLimited(asked: Asked, retryAfterMs: number): void {
    asked.retries += 1;
    if (asked.retries > MAX_RETRIES) this.#over(asked, 'REQUEST_RATE_LIMITED');
    else {
      asked.state = 'waits to ask again';
      asked.dueAt = this.clock.now() + retryAfterMs;
    }
    this.requests.rateLimited({ opcode: 8, retryAfter: retryAfterMs / 1_000, nonce: asked.nonce });
  }

  fail(asked: Asked): void {
    this.#over(asked, 'NOT_CONNECTED');
    asked.transmit?.reject(new GatewayError('NOT_CONNECTED', 'the test said so'));
  }

  abort(asked: Asked): void {
    this.#over(asked, 'ABORTED');
    asked.abort.abort();
  }

  connectionLost(): void {
    for (const asked of this.open) if (asked.state === 'sent') this.#over(asked, 'CONNECTION_LOST');
    this.requests.connectionLost();
  }

  stop(): void {
    for (const asked of this.open) this.#over(asked, 'STOPPED');
    this.requests.stop(new GatewayError('STOPPED', 'the test said so'));
  }

  advance(ms: number): void {
    const until = this.clock.now() + ms;
    for (const asked of this.open) {
      if (asked.dueAt === null || asked.dueAt > until) continue;
      asked.dueAt = null;
      if (asked.state === 'sent') this.#over(asked, 'REQUEST_TIMED_OUT');
      else asked.state = 'waits for the socket';
    }
    this.clock.advance(ms);
  }

  async check(): Promise<void> {
    await turn();
    for (const { nonce, expected, outcomes } of this.asked) deepEqual({ nonce, outcomes }, { nonce, outcomes: expected === null ? [] : [expected] });
  }

  #over(asked: Asked, outcome: unknown): void {
    if (asked.state === 'over') return;
    asked.state = 'over';
    asked.expected = outcome;
  }
}

const which = fc.nat();
const ms = fc.integer({ min: 1, max: 2_000 });
/** Does something to one of the requests in such a state, if there is one. */
const to = (text: string, states: readonly Asked['state'][], run: (world: World, asked: Asked) => void | Promise<void>) =>
  which.map((n) =>
    step<World>(`${text} (${n})`, async (world) => {
      const asked = pick(world.asked.filter(({ state }) => states.includes(state)), n);
      if (asked !== undefined) await run(world, asked);
    }),
  );

const steps = [
  fc.tuple(fc.constantFrom(...NONCES), fc.integer({ min: 1, max: 4 }), ms).map(([nonce, chunkCount, timeoutMs]) =>
    step<World>(`request ${nonce} in ${chunkCount} chunks, ${timeoutMs} ms`, (world) => world.request(nonce, chunkCount, timeoutMs)),
  ),
  to('transmit', ['waits for the socket'], (world, asked) => world.transmit(asked)),
  fc.nat({ max: 3 }).chain((index) => to(`chunk ${index}`, ['sent'], (world, asked) => world.chunk(asked, index % asked.chunkCount))),
  fc.nat({ max: 3 }).chain((index) => to(`chunk ${index}`, ['sent'], (world, asked) => world.chunk(asked, index % asked.chunkCount))),
  fc.constant(step<World>('a chunk nobody asked for', (world) => world.requests.chunk(chunkOf({ nonce: 'foreign', chunkCount: 1 }, 0)))),
  ms.chain((retryAfterMs) => to(`rate limited for ${retryAfterMs} ms`, ['sent'], (world, asked) => world.rateLimited(asked, retryAfterMs))),
  fc.integer({ min: 1, max: 5 }).chain((times) =>
    to(`refused ${times} times`, ['waits for the socket'], async (world, asked) => {
      for (let left = times; left > 0 && asked.state === 'waits for the socket'; left -= 1) {
        await world.transmit(asked);
        world.rateLimited(asked, 1);
        world.advance(1);
      }
    }),
  ),
  to('sending fails', ['waits for the socket'], (world, asked) => world.fail(asked)),
  to('abort', ['waits for the socket', 'sent', 'waits to ask again', 'over'], (world, asked) => world.abort(asked)),
  to('abort, and ask the same at once', ['waits for the socket', 'sent', 'waits to ask again'], (world, asked) => {
    world.abort(asked);
    world.request(asked.nonce, asked.chunkCount, asked.timeoutMs);
  }),
  fc.constant(step<World>('the connection is lost', (world) => world.connectionLost())),
  fc.constant(step<World>('stop', (world) => world.stop())),
  ms.map((wait) => step<World>(`advance ${wait} ms`, (world) => world.advance(wait))),
  fc.constant(step<World>('everything settles that can', (world) => world.check())),
];

it('every request settles once and with its own members, whatever comes in whatever order', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 60), async (commands) => {
      const world = new World();
      await play(world, commands);
      await world.check();
      world.stop();
      await world.check();
      deepEqual(world.clock.pending, 0);
    }),
    300,
  );
  expect(runs).toBe(300);
});
