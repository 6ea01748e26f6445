/**
 * The public face of a consumer: a process that gets the dispatches which nodes have published, without a connection to
 * Discord. It loads what it needs with `start()`.
 */
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import { assertCallOptions } from '../../protocol/call-options.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { Dispatch, DispatchData, EventName, SendPayload } from '../../protocol/packets.ts';
import { fieldsOf } from '../../protocol/validation.ts';
import { Emitter } from '../../shard/emitter.ts';
import type { GuildMembers, RequestOptions } from '../../shard/guild-member-requests.ts';
import { listenerErrorReporter } from '../../shard/listener-error.ts';
import { logRejection } from '../../shard/logger.ts';
import type { CommandClient, RemoteSendOptions } from '../commands/command-client.ts';
import type { EngineConnection } from '../ports/engine.ts';
import { guildShardOf, shardIdOf } from './command-target.ts';
import type { CommandTarget } from './command-target.ts';
import { ConsumerHandlers } from './consumer-handlers.ts';
import type { DeliveryHandler } from './consumer-handlers.ts';
import { resolveConsumerOptions } from './consumer-options.ts';
import type { DispatchConsumerOptions, ResolvedConsumerOptions } from './consumer-options.ts';
import type { ConsumerRuntime } from './consumer-runtime.ts';
import { DeadLetters } from './dead-letters.ts';
import type { ConsumerStatus, DeadDelivery, Delivery } from './delivery.ts';
import { PullQueue } from './pull-queue.ts';

/** The events of a `DispatchConsumer`, with the arguments of their listeners. */
export interface ConsumerEvents {
  /**
   * Emitted with each dispatch, whatever its name. It is a handler: the dispatch is acknowledged when all listeners have
   * settled, and comes again if one throws.
   */
  dispatch: [dispatch: Dispatch, shardId: number];
  /** Emitted for a problem that the consumer survives. */
  fault: [error: GatewayError];
}

interface Started {
  readonly connection: EngineConnection;
  readonly commands: CommandClient;
  readonly total: number;
}

const EVENT_NAMES: ReadonlySet<string> = new Set(['dispatch', 'fault']);
/** How many deliveries may wait or be unacknowledged for each handler. */
const PULLED_PER_HANDLER = 16;

/**
 * Gets the dispatches that the nodes of a cluster publish. Each group gets all of them; within a group each dispatch goes
 * to one consumer, in the order of its shard. Handlers of one guild run one after the other, those of different guilds at
 * the same time.
 *
 * A dispatch is acknowledged when its handler settles. It is delivered again if the handler throws, does not settle in
 * time, or if the process ends. So a handler may run twice for one dispatch; `delivery.id` is then the same.
 *
 * @example
 * ```ts
 * await using consumer = new DispatchConsumer({ engine: redisEngine({ app: 'bot' }), group: 'bot' });
 * consumer.onDispatch('MESSAGE_CREATE', async (message) => { await answer(message); });
 * await consumer.start();
 * ```
 */
export class DispatchConsumer {
  readonly #options: ResolvedConsumerOptions;
  readonly #emitter: Emitter<ConsumerEvents>;
  readonly #handlers: ConsumerHandlers;
  readonly #pullQueue: PullQueue;
  #runtime: ConsumerRuntime | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  /** Grows with each stop, so that a start under way can notice it. */
  #generation = 0;

