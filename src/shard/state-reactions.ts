/**
 * What a shard does when its flat state changes: which waiting calls go on, what is sent, and when the socket is read.
 * The machine decides the state; it knows neither the queue nor your listeners.
 */
import { KEEP_SESSION_CODE, awaitsRoom } from '../../machines/index.ts';
import type { ShardState } from '../../machines/index.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import type { SendQueue } from '../connection/send-queue.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { CurrentSession } from '../session/current-session.ts';
import type { BackPressure } from './back-pressure.ts';
import { sendChangedPresence } from './changed-presence.ts';
import type { CurrentPresence } from './current-presence.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ShardActor } from './shard-actor.ts';
import type { WaitList } from './wait-list.ts';

/** The shard as these reactions see it. `ShardRuntime` implements it. */
interface ReactingShard {
  readonly actor: ShardActor;
  readonly backPressure: BackPressure;
  readonly closedWaiters: WaitList;
  readonly connectionSlot: ConnectionSlot;
  readonly dispatcher: Dispatcher;
  readonly presence: CurrentPresence;
  readonly queue: SendQueue;
  readonly readyWaiters: WaitList;
  readonly session: CurrentSession;
  rejectWaiters(error: GatewayError): void;
  saveSession(): void;
  updateBackPressure(): void;
}

type Reactions = Partial<Record<ShardState, (shard: ReactingShard) => void>>;

export const ON_EXIT: Reactions = {
  ready: (shard) => {
    shard.queue.detach();
    shard.dispatcher.requests?.onConnectionLost();
    shard.saveSession();
  },
  reconnecting: (shard) => shard.backPressure.endWait(),
  disconnecting: (shard) => shard.closedWaiters.resolve(),
};

export const ON_ENTRY: Reactions = {
  // By now it is known whether another process has had the shard, which has then handled what waited.
  identifying: (shard) => shard.dispatcher.resumeHandlers(),
  resuming: (shard) => shard.dispatcher.resumeHandlers(),
  ready: (shard) => {
    shard.session.confirm();
    shard.updateBackPressure();
    shard.readyWaiters.resolve();
    if (shard.connectionSlot.connection !== null) shard.queue.attach(shard.connectionSlot.connection);
    sendChangedPresence(shard);
  },
  reconnecting: (shard) => {
    if (awaitsRoom(shard.actor.getSnapshot().context)) shard.backPressure.awaitRoom();
  },
  disconnected: (shard) => {
    // forceClose() may have been called while the socket was being created.
    shard.connectionSlot.connection?.abort(shard.actor.getSnapshot().context.loss?.closeWith ?? KEEP_SESSION_CODE);
    // If the user stopped the shard, the queue is stopped with that reason already.
    if (!shard.queue.isStopped)
      shard.rejectWaiters(new GatewayError('CONNECTION_LOST', 'the connection was lost, and shouldReconnect is false'));
    shard.dispatcher.finish(null);
  },
};
