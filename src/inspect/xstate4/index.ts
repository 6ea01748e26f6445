/**
 * `shardwright/inspect/legacy`: shows a shard to `@xstate/inspect`. That inspector is made for XState 4, which npm
 * does not install beside XState 5. So this bridge imports neither and offers the interface of an XState 4 service.
 */
import '../../protocol/require-node.ts';
import { shardMachine } from '../../../machines/index.ts';
import type { Shard } from '../../shard.ts';
import { toXState4Definition } from './definition.ts';
import { requireDevTools } from './dev-tools.ts';
import { XState4Service } from './service.ts';

/** Options of {@link registerWithXStateInspect}. */
export interface LegacyInspectOptions {
  /**
   * Called once with the error when the inspector threw and was detached.
   *
   * @defaultValue a function that ignores the error
   */
  onDetached?: (cause: unknown) => void;
}

/**
 * Registers a shard with `@xstate/inspect`, which `inspect()` of that package stores in `globalThis.__xstate__`. The
 * inspector shows the chart, each event and state of the shard's machine, and its stop. It never receives the context,
 * session, payloads or token, and the shard ignores what the inspector sends.
 *
 * When a shard restarts after its machine crashed, the inspector shows it as a new service.
 *
 * @returns a function that unregisters the shard. The inspector then shows a stop, and the shard keeps running.
 * @throws {@link GatewayError} `NO_INSPECTOR` if `inspect()` was not called before in this process.
 *
 * @example
 * ```ts
 * inspect({ server: new WebSocketServer({ host: '127.0.0.1', port: 8888 }) });
 * const unregister = registerWithXStateInspect(shard);
 * ```
 */
export function registerWithXStateInspect(
  shard: Shard,
  { onDetached = () => undefined }: LegacyInspectOptions = {},
): () => void {
  const devTools = requireDevTools();
  const definition = toXState4Definition(shardMachine);
  let { actor } = shard;
  const register = (): XState4Service => {
    const service = new XState4Service({
      id: `shard ${shard.shardId} of ${shard.shardCount}`,
      // The ids of XState 4 services are x:0, x:1, …, too, so the prefix avoids a collision.
      sessionId: `shardwright:${actor.sessionId}`,
      actor,
      definition,
      onDetached: detach,
    });
    service.guard(() => devTools.register(service));
    return service;
  };
  const followRestart = (): void => {
    if (shard.actor === actor) return;
    actor = shard.actor;
    service = register();
  };
  const unregister = (): void => {
    shard.off('stateChange', followRestart);
    service.stop();
  };
  const detach = (cause: unknown): void => {
    unregister();
    try {
      onDetached(cause);
    } catch {
      // An uncaught error would end the process and the shard with it.
    }
  };
  shard.on('stateChange', followRestart);
  let service = register();
  return unregister;
}
