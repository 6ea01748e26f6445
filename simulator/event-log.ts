/**
 * Everything that happens in a run, as the checks and the trace see it. The parts of the world tell; nobody who
 * listens can change anything.
 */
import type { ManagerState } from '../machines/index.ts';
import type { Dispatch, ManagerEvents, Session, ShardEvents } from '../src/index.ts';
import type { Packet } from '../src/protocol/packets.ts';
import type { ShardProcess } from './shard-process.ts';
import type { BotProcess } from './manager/bot-process.ts';
import type { GatewaySession } from './gateway-session.ts';
import type { SimSocket } from './sim-socket.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What needs no more words. */
type NoDetails = Readonly<Record<string, never>>;

export interface SimEvents {
  /** The shard asks for a socket. */
  'socket.created': { socket: SimSocket };
  'socket.opened': { socket: SimSocket };
  /** The shard hands a frame to its socket. */
  'shard.sent': { socket: SimSocket; packet: Packet; text: string };
  /** The shard ends its socket; `null` tears it down. */
  'shard.closing': { socket: SimSocket; code: number | null };
  /** The shard is told that its socket is closed. */
  'socket.closed': { socket: SimSocket; code: number };
  'gateway.accepted': { socket: SimSocket };
  /** Bytes that are no packet. */
  'gateway.sentGarbage': { socket: SimSocket };
  'gateway.sent': { socket: SimSocket; packet: Packet };
  'gateway.received': { socket: SimSocket; text: string };
  /** The gateway's end of the close handshake, or of the TCP connection. */
  'gateway.closed': { socket: SimSocket; code: number | null };
  'gateway.closeReceived': { socket: SimSocket; code: number | null };
  /** A whole packet has reached a socket that still listens. */
  'shard.received': { socket: SimSocket; packet: Packet };
  /** A consumer is slow: what arrives is left unread. */
  'socket.paused': { socket: SimSocket };
  /** Nothing passes through this socket any more. */
  'socket.halfOpen': { socket: SimSocket };
  /** The process stands still. */
  'process.asleep': { ms: number };
  'session.ended': { sessionId: string; why: string };
  'store.saving': { proc: SimulatedProcess; session: Session };
  'store.clearing': { proc: SimulatedProcess; shardId: number };
  'store.loaded': { proc: SimulatedProcess; shardId: number; session: Session | null };
  'store.failed': { proc: SimulatedProcess; what: string };
  /** Something goes wrong in the world. */
  fault: { name: string; what: string };
  /** The user does something. */
  /** `drops`: the session is given up; with `session` for another one. */
  action: { proc: SimulatedProcess; name: string; what: string; drops?: boolean; session?: Session };
  /** A promise the user was given. */
  'promise.made': { proc: SimulatedProcess; id: number; name: string };
  'promise.settled': { proc: SimulatedProcess; id: number; error: unknown };
  dispatched: { proc: ShardProcess; dispatch: Dispatch };
  /** The same, as a listener of its type gets it. */
  typed: { proc: ShardProcess; dispatch: Dispatch };
  /** A stream gave a dispatch to its consumer. */
  'stream.opened': {
    proc: ShardProcess;
    id: number;
    events: readonly string[] | null;
    signal: AbortSignal | undefined;
  };
  'stream.consumed': { proc: ShardProcess; id: number; dispatch: Dispatch };
  /** The user leaves it, though a consumer may still be at work on the last it took. */
  'stream.left': { proc: ShardProcess; id: number };
  'signal.aborted': { signal: AbortSignal };
  'stream.ended': { proc: ShardProcess; id: number; hasLeft: boolean; error: unknown };
  emitted: { proc: ShardProcess; name: keyof ShardEvents; args: unknown[] };
  /** Something happens in a guild; all the sessions it belongs to are told. */
  'guild.event': { id: number; guild: string; sessions: readonly GatewaySession[] };
  /** The same of a manager. */
  'bot.emitted': { proc: BotProcess; name: keyof ManagerEvents; args: readonly unknown[] };
  'bot.dispatched': { proc: BotProcess; dispatch: Dispatch; shardId: number };
  'bot.state': { proc: BotProcess; from: ManagerState; to: ManagerState };
  /** Another process is to take over from this one; `isGraceful` if it was let go in order. */
  'bot.ended': { proc: BotProcess; isGraceful: boolean };
  'api.requested': { proc: BotProcess; answer: string };
  uncaught: { error: unknown };
  /** The world is well from now on. */
  'drain.began': NoDetails;
  /** It took too long. */
  'drain.late': { what: string };
  'drain.ended': NoDetails;
  /** Every shard was told to stop and has had its time. */
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
