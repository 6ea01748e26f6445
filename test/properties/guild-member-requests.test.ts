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

interface TrackedRequest {
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

const chunkOf = (
  { nonce, chunkCount }: Pick<TrackedRequest, 'nonce' | 'chunkCount'>,
  index: number,
): GatewayGuildMembersChunkDispatchData =>
  ({
    guild_id: '7',
    chunk_index: index,
    chunk_count: chunkCount,
    members: [`member ${index} of ${nonce}`],
    nonce,
  }) as never;

const answerTo = ({ nonce, chunkCount }: TrackedRequest): unknown => ({
  guildId: '7',
  members: Array.from({ length: chunkCount }, (_, index) => `member ${index} of ${nonce}`),
  notFound: [],
  nonce,
});

class GuildMemberRequestsModel {
  readonly clock = new VirtualClock();
  readonly requests = new GuildMemberRequests({
    clock: this.clock,
    random: () => 0,
    send: (data, signal) => this.#send(data, signal),
  });
  readonly asked: TrackedRequest[] = [];

  get open(): TrackedRequest[] {
    return this.asked.filter(({ state }) => state !== 'over');
  }

  request(nonce: string, chunkCount: number, timeoutMs: number): void {
    const isTaken = this.open.some((other) => other.nonce === nonce);
    const asked: TrackedRequest = {
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
    this.requests
      .request({ guild_id: '7', query: '', limit: 0, nonce }, { timeoutMs, signal: asked.abort.signal })
      .then(
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
    signal.addEventListener(
      'abort',
      () => void turn().then(() => transmit.reject(new GatewayError('ABORTED', 'the request is over'))),
    );
    return transmit.promise;
  }

  async transmit(asked: TrackedRequest): Promise<void> {
    asked.state = 'sent';
    asked.dueAt = this.clock.now() + asked.timeoutMs;
    asked.transmit?.resolve();
    await turn();
  }

  chunk(asked: TrackedRequest, index: number): void {
    if (asked.state !== 'over') {
      asked.came.add(index);
      asked.dueAt = this.clock.now() + asked.timeoutMs;
      if (asked.came.size === asked.chunkCount) this.#settle(asked, answerTo(asked));
    }
    this.requests.onChunk(chunkOf(asked, index));
  }

  rateLimited(asked: TrackedRequest, retryAfterMs: number): void {
    asked.retries += 1;
    if (asked.retries > MAX_RETRIES) this.#settle(asked, 'REQUEST_RATE_LIMITED');
    else {
      asked.state = 'waits to ask again';
      asked.dueAt = this.clock.now() + retryAfterMs;
    }
    this.requests.onRateLimited({ opcode: 8, retryAfter: retryAfterMs / 1_000, nonce: asked.nonce });
  }

  fail(asked: TrackedRequest): void {
    this.#settle(asked, 'NOT_CONNECTED');
    asked.transmit?.reject(new GatewayError('NOT_CONNECTED', 'the test said so'));
  }

  abort(asked: TrackedRequest): void {
    this.#settle(asked, 'ABORTED');
    asked.abort.abort();
  }

  connectionLost(): void {
    for (const asked of this.open) if (asked.state === 'sent') this.#settle(asked, 'CONNECTION_LOST');
    this.requests.onConnectionLost();
  }

  stop(): void {
    for (const asked of this.open) this.#settle(asked, 'STOPPED');
    this.requests.stop(new GatewayError('STOPPED', 'the test said so'));
  }

  advance(ms: number): void {
    const until = this.clock.now() + ms;
    for (const asked of this.open) {
      if (asked.dueAt === null || asked.dueAt > until) continue;
      asked.dueAt = null;
      if (asked.state === 'sent') this.#settle(asked, 'REQUEST_TIMED_OUT');
      else asked.state = 'waits for the socket';
    }
    this.clock.advance(ms);
  }

  async check(): Promise<void> {
    await turn();
    for (const { nonce, expected, outcomes } of this.asked)
      deepEqual({ nonce, outcomes }, { nonce, outcomes: expected === null ? [] : [expected] });
  }

  #settle(asked: TrackedRequest, outcome: unknown): void {
    if (asked.state === 'over') return;
    asked.state = 'over';
    asked.expected = outcome;
  }
}

const which = fc.nat();
const ms = fc.integer({ min: 1, max: 2_000 });
/** Does something to one of the requests in such a state, if there is one. */
const onRequestIn = (
  text: string,
  states: readonly TrackedRequest['state'][],
  run: (model: GuildMemberRequestsModel, asked: TrackedRequest) => void | Promise<void>,
) =>
  which.map((n) =>
    step<GuildMemberRequestsModel>(`${text} (${n})`, async (model) => {
      const asked = pick(
        model.asked.filter(({ state }) => states.includes(state)),
        n,
      );
      if (asked !== undefined) await run(model, asked);
    }),
  );

const steps = [
  fc
    .tuple(fc.constantFrom(...NONCES), fc.integer({ min: 1, max: 4 }), ms)
    .map(([nonce, chunkCount, timeoutMs]) =>
      step<GuildMemberRequestsModel>(`request ${nonce} in ${chunkCount} chunks, ${timeoutMs} ms`, (model) =>
        model.request(nonce, chunkCount, timeoutMs),
      ),
    ),
  onRequestIn('transmit', ['waits for the socket'], (model, asked) => model.transmit(asked)),
  fc
    .nat({ max: 3 })
    .chain((index) =>
      onRequestIn(`chunk ${index}`, ['sent'], (model, asked) => model.chunk(asked, index % asked.chunkCount)),
    ),
  fc
    .nat({ max: 3 })
    .chain((index) =>
      onRequestIn(`chunk ${index}`, ['sent'], (model, asked) => model.chunk(asked, index % asked.chunkCount)),
    ),
  fc.constant(
    step<GuildMemberRequestsModel>('a chunk nobody asked for', (model) =>
      model.requests.onChunk(chunkOf({ nonce: 'foreign', chunkCount: 1 }, 0)),
    ),
  ),
  ms.chain((retryAfterMs) =>
    onRequestIn(`rate limited for ${retryAfterMs} ms`, ['sent'], (model, asked) =>
      model.rateLimited(asked, retryAfterMs),
    ),
  ),
  fc.integer({ min: 1, max: 5 }).chain((times) =>
    onRequestIn(`refused ${times} times`, ['waits for the socket'], async (model, asked) => {
      for (let left = times; left > 0 && asked.state === 'waits for the socket'; left -= 1) {
        await model.transmit(asked);
        model.rateLimited(asked, 1);
        model.advance(1);
      }
    }),
  ),
  onRequestIn('sending fails', ['waits for the socket'], (model, asked) => model.fail(asked)),
  onRequestIn('abort', ['waits for the socket', 'sent', 'waits to ask again', 'over'], (model, asked) =>
    model.abort(asked),
  ),
  onRequestIn(
    'abort, and ask the same at once',
    ['waits for the socket', 'sent', 'waits to ask again'],
    (model, asked) => {
      model.abort(asked);
      model.request(asked.nonce, asked.chunkCount, asked.timeoutMs);
    },
  ),
  fc.constant(step<GuildMemberRequestsModel>('the connection is lost', (model) => model.connectionLost())),
  fc.constant(step<GuildMemberRequestsModel>('stop', (model) => model.stop())),
  ms.map((wait) => step<GuildMemberRequestsModel>(`advance ${wait} ms`, (model) => model.advance(wait))),
  fc.constant(step<GuildMemberRequestsModel>('everything settles that can', (model) => model.check())),
];

it('every request settles once and with its own members, whatever comes in whatever order', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 60), async (commands) => {
      const model = new GuildMemberRequestsModel();
      await play(model, commands);
      await model.check();
      model.stop();
      await model.check();
      deepEqual(model.clock.pending, 0);
    }),
    300,
  );
  expect(runs).toBe(300);
});
