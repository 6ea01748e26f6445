/**
 * Requests guild members and collects the answer: chunks are matched by nonce and joined in order.
 * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
 */
import type {
  GatewayGuildMembersChunkDispatchData,
  GatewayGuildMembersChunkPresence,
  GatewayRequestGuildMembersData,
} from 'discord-api-types/v10';
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { membersChunkOf, nonceOf } from '../protocol/lifecycle-packets.ts';
import type { MembersChunk } from '../protocol/lifecycle-packets.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { MAX_NONCE_BYTES, isNonce } from '../protocol/payload-rules.ts';
import type { RateLimited } from './shard-events.ts';

/**
 * The answer to `requestGuildMembers()`: all chunks merged, in order.
 * @see https://discord.com/developers/docs/events/gateway-events#guild-members-chunk
 */
export interface GuildMembers {
  guildId: string;
  members: GatewayGuildMembersChunkDispatchData['members'];
  /** The requested ids that are not members. */
  notFound: string[];
  /** Only if the request asked for presences. */
  presences?: GatewayGuildMembersChunkPresence[];
  /** The nonce of the request. */
  nonce: string;
}

/** The options of `requestGuildMembers()`. */
export interface RequestOptions {
  /** Aborts the request; the promise then rejects with `ABORTED`. */
  signal?: AbortSignal;
  /**
   * Time until the next chunk must arrive, in ms. It restarts with each chunk.
   * @defaultValue `30_000` ms
   */
  timeoutMs?: number;
}

interface GuildMemberRequestsDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  send(data: GatewayRequestGuildMembersData, signal: AbortSignal): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** After this many repetitions the request fails: it is refused for a lasting reason. */
const MAX_RETRIES = 3;

interface Request {
  readonly data: GatewayRequestGuildMembersData & { nonce: string };
  readonly timeoutMs: number;
  /** Aborts the send when the request ends first. */
  readonly abort: AbortController;
  /** By index, because a replay may repeat a chunk. */
  readonly chunks: Map<number, MembersChunk>;
  readonly resolve: (members: GuildMembers) => void;
  readonly reject: (error: GatewayError) => void;
  sent: boolean;
  retries: number;
  timer: unknown;
}

export class GuildMemberRequests {
  readonly #dependencies: GuildMemberRequestsDependencies;
  readonly #requests = new Map<string, Request>();
  #count = 0;

