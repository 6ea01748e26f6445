/**
 * The connection to Redis: runs scripts, notices when Redis can't be reached or takes no writes, says so once, and tries
 * until it is back. A call is never repeated here: its caller knows whether that is right.
 */
import type { Clock } from '../clock.ts';
import { GatewayError } from '../protocol/errors.ts';
import { withoutRequest } from '../protocol/network-errors.ts';
import { CallWatch } from './call-watch.ts';
import type { RedisClientLike, ScriptRunner } from './redis-client.ts';
import { scriptRunnerOf } from './redis-client.ts';
import { failureOf, invalidError, unavailableError } from './redis-failure.ts';
import type { RedisFailure } from './redis-failure.ts';
import { RedisReply } from './redis-reply.ts';
import type { Script } from './script.ts';
import { KEY_TYPES } from './scripts/key-types.lua.ts';
import { PROBE } from './scripts/probe.lua.ts';
import { waitUntil } from './wait-until.ts';

export type ScriptArgument = string | number | Uint8Array;

/** Where the client comes from. */
export interface RedisSource {
  /** How messages name the server: the host and port of the URL. */
  readonly name: string;
  /** Creates a client that is not connected. `null`: the client was passed, and is never closed. */
  readonly create: (() => Promise<RedisClientLike>) | null;
  readonly borrowed: RedisClientLike | null;
  /** Removes the password of the URL from a text of the client. */
  readonly redact: (text: string) => string;
}

