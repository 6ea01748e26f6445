/**
 * Sends commands to the shards of other processes, and waits for their answers. A command waits in the engine until the
 * owner of its shard takes it, also through a hand-over.
 */
import { randomUUID } from 'node:crypto';
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { Clock } from '../../clock.ts';
import { assertCallOptions } from '../../protocol/call-options.ts';
import { GATEWAY_ERROR_CODES, GatewayError, abortedError } from '../../protocol/errors.ts';
import { onAbort } from '../../protocol/on-abort.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { SendPayload } from '../../protocol/packets.ts';
import { checkPayload } from '../../protocol/payloads.ts';
import type { SendOptions } from '../../shard/command-sender.ts';
import type { GuildMembers, RequestOptions } from '../../shard/guild-member-requests.ts';
import type { Command, CommandAnswer, CommandBus } from '../ports/command-bus.ts';

/** The options of a payload for a shard of another process. */
export interface RemoteSendOptions extends SendOptions {
  /**
   * How long the command may wait until it is sent, in ms. Then it is dropped, and the call rejects with `NOT_DELIVERED`.
   * @defaultValue `30_000`
   */
  timeoutMs?: number;
}

export interface CommandClientOptions {
  readonly bus: CommandBus;
  /** The instance that gets the answers. */
  readonly instance: string;
  readonly clock: Clock;
}

interface Call {
  readonly command: Command;
  readonly lateAt: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: GatewayError) => void;
  timer: unknown;
  retryTimer: unknown;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const RETRY_MS = 500;

/** The names that command servers know. */
export type CommandName = 'send' | 'requestGuildMembers';

export class CommandClient {
  readonly #options: CommandClientOptions;
  readonly #calls = new Map<string, Call>();
  readonly #stopListening: () => void;

  constructor(options: CommandClientOptions) {
    this.#options = options;
    this.#stopListening = options.bus.answers(options.instance, (answer) => this.#onAnswer(answer));
  }

  /** Resolves when the owner of the shard has sent the payload. Rejects as `Shard.send()` does, and with `NOT_DELIVERED`. */
  async send(shardId: number, payload: SendPayload, options: RemoteSendOptions = {}): Promise<void> {
    assertCallOptions('send()', options);
    const { payload: copy } = checkPayload(payload);
    const { ignoreRateLimit = false } = options;
    // Of several presences the last one wins, also before a node has taken them.
    const key = copy.op === Opcodes.PresenceUpdate ? { key: 'presence' } : {};
    await this.#call('send', { shardId, name: 'send', data: { payload: copy, ignoreRateLimit }, ...key }, options);
  }

  /** Resolves with the members. Rejects as `Shard.requestGuildMembers()` does, and with `NOT_DELIVERED`. */
  async requestGuildMembers(
    shardId: number,
    request: GatewayRequestGuildMembersData,
    options: RequestOptions = {},
  ): Promise<GuildMembers> {
    assertCallOptions('requestGuildMembers()', options);
    const { payload } = checkPayload({ op: Opcodes.RequestGuildMembers, d: request });
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const command = { shardId, name: 'requestGuildMembers', data: { request: payload.d, timeoutMs } } as const;
    return (await this.#call('requestGuildMembers', command, options)) as GuildMembers;
  }

  /** Ends all calls with an error. */
  close(error: GatewayError): void {
    this.#stopListening();
    for (const call of this.#calls.values()) this.#settle(call, () => call.reject(error));
  }

  #call(
    operation: CommandName,
    command: Pick<Command, 'shardId' | 'data' | 'key'> & { readonly name: CommandName },
    { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<unknown> {
    if (signal?.aborted === true) return Promise.reject(abortedError(`${operation}()`, signal));
    const { clock, instance } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call: Call = {
      command: { ...command, id: randomUUID(), from: instance, timeoutMs },
      lateAt: clock.now() + timeoutMs,
      resolve,
      reject,
      timer: undefined,
      retryTimer: undefined,
    };
    // The chunks of a member request take time after the command was taken.
    const answerMs = operation === 'requestGuildMembers' ? 2 * timeoutMs : timeoutMs;
    call.timer = clock.setTimeout(() => this.#onLate(call, timeoutMs), answerMs);
    this.#calls.set(call.command.id, call);
    const stopListening = onAbort(signal, () => {
      if (signal !== undefined) this.#settle(call, () => reject(abortedError(`${operation}()`, signal)));
    });
    void this.#deliver(call);
    return promise.finally(stopListening);
  }

  /** While the engine can't be reached, tries again: the same command twice has no effect. */
  async #deliver(call: Call): Promise<void> {
    const { bus, clock } = this.#options;
    try {
      await bus.send({ ...call.command, timeoutMs: Math.max(1, call.lateAt - clock.now()) });
    } catch (cause) {
      if (!this.#calls.has(call.command.id)) return;
      if (!(cause instanceof GatewayError) || cause.code === 'ENGINE_UNAVAILABLE')
        call.retryTimer = clock.setTimeout(() => void this.#deliver(call), RETRY_MS);
      else this.#settle(call, () => call.reject(cause));
    }
  }

  #onAnswer(answer: CommandAnswer): void {
    const call = this.#calls.get(answer.id);
    if (call === undefined) return;
    this.#settle(call, () => {
      if (answer.kind === 'failed') call.reject(errorFrom(answer));
      else call.resolve(answer.kind === 'done' ? answer.result : undefined);
    });
  }

  #onLate(call: Call, timeoutMs: number): void {
    const { shardId, name } = call.command;
    const message = `no node has done ${name}() for shard ${shardId} within ${timeoutMs} ms`;
    this.#settle(call, () => call.reject(new GatewayError('NOT_DELIVERED', message)));
  }

  #settle(call: Call, settle: () => void): void {
    if (!this.#calls.delete(call.command.id)) return;
    this.#options.clock.clearTimeout(call.timer);
    this.#options.clock.clearTimeout(call.retryTimer);
    settle();
  }
}

/** What another process says is not trusted. */
function errorFrom({ code, message }: { readonly code: unknown; readonly message: unknown }): GatewayError {
  const known = GATEWAY_ERROR_CODES.find((each) => each === code) ?? 'INTERNAL_ERROR';
  return new GatewayError(known, typeof message === 'string' ? message : 'the command failed');
}
