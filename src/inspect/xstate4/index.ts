/**
 * Shows a shard to `@xstate/inspect`. That inspector is made for XState 4, which can't be installed beside 5 in one
 * project without nesting; so this imports neither, and speaks what the two expect to hear.
 */
import { shardMachine } from '../../../machines/index.ts';
import type { Shard } from '../../shard.ts';
import { toXState4Definition } from './definition.ts';
import { requireDevTools } from './dev-tools.ts';
import { XState4Service } from './service.ts';

export interface LegacyInspectOptions {
  /** Called when the inspector threw and was detached, with what it threw. Default: nobody is told. */
  onDetached?: (cause: unknown) => void;
}

/**
 * Registers a shard with the inspector in `globalThis.__xstate__`, as `inspect()` of `@xstate/inspect` leaves it there.
 * The inspector sees the chart, each event of the shard's life, each state and the stop. It sees no context, session,
 * payload or token, and what it sends to the shard is ignored.
 *
 * A shard whose machine broke is shown as a new service when it is started again.
 *
 * @returns the unregister function: the inspector sees a stop, the shard goes on
 * @throws {@link GatewayError} `NO_INSPECTOR` when there is no inspector yet
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
      // Services of XState 4 are x:0, x:1, …, too.
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
      // There is nobody left to tell, and an uncaught error would end the shard with its process.
    }
  };
  shard.on('stateChange', followRestart);
  let service = register();
  return unregister;
}