export interface RedisLinkOptions {
  readonly source: RedisSource;
  readonly clock: Clock;
  /** How long a call may take, in ms. */
  readonly timeoutMs: number;
  readonly report: (error: GatewayError) => void;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

type LinkState = 'up' | 'down' | 'closed';

export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #calls: CallWatch;
  readonly #listeners = new Set<(isReachable: boolean) => void>();
  readonly #closing = new AbortController();
  #state: LinkState = 'down';
  #client: RedisClientLike | null = null;
  #runner: ScriptRunner | null = null;
  /** A key of each slot, with which an outage ends. */
  #probed: readonly string[] = [];
  #why = 'is not connected';

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#calls = new CallWatch(options.clock, options.timeoutMs);
    if (options.source.borrowed !== null) this.#use(options.source.borrowed);
  }

  get isReachable(): boolean {
    return this.#state === 'up';
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  onReachableChange(listener: (isReachable: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends when the link is closed. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** From now on an outage is noticed, and ends when a write with each of these keys works. */
  watch(probed: readonly string[]): void {
    this.#probed = probed;
    this.#state = 'up';
  }

  /** Connects, if it is not. Rejects as a call does. */
  async connect(): Promise<void> {
    const { create } = this.#options.source;
    if (this.signal.aborted) throw unavailableError(this.#message);
    if (this.#client !== null || create === null) return;
    let client: RedisClientLike;
    try {
      client = await create();
      this.#hear(client);
      await this.connectClient(client);
    } catch (error) {
      throw error instanceof GatewayError && error.code === 'INVALID_OPTIONS' ? error : this.#errorOf(error);
    }
    if (this.#state === 'closed') destroy(client);
    else this.#use(client);
  }

  /** Creates a second connection, for messages. It is not connected yet. */
  async createSubscriber(): Promise<RedisClientLike> {
    const { create, borrowed } = this.#options.source;
    if (borrowed !== null) return borrowed.duplicate();
    if (create === null) throw unavailableError(this.#message);
    return create();
  }

  /** Connects a client. When that takes too long, fails, or the link is closed meanwhile, the client is destroyed. */
  async connectClient(client: RedisClientLike): Promise<void> {
    const connecting = client.connect();
    try {
      await this.#calls.run(connecting);
    } catch (error) {
      destroy(client);
      // A socket that is being opened outlives the first call.
      connecting.then(
        () => destroy(client),
        () => undefined,
      );
      throw error;
    }
  }

  /**
   * Runs a script. The first key decides on which server.
   * @throws {@link GatewayError} `ENGINE_UNAVAILABLE`, or `ENGINE_INVALID` for a key of another kind.
   */
  async run(script: Script, keys: string[], args: readonly ScriptArgument[]): Promise<RedisReply> {
    const runner = this.#runner;
    if (runner === null || this.#state === 'closed') throw unavailableError(this.#message);
    try {
      return await this.#evaluate(runner, script, keys, args);
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'INTERNAL_ERROR') throw error;
      if (failureOf(error).kind === 'wrongType') throw await this.#wrongTypeError(runner, keys, error);
      const failure = this.#errorOf(error);
      if (failure.code === 'ENGINE_UNAVAILABLE') this.#fail(failureOf(error), failure);
      throw failure;
    }
  }

  /** Notices an outage, if there is one. */
  async check(): Promise<void> {
    await this.#answers();
  }

  close(): void {
    this.#state = 'closed';
    this.#why = 'was closed';
    this.#closing.abort();
    this.#listeners.clear();
    this.#disconnect();
    this.#calls.close();
  }

  async #evaluate(
    runner: ScriptRunner,
    script: Script,
    keys: string[],
    args: readonly ScriptArgument[],
  ): Promise<RedisReply> {
    const call = { keys, arguments: args.map(encode) };
    let value: unknown;
    try {
      value = await this.#calls.run(runner.evalSha(script.sha, call));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      value = await this.#calls.run(runner.eval(script.source, call));
    }
    return new RedisReply(value, script.name);
  }

  get #message(): string {
    return `Redis (${this.#options.source.name}) ${this.#why}`;
  }

  #use(client: RedisClientLike): void {
    this.#client = client;
    this.#runner = scriptRunnerOf(client);
  }

  /** A client without a listener for errors ends the process. */
  #hear(client: RedisClientLike): void {
    client.on('error', (error) => {
      if (client === this.#client) this.#fail(failureOf(error), this.#errorOf(error));
    });
  }

  #errorOf(error: unknown): GatewayError {
    const { kind, message } = failureOf(error);
    const { name, redact } = this.#options.source;
    const cause = withoutRequest(error, redact);
    const text = `Redis (${name}): ${redact(message)}`;
    if (kind === 'bug') return new GatewayError('INTERNAL_ERROR', text, { cause });
    // What was in order before may be so again: a user that is set up again, slots that have moved.
    return kind === 'unusable' && this.#probed.length === 0 ? invalidError(text, cause) : unavailableError(text, cause);
  }

  async #wrongTypeError(runner: ScriptRunner, keys: string[], cause: unknown): Promise<GatewayError> {
    try {
      const reply = await this.#evaluate(runner, KEY_TYPES, keys, []);
      const kinds = keys.map((key, index) => `${key} (${reply.text(index + 1)})`);
      return invalidError(
        `Redis (${this.#options.source.name}): a key has a value of another kind: ${kinds.join(', ')}`,
      );
    } catch {
      return this.#errorOf(cause);
    }
  }

  #fail({ kind }: RedisFailure, error: GatewayError): void {
    if (kind === 'cut') this.#disconnect();
    if (this.#state !== 'up') return;
    this.#state = 'down';
    this.#why = 'can not be reached';
    this.#options.report(error);
    this.#publish();
    void this.#recover();
  }

  /** A connection that hangs is of no use either. A client that was passed connects again itself. */
  #disconnect(): void {
    if (this.#options.source.create === null) return;
    const client = this.#client;
    this.#client = null;
    this.#runner = null;
    if (client !== null) destroy(client);
  }

  async #recover(): Promise<void> {
    let delayMs = FIRST_RETRY_MS;
    while (this.#state === 'down') {
      await waitUntil(this.clock, delayMs, this.signal);
      if (await this.#answers()) break;
      delayMs = Math.min(delayMs * 2, MAX_RETRY_MS);
    }
    if (this.#state !== 'down') return;
    this.#state = 'up';
    this.#publish();
  }

  async #answers(): Promise<boolean> {
    try {
      await this.connect();
      for (const key of this.#probed) await this.run(PROBE, [key], []);
      return true;
    } catch {
      return false;
    }
  }

  #publish(): void {
    for (const listener of this.#listeners) listener(this.isReachable);
  }
}

const encode = (value: ScriptArgument): string | Buffer =>
  typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? String(value)
      : Buffer.isBuffer(value)
        ? value
        : Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/** `destroy()` throws if the client has ended already. */
export function destroy(client: RedisClientLike): void {
  try {
    void Promise.resolve(client.destroy()).catch(() => undefined);
  } catch {
    // It has ended.
  }
}
