/**
 * Adapts a manager or a consumer to the interface that `@discordjs/core` expects of a gateway. The interface is declared here, so
 * that you need not install discord.js for its types.
 */
import type { GatewayDispatchPayload, GatewaySendPayload } from 'discord-api-types/v10';
import type { DispatchConsumer } from '../cluster/consumer/dispatch-consumer.ts';
import { assertManager } from '../frameworks/manager-argument.ts';
import type { ShardManager } from '../manager/shard-manager.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Dispatch, SendPayload } from '../protocol/packets.ts';

/** The part of a {@link ShardManager} that the adapter uses. */
export type ManagerLike = Pick<ShardManager, 'total' | 'send' | 'on' | 'off'>;

/** The part of a {@link DispatchConsumer} that the adapter uses. */
export type ConsumerLike = Pick<DispatchConsumer, 'total' | 'send' | 'on' | 'off' | 'deliveries'>;

/** A listener for the dispatches of all shards. */
export type DispatchListener = (payload: GatewayDispatchPayload, shardId: number) => unknown;

/** A gateway for the option `gateway` of a `Client` of `@discordjs/core`. */
export interface DiscordJsGateway {
  /** Resolves with the shard count of the bot. Rejects with `NOT_CONNECTED` before it is known. */
  getShardCount(): Promise<number>;
  /**
   * Adds a listener for the dispatches of all shards, each with the id of its shard. For other events, add a listener
   * to the manager, or to the consumer.
   * @throws {@link GatewayError} `INVALID_OPTIONS` for another event
   */
  on(event: 'dispatch', listener: DispatchListener): this;
  /** Removes a listener. */
  off(event: 'dispatch', listener: DispatchListener): this;
  /**
   * Sends a payload on one shard, as `ShardManager.send()` does: within Discord's limits, and once the shard is ready. With
   * a consumer the shard runs on whichever node has it. Resolves when it has been sent; a request that Discord answers with dispatches, once it is accepted for sending.
   * Rejects as `ShardManager.send()` does, and with `OPCODE_NOT_ALLOWED` for a heartbeat, IDENTIFY or RESUME.
   */
  send(shardId: number, payload: GatewaySendPayload): Promise<void>;
}

function assertDispatchEvent(event: string): void {
  if (event !== 'dispatch')
    throw new GatewayError(
      'INVALID_OPTIONS',
      `a gateway for @discordjs/core emits only dispatch; listen to ${event} on the manager or the consumer`,
    );
}

/** The types of discord.js list the events and use enums where ours have numbers. The values are the same. */
const adaptListener = (listener: DispatchListener): ((dispatch: Dispatch, shardId: number) => unknown) =>
  listener as (dispatch: Dispatch, shardId: number) => unknown;

/**
 * The requests that Discord answers with dispatches. The client listens for the answers only after `send()` has
 * resolved, for several shards after the last has. With a shard that waits, or that runs in a worker thread, an answer
 * could arrive before that.
 */
const OPCODES_WITH_RESPONSE: ReadonlySet<number> = new Set([
  Opcodes.RequestGuildMembers,
  Opcodes.RequestSoundboardSounds,
  Opcodes.RequestChannelInfo,
]);

/** Resolves after every check that needs no I/O has rejected, and before any I/O can be processed. */
async function afterLocalValidation(): Promise<void> {
  // Called from outside a promise callback, `nextTick` alone would run before pending promise callbacks.
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** What a manager and a consumer have in common. */
interface DispatchSource {
  readonly total: number | null;
  readonly send: (shardId: number, payload: SendPayload) => Promise<void>;
  readonly on: (listener: (dispatch: Dispatch, shardId: number) => unknown) => void;
  readonly off: (listener: (dispatch: Dispatch, shardId: number) => unknown) => void;
}

const isConsumer = (source: ManagerLike | ConsumerLike): source is ConsumerLike => 'deliveries' in source;

function sourceOf(source: ManagerLike | ConsumerLike): DispatchSource {
  // Both emit the same with each dispatch, whatever else they emit.
  const emitter = source as Pick<ConsumerLike, 'on' | 'off'>;
  return {
    get total() {
      return source.total;
    },
    send: (shardId, payload) =>
      isConsumer(source) ? source.send({ shardId }, payload) : source.send(shardId, payload),
    on: (listener) => void emitter.on('dispatch', listener),
    off: (listener) => void emitter.off('dispatch', listener),
  };
}

class ClientGateway implements DiscordJsGateway {
  readonly #source: DispatchSource;

  constructor(source: DispatchSource) {
    this.#source = source;
  }

  async getShardCount(): Promise<number> {
    const { total } = this.#source;
    if (total === null)
      throw new GatewayError(
        'NOT_CONNECTED',
        'the shard count is not known before connect(), or start() of a consumer',
      );
    return total;
  }

  on(event: 'dispatch', listener: DispatchListener): this {
    assertDispatchEvent(event);
    this.#source.on(adaptListener(listener));
    return this;
  }

  off(event: 'dispatch', listener: DispatchListener): this {
    assertDispatchEvent(event);
    this.#source.off(adaptListener(listener));
    return this;
  }

  async send(shardId: number, payload: GatewaySendPayload): Promise<void> {
    const sent = this.#source.send(shardId, payload as SendPayload);
    await (OPCODES_WITH_RESPONSE.has(payload?.op) ? Promise.race([sent, afterLocalValidation()]) : sent);
  }
}

/**
 * Returns a gateway for a [`Client` of `@discordjs/core`](https://discord.js.org/docs/packages/core/main/Client:Class).
 * You connect and disconnect the manager as usual, or start and stop the consumer. The client receives every dispatch that
 * the manager delivers, over reconnections and resharding, or that the nodes of a cluster publish.
 *
 * A dispatch from a consumer is acknowledged when the listeners of the client have been called; the client does not wait
 * for those that are asynchronous. Use `DispatchConsumer.onDispatch()` for what must not be lost when a process ends.
 *
 * @example
 * ```ts
 * const rest = new REST({ version: '10' }).setToken(token);
 * const client = new Client({ rest, gateway: toDiscordJsGateway(manager) });
 * client.on(GatewayDispatchEvents.MessageCreate, ({ data, api }) => …);
 * await manager.connect();
 * ```
 * @throws {@link GatewayError} `INVALID_OPTIONS` if the argument is neither a manager nor a consumer
 * @see https://discord.com/developers/docs/events/gateway-events
 */
export function toDiscordJsGateway(source: ManagerLike | ConsumerLike): DiscordJsGateway {
  assertManager(source, 'toDiscordJsGateway()', ['total', 'send', 'on', 'off'], 'a ShardManager or a DispatchConsumer');
  return new ClientGateway(sourceOf(source));
}
