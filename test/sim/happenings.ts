/**
 * Everything that happens in a run, as the checks and the trace see it. The parts of the world tell; nobody who
 * listens can change anything.
 */
import type { ManagerState } from '../../machines/index.ts';
import type { Dispatch, ManagerEvents, Session, ShardEvents } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { Life } from './life.ts';
import type { BotLife } from './fleet/bot-life.ts';
import type { GatewaySession } from './gateway-session.ts';
import type { SimSocket } from './sim-socket.ts';
import type { User } from './user.ts';

/** What needs no more words. */
type Nothing = Readonly<Record<string, never>>;

export interface Happenings {
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
  'gateway.garbled': { socket: SimSocket };
  'gateway.said': { socket: SimSocket; packet: Packet };
  'gateway.heard': { socket: SimSocket; text: string };
  /** The gateway's end of the close handshake, or of the TCP connection. */
  'gateway.closed': { socket: SimSocket; code: number | null };
  'gateway.saw-close': { socket: SimSocket; code: number | null };
  /** A whole packet has reached a socket that still listens. */
  'shard.heard': { socket: SimSocket; packet: Packet };
  /** A consumer is slow: what arrives is left unread. */
  'socket.paused': { socket: SimSocket };
  /** Nothing passes through this socket any more. */
  'socket.deaf': { socket: SimSocket };
  /** The process stands still. */
  'shard.asleep': { ms: number };
  'session.ended': { sessionId: string; why: string };
  'store.saving': { life: User; session: Session };
  'store.clearing': { life: User; shardId: number };
  'store.loaded': { life: User; shardId: number; session: Session | null };
  'store.failed': { life: User; what: string };
  /** Something goes wrong in the world. */
  fault: { name: string; what: string };
  /** The user does something. */
  /** `drops`: the session is given up; with `session` for another one. */
  deed: { life: User; name: string; what: string; drops?: boolean; session?: Session };
  /** A promise the user was given. */
  'promise.made': { life: User; id: number; name: string };
  'promise.settled': { life: User; id: number; error: unknown };
  dispatched: { life: Life; dispatch: Dispatch };
  /** The same, as a listener of its type gets it. */
  typed: { life: Life; dispatch: Dispatch };
  /** A stream gave a dispatch to its consumer. */
  'stream.opened': { life: Life; id: number; events: readonly string[] | null; signal: AbortSignal | undefined };
  'stream.took': { life: Life; id: number; dispatch: Dispatch };
  /** The user leaves it, though a consumer may still be at work on the last it took. */
  'stream.left': { life: Life; id: number };
  'signal.aborted': { signal: AbortSignal };
  'stream.ended': { life: Life; id: number; hasLeft: boolean; error: unknown };
  told: { life: Life; name: keyof ShardEvents; args: unknown[] };
  /** Something happens in a guild; all the sessions it belongs to are told. */
  'guild.event': { id: number; guild: string; sessions: readonly GatewaySession[] };
  /** The same of a manager. */
  'bot.told': { life: BotLife; name: keyof ManagerEvents; args: readonly unknown[] };
  'bot.dispatched': { life: BotLife; dispatch: Dispatch; shardId: number };
  'bot.state': { life: BotLife; from: ManagerState; to: ManagerState };
  /** Another process is to take over from this one; `gently` if it was let go in order. */
  'bot.over': { life: BotLife; gently: boolean };
  'api.asked': { life: BotLife; answer: string };
  uncaught: { error: unknown };
  /** The world is well from now on. */
  'drain.began': Nothing;
  /** It took too long. */
  'drain.late': { what: string };
  'drain.ended': Nothing;
  /** Every shard was told to stop and has had its time. */
  stopped: Nothing;
}

export type Name = keyof Happenings;
type Listener<N extends Name> = (happening: Happenings[N]) => void;

export class Chronicle {
  readonly #listeners = new Map<Name, Listener<never>[]>();
  readonly #all: ((name: Name, happening: Happenings[Name]) => void)[] = [];

  on<N extends Name>(name: N, listener: Listener<N>): void {
    const list = this.#listeners.get(name);
    if (list === undefined) this.#listeners.set(name, [listener]);
    else list.push(listener);
  }

  onAll(listener: (name: Name, happening: Happenings[Name]) => void): void {
    this.#all.push(listener);
  }

  tell<N extends Name>(name: N, happening: Happenings[N]): void {
    for (const listener of this.#all) listener(name, happening);
    const list = this.#listeners.get(name);
    if (list !== undefined) for (const listener of list) (listener as Listener<N>)(happening);
  }
}
