/** Requests for members to a gateway that answers out of order, twice, late or not at all. */
import { deepEqual } from 'node:assert/strict';
import type { GatewayGuildMembersChunkDispatchData, GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { GuildMemberRequests } from '../../src/shard/guild-member-requests.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { checkProperty, pick, runScript, script, step, turn } from './kit.ts';

/** Few, so that a nonce is used again right after its request has ended. */
const NONCES = ['a', 'b', 'c'];
const MAX_RETRIES = 3;

interface TrackedRequest {
  readonly nonce: string;
  readonly timeoutMs: number;
  readonly abort: AbortController;
  readonly chunkCount: number;
  /** Indexes of the chunks that were received. */
  readonly received: Set<number>;
  /** Resolves when the frame is written to the socket; rejects when that fails. */
  transmit: PromiseWithResolvers<void> | null;
  /** When the request times out, or is sent again. */
  dueAt: number | null;
  retries: number;
  state: 'queued' | 'sent' | 'backing off' | 'settled';
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

const membersOf = ({ nonce, chunkCount }: TrackedRequest): unknown => ({
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
  readonly tracked: TrackedRequest[] = [];

  get open(): TrackedRequest[] {
    return this.tracked.filter(({ state }) => state !== 'settled');
  }

  request(nonce: string, chunkCount: number, timeoutMs: number): void {
    const isInUse = this.open.some((other) => other.nonce === nonce);
    const request: TrackedRequest = {
      nonce,
      timeoutMs,
      abort: new AbortController(),
      chunkCount,
      received: new Set(),
      transmit: null,
      dueAt: null,
      retries: 0,
      state: isInUse ? 'settled' : 'queued',
      expected: isInUse ? 'INVALID_PAYLOAD' : null,
      outcomes: [],
    };
    this.tracked.push(request);
    this.requests
      .request({ guild_id: '7', query: '', limit: 0, nonce }, { timeoutMs, signal: request.abort.signal })
      .then(
        (members) => request.outcomes.push(members),
        (error: GatewayError) => request.outcomes.push(error.code),
      );
  }

  /** The queue sends the frame at once, later, or never. */
  #send({ nonce }: GatewayRequestGuildMembersData, signal: AbortSignal): Promise<void> {
    const transmit = Promise.withResolvers<void>();
    const request = this.open.find((other) => other.nonce === nonce);
    if (request !== undefined) request.transmit = transmit;
    // The rejection takes some ticks, in which other steps can run.
    signal.addEventListener(
      'abort',
      () => void turn().then(() => transmit.reject(new GatewayError('ABORTED', 'the request has settled'))),
    );
    return transmit.promise;
  }

  async transmit(request: TrackedRequest): Promise<void> {
    request.state = 'sent';
    request.dueAt = this.clock.now() + request.timeoutMs;
    request.transmit?.resolve();
    await turn();
  }

  chunk(request: TrackedRequest, index: number): void {
    if (request.state !== 'settled') {
      request.received.add(index);
      request.dueAt = this.clock.now() + request.timeoutMs;
      if (request.received.size === request.chunkCount) this.#settle(request, membersOf(request));
    }
    this.requests.onChunk(chunkOf(request, index));
  }

  rateLimited(request: TrackedRequest, retryAfterMs: number): void {
    request.retries += 1;
    if (request.retries > MAX_RETRIES || retryAfterMs > request.timeoutMs)
      this.#settle(request, 'REQUEST_RATE_LIMITED');
    else {
      request.state = 'backing off';
      request.dueAt = this.clock.now() + retryAfterMs;
    }
    this.requests.onRateLimited({ opcode: 8, retryAfter: retryAfterMs / 1_000, nonce: request.nonce });
  }

  fail(request: TrackedRequest): void {
    this.#settle(request, 'NOT_CONNECTED');
    request.transmit?.reject(new GatewayError('NOT_CONNECTED', 'from the test'));
  }

  abort(request: TrackedRequest): void {
    this.#settle(request, 'ABORTED');
    request.abort.abort();
  }

  connectionLost(): void {
    for (const request of this.open)
      if (request.state !== 'queued' || request.retries > 0) this.#settle(request, 'CONNECTION_LOST');
    this.requests.onConnectionLost();
  }

  stop(): void {
    for (const request of this.open) this.#settle(request, 'STOPPED');
    this.requests.stop(new GatewayError('STOPPED', 'from the test'));
  }

  advance(ms: number): void {
    const until = this.clock.now() + ms;
    for (const request of this.open) {
      if (request.dueAt === null || request.dueAt > until) continue;
      request.dueAt = null;
      if (request.state === 'sent') this.#settle(request, 'REQUEST_TIMED_OUT');
      else request.state = 'queued';
    }
    this.clock.advance(ms);
  }

  async check(): Promise<void> {
    await turn();
    for (const { nonce, expected, outcomes } of this.tracked)
      deepEqual({ nonce, outcomes }, { nonce, outcomes: expected === null ? [] : [expected] });
  }

  #settle(request: TrackedRequest, outcome: unknown): void {
    if (request.state === 'settled') return;
    request.state = 'settled';
    request.expected = outcome;
  }
}

const which = fc.nat();
const ms = fc.integer({ min: 1, max: 2_000 });
/** Runs a step on one of the requests in these states, if there is one. */
const onRequestIn = (
  text: string,
  states: readonly TrackedRequest['state'][],
  run: (model: GuildMemberRequestsModel, request: TrackedRequest) => void | Promise<void>,
) =>
  which.map((n) =>
    step<GuildMemberRequestsModel>(`${text} (${n})`, async (model) => {
      const request = pick(
        model.tracked.filter(({ state }) => states.includes(state)),
        n,
      );
      if (request !== undefined) await run(model, request);
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
  onRequestIn('transmit', ['queued'], (model, request) => model.transmit(request)),
  fc
    .nat({ max: 3 })
    .chain((index) =>
      onRequestIn(`chunk ${index}`, ['sent'], (model, request) => model.chunk(request, index % request.chunkCount)),
    ),
  fc
    .nat({ max: 3 })
    .chain((index) =>
      onRequestIn(`chunk ${index}`, ['sent'], (model, request) => model.chunk(request, index % request.chunkCount)),
    ),
  fc.constant(
    step<GuildMemberRequestsModel>('a chunk without a request', (model) =>
      model.requests.onChunk(chunkOf({ nonce: 'foreign', chunkCount: 1 }, 0)),
    ),
  ),
  ms.chain((retryAfterMs) =>
    onRequestIn(`rate limited for ${retryAfterMs} ms`, ['sent'], (model, request) =>
      model.rateLimited(request, retryAfterMs),
    ),
  ),
  fc.integer({ min: 1, max: 5 }).chain((times) =>
    onRequestIn(`refused ${times} times`, ['queued'], async (model, request) => {
      for (let left = times; left > 0 && request.state === 'queued'; left -= 1) {
        await model.transmit(request);
        model.rateLimited(request, 1);
        model.advance(1);
      }
    }),
  ),
  onRequestIn('sending fails', ['queued'], (model, request) => model.fail(request)),
  onRequestIn('abort', ['queued', 'sent', 'backing off', 'settled'], (model, request) => model.abort(request)),
  onRequestIn('abort, and request the same at once', ['queued', 'sent', 'backing off'], (model, request) => {
    model.abort(request);
    model.request(request.nonce, request.chunkCount, request.timeoutMs);
  }),
  fc.constant(step<GuildMemberRequestsModel>('the connection is lost', (model) => model.connectionLost())),
  fc.constant(step<GuildMemberRequestsModel>('stop', (model) => model.stop())),
  ms.map((wait) => step<GuildMemberRequestsModel>(`advance ${wait} ms`, (model) => model.advance(wait))),
  fc.constant(step<GuildMemberRequestsModel>('everything settles', (model) => model.check())),
];

describe('GuildMemberRequests', () => {
  test('settles every request once and with its own members, for any answers in any order', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(steps, 60), async (commands) => {
        const model = new GuildMemberRequestsModel();
        await runScript(model, commands);
        await model.check();
        model.stop();
        await model.check();
        deepEqual(model.clock.pending, 0);
      }),
      300,
    );
    expect(runs).toBe(300);
  });
});
