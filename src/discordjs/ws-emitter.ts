/** Emits the events of a WebSocketManager in the form of its version: 1 emits one object, 2 a list of arguments. */
import { raiseBotError } from '../frameworks/bot-errors.ts';
import { isVersion2 } from './ws-manager.ts';
import type { WsEvents, WsManagerLike } from './ws-manager.ts';

/** The id of a shard; `undefined` for what concerns no shard, or all. */
type ShardId = number | undefined;

/** The object that version 1 emits. Each is a literal, because one is created for every dispatch. */
const VERSION_1_PAYLOADS: {
  readonly [Name in keyof WsEvents]: (value: WsEvents[Name], shardId: ShardId) => object;
} = {
  closed: (code, shardId) => ({ code, shardId }),
  debug: (message, shardId) => ({ message, shardId }),
  dispatch: (data, shardId) => ({ data, shardId }),
  error: (error, shardId) => ({ error, shardId }),
  heartbeat: (heartbeat, shardId) => ({ ...heartbeat, shardId }),
  hello: (_, shardId) => ({ shardId }),
  ready: (data, shardId) => ({ data, shardId }),
  resumed: (_, shardId) => ({ shardId }),
};

export class WsEmitter {
  readonly #emit: (name: string, ...args: unknown[]) => unknown;
  readonly #listenerCount: (name: string) => number;
  readonly #isVersion2: boolean;

  constructor(ws: WsManagerLike) {
    this.#emit = ws.emit.bind(ws) as (name: string, ...args: unknown[]) => unknown;
    this.#listenerCount = ws.listenerCount.bind(ws) as (name: string) => number;
    this.#isVersion2 = isVersion2(ws);
  }

  /**
   * Calls the listeners of the owner. What they throw becomes an unhandled rejection, as with `@discordjs/ws`: a bot
   * finds its own errors where it has always found them.
   */
  emit<Name extends keyof WsEvents>(name: Name, value: WsEvents[Name], shardId: ShardId): void {
    try {
      if (!this.#isVersion2) this.#emit(name, VERSION_1_PAYLOADS[name](value, shardId));
      else if (value === null) this.#emit(name, shardId);
      else this.#emit(name, value, shardId);
    } catch (error) {
      raiseBotError(error);
    }
  }

  /** Emits an error that the bot survives. Without a listener an emitter would throw it. */
  emitError(error: Error, shardId: number): void {
    if (this.#listenerCount('error') > 0) this.emit('error', error, shardId);
  }
}