  /** @throws {@link GatewayError} `INVALID_OPTIONS`; the message names the option. */
  constructor(options: DispatchConsumerOptions) {
    this.#options = resolveConsumerOptions(options);
    const { logger, clock, concurrency, claimAfterMs } = this.#options;
    const onThrow = listenerErrorReporter({
      reportFault: (error) => this.#report(error),
      logError: (message) => logger.error(message),
    });
    this.#emitter = new Emitter<ConsumerEvents>(onThrow, EVENT_NAMES);
    const onRoom = (): void => this.#runtime?.onRoom();
    this.#handlers = new ConsumerHandlers(onRoom);
    this.#pullQueue = new PullQueue({
      clock,
      capacity: concurrency * PULLED_PER_HANDLER,
      limitMs: claimAfterMs,
      onRoom,
    });
  }

  /** The shard count of the bot; `null` before `start()` has resolved. */
  get total(): number | null {
    return this.#runtime?.total ?? null;
  }

  /**
   * Adds a handler for one of Discord's events. The dispatch is acknowledged when all its handlers have settled. Returns a
   * function that removes it.
   * @throws {@link GatewayError} `INVALID_OPTIONS`, also for a name that is not written as Discord's are
   */
  onDispatch<T extends EventName>(
    type: T,
    handler: (data: DispatchData<T>, delivery: Delivery<T>) => unknown,
  ): () => void;
  /** Adds a handler for an event that the types do not know yet. */
  onDispatch(type: string, handler: (data: unknown, delivery: Delivery) => unknown): () => void;
  onDispatch(type: string, handler: DeliveryHandler): () => void {
    return this.#handlers.add(type, handler);
  }

  /**
   * Returns the dispatches that no handler takes, in the order of each shard, as an async iterable. Acknowledge each within
   * `claimAfterMs`, or it is delivered again. Several iterations share what comes. It ends with `stop()`, and throws
   * `ABORTED`. While there is neither a handler nor an iteration, nothing is read.
   */
  deliveries(options?: {
    readonly signal?: AbortSignal;
  }): AsyncIterableIterator<Delivery, undefined> & AsyncDisposable {
    assertCallOptions('deliveries()', options);
    return this.#pullQueue.open(options?.signal);
  }

  /**
   * Joins the group. Resolves when the group exists on every stream: what is published from then on is delivered. Waits
   * while the engine can't be reached, and until the first node has joined. Rejects with `ENGINE_INVALID`, and with
   * `STOPPED` when `stop()` is called meanwhile.
   */
  start(): Promise<void> {
    if (this.#starting === null) {
      const stopping = this.#stopping;
      this.#stopping = null;
      this.#starting = this.#start(stopping, this.#generation);
    }
    return logRejection(this.#starting, this.#options.logger);
  }

  /** Begins nothing more. Resolves when the handlers that run have settled, and the streams are given up. Never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Stops, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Sends a payload on a shard, on whichever node it runs, within its limits. Resolves when it was sent. Rejects as
   * `Shard.send()` does, with `NOT_DELIVERED` when no node has sent it in time, and with `NOT_CONNECTED` before `start()`.
   */
  send(to: CommandTarget, payload: SendPayload, options?: RemoteSendOptions): Promise<void> {
    return this.#swallowUnhandled(this.#send(to, payload, options));
  }

  async #send(to: CommandTarget, payload: SendPayload, options?: RemoteSendOptions): Promise<void> {
    const { commands, total } = this.#started('send()');
    await commands.send(shardIdOf(to, total), payload, options);
  }

  /**
   * Requests members of a guild. Resolves with all chunks merged. Rejects as `Shard.requestGuildMembers()` does, and with
   * `NOT_DELIVERED`.
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    return this.#swallowUnhandled(this.#requestGuildMembers(request, options));
  }

  async #requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    const { commands, total } = this.#started('requestGuildMembers()');
    return commands.requestGuildMembers(guildShardOf(Opcodes.RequestGuildMembers, request, total), request, options);
  }

  /**
   * Updates the bot's presence on one shard, or on all. Of several updates that wait only the last is sent.
   * @see https://discord.com/developers/docs/events/gateway-events#update-presence
   */
  updatePresence(presence: GatewayPresenceUpdateData, options: { readonly shardId?: number } = {}): Promise<void> {
    return this.#swallowUnhandled(this.#updatePresence(presence, options));
  }

  async #updatePresence(d: GatewayPresenceUpdateData, options: { readonly shardId?: number }): Promise<void> {
    const { commands, total } = this.#started('updatePresence()');
    const hasShard = fieldsOf(options)['shardId'] !== undefined;
    const ids = hasShard ? [shardIdOf(options, total)] : Array.from({ length: total }, (_, id) => id);
    await Promise.all(ids.map((id) => commands.send(id, { op: Opcodes.PresenceUpdate, d })));
  }

  /**
   * Joins, moves in or leaves a voice channel.
   * @see https://discord.com/developers/docs/events/gateway-events#update-voice-state
   */
  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void> {
    return this.#swallowUnhandled(this.#updateVoiceState(voice));
  }

  async #updateVoiceState(d: GatewayVoiceStateUpdateData): Promise<void> {
    const { commands, total } = this.#started('updateVoiceState()');
    await commands.send(guildShardOf(Opcodes.VoiceStateUpdate, d, total), { op: Opcodes.VoiceStateUpdate, d });
  }

  /** Returns the dead letters of the group, the oldest first. */
  async *deadLetters(): AsyncGenerator<DeadDelivery, void, undefined> {
    yield* this.#deadLetters('deadLetters()').read();
  }

  /** Delivers a dead letter again, as attempt 1, to this group. */
  async redeliver(delivery: Delivery): Promise<void> {
    await this.#deadLetters('redeliver()').redeliver(delivery);
  }

  /** Resolves with how far the group has come. */
  async status(): Promise<ConsumerStatus> {
    const { connection } = this.#started('status()');
    return connection.log.status(this.#options.group);
  }

  /**
   * Adds a listener.
   * @throws {@link GatewayError} `INVALID_OPTIONS` for an event that does not exist
   */
  on<Name extends keyof ConsumerEvents>(name: Name, listener: (...args: ConsumerEvents[Name]) => unknown): this {
    if (name === 'dispatch') this.#handlers.addForAll(listener as (...args: ConsumerEvents['dispatch']) => unknown);
    else this.#emitter.on(name, listener);
    return this;
  }

  /** Removes a listener. */
  off<Name extends keyof ConsumerEvents>(name: Name, listener: (...args: ConsumerEvents[Name]) => unknown): this {
    if (name === 'dispatch') this.#handlers.removeForAll(listener as (...args: ConsumerEvents['dispatch']) => unknown);
    else this.#emitter.off(name, listener);
    return this;
  }

  async #start(stopping: Promise<void> | null, generation: number): Promise<void> {
    const { ConsumerRuntime: Runtime } = await import('./consumer-runtime.ts');
    await stopping;
    if (generation !== this.#generation) throw new GatewayError('STOPPED', 'the consumer was stopped');
    const runtime = new Runtime({
      options: this.#options,
      handlers: this.#handlers,
      pullQueue: this.#pullQueue,
      report: (error) => this.#report(error),
    });
    this.#runtime = runtime;
    try {
      await runtime.start();
    } catch (error) {
      if (generation === this.#generation) this.#starting = null;
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const starting = this.#starting;
    this.#starting = null;
    this.#generation += 1;
    this.#pullQueue.finish();
    await this.#runtime?.stop();
    await starting?.catch(() => undefined);
    this.#runtime = null;
  }

  #started(operation: string): Started {
    const open = this.#runtime?.open ?? null;
    if (open === null) throw new GatewayError('NOT_CONNECTED', `${operation} was called before start()`);
    return open;
  }

  #deadLetters(operation: string): DeadLetters {
    return new DeadLetters(this.#started(operation).connection.log, this.#options.group);
  }

  #report(error: GatewayError): void {
    this.#options.logger.warn(`consumer: ${error.code}: ${error.message}`);
    this.#emitter.emit('fault', error);
  }

  #swallowUnhandled<T>(promise: Promise<T>): Promise<T> {
    return logRejection(promise, this.#options.logger);
  }
}