  constructor(dependencies: GuildMemberRequestsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether a chunk may belong to a request, so that it must be decoded. */
  get hasPending(): boolean {
    return this.#requests.size > 0;
  }

  request(
    data: GatewayRequestGuildMembersData,
    { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: RequestOptions = {},
  ): Promise<GuildMembers> {
    if (signal?.aborted === true) return Promise.reject(abortedError('requestGuildMembers()', signal));
    const nonce = data.nonce ?? this.#newNonce();
    const validationError = this.#validationError(nonce, timeoutMs);
    if (validationError !== null) return Promise.reject(validationError);
    const { promise, resolve, reject } = Promise.withResolvers<GuildMembers>();
    const request: Request = {
      data: { ...structuredClone(data), nonce },
      timeoutMs,
      abort: new AbortController(),
      chunks: new Map(),
      resolve,
      reject,
      sent: false,
      retries: 0,
      timer: undefined,
    };
    this.#requests.set(nonce, request);
    const stopListening = onAbort(signal, () => {
      if (signal !== undefined) this.#fail(request, abortedError('requestGuildMembers()', signal));
    });
    onAbort(request.abort.signal, stopListening);
    void this.#send(request);
    return promise;
  }

  /** @param d - the data of a GUILD_MEMBERS_CHUNK, as the gateway sent it */
  onChunk(d: unknown): void {
    const request = this.#requests.get(nonceOf(d));
    const chunk = request === undefined ? null : membersChunkOf(d);
    if (request === undefined || chunk === null) return;
    request.chunks.set(chunk.index, chunk);
    if (request.chunks.size < chunk.count) return this.#restartTimeout(request);
    this.#finish(request);
    request.resolve(joinChunks(request.data.nonce, [...request.chunks.values()]));
  }

  onRateLimited({ opcode, retryAfter, nonce }: RateLimited): void {
    const request = this.#requests.get(nonce ?? '');
    if (request === undefined || opcode !== 8) return;
    request.retries += 1;
    if (request.retries > MAX_RETRIES) {
      const error = new GatewayError('REQUEST_RATE_LIMITED', `Discord refused the request ${request.retries} times`);
      return this.#fail(request, error);
    }
    const delayMs = retryAfter * 1000;
    if (delayMs > request.timeoutMs) {
      const message = `Discord asks to wait ${retryAfter} s, which is longer than timeoutMs`;
      return this.#fail(request, new GatewayError('REQUEST_RATE_LIMITED', message));
    }
    this.#setTimer(request, delayMs, () => void this.#send(request));
  }

  /**
   * Fails the requests that were sent, also those that wait to be sent again: Discord answers only on the connection of
   * the request. A request that was never sent waits for the next connection.
   */
  onConnectionLost(): void {
    const error = new GatewayError('CONNECTION_LOST', 'the connection was lost before all chunks arrived');
    for (const request of this.#requests.values()) if (request.sent) this.#fail(request, error);
  }

  stop(error: GatewayError): void {
    for (const request of this.#requests.values()) this.#fail(request, error);
  }

  async #send(request: Request): Promise<void> {
    try {
      await this.#dependencies.send(request.data, request.abort.signal);
      if (!this.#isPending(request)) return;
      request.sent = true;
      if (request.timer === undefined) this.#restartTimeout(request);
    } catch (cause) {
      if (!this.#isPending(request)) return;
      this.#fail(
        request,
        cause instanceof GatewayError ? cause : new GatewayError('INTERNAL_ERROR', 'sending failed', { cause }),
      );
    }
  }

  /** Compares the request, because its nonce may belong to another request by now. */
  #isPending(request: Request): boolean {
    return this.#requests.get(request.data.nonce) === request;
  }

  #restartTimeout(request: Request): void {
    this.#setTimer(request, request.timeoutMs, () => {
      const { size } = request.chunks;
      this.#fail(
        request,
        new GatewayError('REQUEST_TIMED_OUT', `no chunk for ${request.timeoutMs} ms, after ${size} chunks`),
      );
    });
  }

  #setTimer(request: Request, delayMs: number, fire: () => void): void {
    this.#dependencies.clock.clearTimeout(request.timer);
    request.timer = this.#dependencies.clock.setTimeout(() => {
      request.timer = undefined;
      fire();
    }, delayMs);
  }

  #finish(request: Request): void {
    this.#requests.delete(request.data.nonce);
    this.#dependencies.clock.clearTimeout(request.timer);
    request.abort.abort();
  }

  #fail(request: Request, error: GatewayError): void {
    this.#finish(request);
    request.reject(error);
  }

  #validationError(nonce: string, timeoutMs: number): GatewayError | null {
    if (!isNonce(nonce)) {
      return new GatewayError('INVALID_PAYLOAD', `a nonce must be a string of 1 to ${MAX_NONCE_BYTES} bytes`);
    }
    if (this.#requests.has(nonce)) return new GatewayError('INVALID_PAYLOAD', 'the nonce is in use by another request');
    if (!(timeoutMs > 0)) return new GatewayError('INVALID_OPTIONS', 'timeoutMs must be a positive number');
    return null;
  }

  #newNonce(): string {
    this.#count += 1;
    return `${this.#count.toString(36)}-${Math.floor(this.#dependencies.random() * 2 ** 48).toString(36)}`;
  }
}

function joinChunks(nonce: string, received: MembersChunk[]): GuildMembers {
  const chunks = received.toSorted((a, b) => a.index - b.index);
  const presences = chunks.some((chunk) => chunk.presences !== null)
    ? { presences: chunks.flatMap((chunk) => chunk.presences ?? []) as GatewayGuildMembersChunkPresence[] }
    : {};
  return {
    guildId: chunks[0]?.guildId ?? '',
    members: chunks.flatMap(({ members }) => members) as GuildMembers['members'],
    notFound: chunks.flatMap(({ notFound }) => notFound),
    ...presences,
    nonce,
  };
}
