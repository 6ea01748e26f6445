/** An identify gate that asks the throttler which the user gave to `@discordjs/ws`. */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../identify/identify-gate.ts';
import type { Awaitable, IdentifyThrottler, WsManagerLike } from './ws-manager.ts';

/** A throttler counts when it resolves, so it need not know whether the IDENTIFY was sent. */
const PERMIT: IdentifyPermit = { sent: () => undefined, release: () => undefined };

type BuildThrottler = () => Awaitable<IdentifyThrottler>;
type WsManagerClass = new (options: object) => WsManagerLike;

/**
 * Returns a new manager like `ws` with the default throttler, or `null` for a subclass that wants other arguments. The
 * default can't be read in another way without importing the package.
 */
function withDefaultThrottler(ws: WsManagerLike): WsManagerLike | null {
  const Manager = ws.constructor as WsManagerClass;
  const options = Object.entries(ws.options).filter(([name]) => name !== 'buildIdentifyThrottler');
  try {
    return new Manager({ ...Object.fromEntries(options), buildStrategy: () => null });
  } catch {
    return null;
  }
}

/** Returns what builds the throttler that the user gave; `null` if `@discordjs/ws` would use its own. */
export function givenThrottler(ws: WsManagerLike): BuildThrottler | null {
  const { options } = ws;
  const isDefault = options.buildIdentifyThrottler === withDefaultThrottler(ws)?.options.buildIdentifyThrottler;
  return isDefault ? null : () => options.buildIdentifyThrottler(ws as never);
}

export class ThrottlerGate implements IdentifyGate {
  readonly #build: BuildThrottler;
  #throttler: Promise<IdentifyThrottler> | null = null;

  constructor(build: BuildThrottler) {
    this.#build = build;
  }

  /** Resolves when the throttler lets the shard identify. Rejects as the throttler does, or its builder. */
  async acquire({ shardId, signal }: IdentifyRequest): Promise<IdentifyPermit> {
    this.#throttler ??= this.#buildOnce();
    const throttler = await this.#throttler;
    await throttler.waitForIdentify(shardId, signal);
    return PERMIT;
  }

  /** All shards wait for one throttler. If it can't be built, the next request tries again. */
  async #buildOnce(): Promise<IdentifyThrottler> {
    try {
      return await this.#build();
    } catch (error) {
      this.#throttler = null;
      throw error;
    }
  }
}
