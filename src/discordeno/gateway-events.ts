/** Calls `gateway.events` of a bot of discordeno when the events of a manager say so. */
import { callBot } from '../frameworks/bot-errors.ts';
import type { ShardViews } from '../frameworks/shard-views.ts';
import type { ManagerEvents } from '../manager/manager-events.ts';
import type { ShardManager } from '../manager/shard-manager.ts';
import type { ShardState } from '../../machines/index.ts';
import type { DiscordenoGatewayEvents } from './bot.ts';
import type { DiscordenoShard } from './shard.ts';

type LifecycleEvent = Exclude<keyof DiscordenoGatewayEvents, 'message'>;
type Listener = (shard: DiscordenoShard | undefined, payload: unknown) => unknown;

/** The event of discordeno for each event of a manager that has one. */
const BY_EVENT = {
  connected: 'connected',
  hello: 'hello',
  ready: 'identified',
  resumed: 'resumed',
  heartbeat: 'heartbeatAck',
  disconnected: 'disconnected',
} as const satisfies Partial<Record<keyof ManagerEvents, LifecycleEvent>>;

/** The event of discordeno that says a shard begins to do something. */
const BY_STATE: Readonly<Partial<Record<ShardState, LifecycleEvent>>> = {
  connecting: 'connecting',
  identifying: 'identifying',
  resuming: 'resuming',
};

/** The listeners are looked up for each event, because a bot may replace them. */
export function forwardEvents(
  manager: ShardManager,
  shards: ShardViews<DiscordenoShard>,
  events: DiscordenoGatewayEvents,
): void {
  const call = (name: keyof DiscordenoGatewayEvents, shardId: number, payload?: unknown): void => {
    const listener = events[name] as Listener | undefined;
    if (listener !== undefined) callBot(listener, shards.get(shardId), payload);
  };
  for (const [name, target] of Object.entries(BY_EVENT))
    manager.on(name as keyof typeof BY_EVENT, (...args: unknown[]) => call(target, args.at(-1) as number));
  manager.on('stateChange', ({ to }, shardId) => {
    const name = BY_STATE[to];
    if (name !== undefined) call(name, shardId);
  });
  manager.on('dispatch', (dispatch, shardId) => call('message', shardId, dispatch));
}
