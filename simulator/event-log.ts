/**
 * Every event of a run. All parts of the simulation record their events here; checks, statistics and the trace listen.
 * Listeners only observe: they can't change the run.
 */
import type { ManagerState } from '../machines/index.ts';
import type { Dispatch, ManagerEvents, Session, ShardEvents } from '../src/index.ts';
import type { Packet } from '../src/protocol/packets.ts';
import type { ShardProcess } from './shard-process.ts';
import type { BotProcess } from './manager/bot-process.ts';
import type { GatewaySession } from './gateway-session.ts';
import type { SimSocket } from './sim-socket.ts';
import type { SimulatedProcess } from './simulated-process.ts';

type NoDetails = Readonly<Record<string, never>>;

export interface SimEvents {
  /** The shard opens a socket. */
  'socket.created': { socket: SimSocket };
  'socket.opened': { socket: SimSocket };
  /** The shard sends a frame. */
  'shard.sent': { socket: SimSocket; packet: Packet; text: string };
  /** The shard closes its socket with a code, or terminates it (`null`). */
  'shard.closing': { socket: SimSocket; code: number | null };
  /** A close frame of the gateway arrives at a socket, which may be terminated already. */
  'close.arrived': { socket: SimSocket; code: number };
  /** The socket emits `close`. */
  'socket.closed': { socket: SimSocket; code: number };
  'gateway.accepted': { socket: SimSocket };
  /** The gateway sends bytes that are not a packet. */
  'gateway.sentGarbage': { socket: SimSocket };
  'gateway.sent': { socket: SimSocket; packet: Packet };
  'gateway.received': { socket: SimSocket; text: string };
  /** The gateway closes with a code, or drops the TCP connection (`null`). */
  'gateway.closed': { socket: SimSocket; code: number | null };
  'gateway.closeReceived': { socket: SimSocket; code: number | null };
  /** A complete packet reaches a socket that still listens. */
  'shard.received': { socket: SimSocket; packet: Packet };
  /** A consumer is slow, so the shard stops reading. */
  'socket.paused': { socket: SimSocket };
  /** The connection is half open: nothing passes in either direction. */
  'socket.halfOpen': { socket: SimSocket };
  /** The process does not run for a while. */
  'process.asleep': { ms: number; until: number };
  'session.ended': { sessionId: string; why: string };
  /** `fence`: of the lease that the call carries; `null` without a lease. */
  'store.saving': { proc: SimulatedProcess; session: Session; fence: number | null };
  'store.clearing': { proc: SimulatedProcess; shardId: number; fence: number | null };
  /** `isTakeOver`: the session was taken away from a process that runs. */
  'store.claimed': { proc: SimulatedProcess; shardId: number; fence: number; isTakeOver: boolean };
  /**
   * The store refused a claim or a write, because another process has claimed the session. A late write is one with a
   * lease that the same process has given up and claimed again since.
   */
  'store.refused': { proc: SimulatedProcess; shardId: number; what: 'claim' | 'write' | 'late write' };
  'store.loaded': { proc: SimulatedProcess; shardId: number; session: Session | null };
  'store.failed': { proc: SimulatedProcess; what: string };
  /** A call of the store begins, and ends. A call that hangs never ends. */
  'store.began': { proc: SimulatedProcess; what: string; shardId: number; id: number };
  'store.ended': { proc: SimulatedProcess; what: string; shardId: number; id: number };
  /** A fault is injected. */
  fault: { name: string; what: string };
  /** The user calls a method. `drops`: the call discards the session. `session`: the call sets another session. */
  action: { proc: SimulatedProcess; name: string; what: string; drops?: boolean; session?: Session };
  /** The user called a method that returned a promise. */
  'promise.made': { proc: SimulatedProcess; id: number; name: string };
  'promise.settled': { proc: SimulatedProcess; id: number; error: unknown };
  dispatched: { proc: ShardProcess; dispatch: Dispatch };
  /** A listener of the event name receives the dispatch. */
  typed: { proc: ShardProcess; dispatch: Dispatch };
  /** A consumer opens a stream. */
  'stream.opened': {
    proc: SimulatedProcess;
    id: number;
    events: readonly string[] | null;
    signal: AbortSignal | undefined;
  };
  'stream.consumed': { proc: SimulatedProcess; id: number; dispatch: Dispatch };
  /** The user leaves a stream. Its consumer may still work on the last dispatch. */
  'stream.left': { proc: SimulatedProcess; id: number };
  'signal.aborted': { signal: AbortSignal };
  'stream.ended': { proc: SimulatedProcess; id: number; hasLeft: boolean; error: unknown };
  emitted: { proc: ShardProcess; name: keyof ShardEvents; args: unknown[] };
  /** An event happens in a guild, and every session that the guild belongs to receives it. */
  'guild.event': { id: number; guild: string; sessions: readonly GatewaySession[] };
  /** The manager emits an event. */
  'bot.emitted': { proc: BotProcess; name: keyof ManagerEvents; args: readonly unknown[] };
  'bot.dispatched': { proc: BotProcess; dispatch: Dispatch; shardId: number };
  'bot.state': { proc: BotProcess; from: ManagerState; to: ManagerState };
  /** A process begins beside the last one, which ends a while later. */
  'process.deployed': { old: SimulatedProcess; proc: SimulatedProcess };
  /** A process that has stopped may connect again, while the one that has had its shard meanwhile ends. */
  'process.returned': { proc: SimulatedProcess; before: SimulatedProcess };
  /** A process of a single shard ends. `isGraceful`: it disconnected first. */
  'process.ended': { proc: SimulatedProcess; isGraceful: boolean };
  /** The process ends, and another one will take over. `isGraceful`: it disconnected first. */
  'bot.ended': { proc: BotProcess; isGraceful: boolean };
  'api.requested': { proc: BotProcess; answer: string };
  uncaught: { error: unknown };
  /** All faults end. The shards must recover now. */
  'recovery.began': NoDetails;
  /** A shard or the manager did not recover in time. */
  'recovery.late': { what: string };
  'recovery.ended': NoDetails;
  /** Every shard and manager was stopped, and its time to stop has passed. */
  stopped: NoDetails;
}

export type SimEventName = keyof SimEvents;
type Listener<N extends SimEventName> = (event: SimEvents[N]) => void;

export class EventLog {
  readonly #listeners = new Map<SimEventName, Listener<never>[]>();
  readonly #all: ((name: SimEventName, event: SimEvents[SimEventName]) => void)[] = [];

  on<N extends SimEventName>(name: N, listener: Listener<N>): void {
    const list = this.#listeners.get(name);
    if (list === undefined) this.#listeners.set(name, [listener]);
    else list.push(listener);
  }

  onAll(listener: (name: SimEventName, event: SimEvents[SimEventName]) => void): void {
    this.#all.push(listener);
  }

  record<N extends SimEventName>(name: N, event: SimEvents[N]): void {
    for (const listener of this.#all) listener(name, event);
    const list = this.#listeners.get(name);
    if (list !== undefined) for (const listener of list) (listener as Listener<N>)(event);
  }
}
