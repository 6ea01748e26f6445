/**
 * Turns the events of a manager into those that `@discordjs/ws` promises its owner. discord.js relies on their order:
 * Ready and Resumed come before their dispatch, and at Hello and Resumed it looks up the session.
 */
import type { Clock } from '../clock.ts';
import type { ManagerEvents } from '../manager/manager-events.ts';
import type { ShardManager } from '../manager/shard-manager.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { Session } from '../session/session.ts';
import type { Logger } from '../shard/logger.ts';
import { reportUnheardFailure } from '../shard/unheard-failure.ts';
import { sessionInfoOf } from './session-hook-store.ts';
import { WsEmitter } from './ws-emitter.ts';
import type { WsManagerLike } from './ws-manager.ts';

interface WsEventSourceOptions {
  readonly ws: WsManagerLike;
  readonly manager: ShardManager;
  readonly clock: Clock;
  /** Where failures go; the silent one if the user gave no logger. */
  readonly logger: Logger;
  /** Returns whether `login()` is under way, and rejects with a failure. */
  readonly isLoggingIn: () => boolean;
}

/** The close code of a connection that ended without a close frame. */
const ABNORMAL_CLOSURE = 1006;

type Handlers = {
  readonly [Name in keyof ManagerEvents]?: (source: WsEventSource, ...args: ManagerEvents[Name]) => void;
};

export class WsEventSource {
  readonly #options: WsEventSourceOptions;
  readonly #emitter: WsEmitter;
  /**
   * The shards whose connection is not shown to discord.js until they have resumed. discord.js becomes ready only when a
   * shard has got its guilds while all others are ready. A shard that is ready before that must stay so.
   */
  readonly #hidden = new Set<number>();
  /** The shards whose guilds are still coming. */
  readonly #awaitingGuilds = new Set<number>();

  constructor(options: WsEventSourceOptions) {
    this.#options = options;
    this.#emitter = new WsEmitter(options.ws);
    const { manager } = options;
    // Not from the table, because this runs for every dispatch.
    manager.on('dispatch', (dispatch, shardId) => this.#onDispatch(dispatch, shardId));
    for (const [name, handler] of Object.entries(WsEventSource.#handlers)) {
      const handle = handler as (source: WsEventSource, ...args: unknown[]) => void;
      manager.on(name as keyof ManagerEvents, (...args: unknown[]) => handle(this, ...args));
    }
  }

  /** Reports a payload that was not sent, because discord.js ignores the promise of `send()`. */
  reportUnsent(error: GatewayError, shardId: number): void {
    this.#debug(`A payload was not sent: ${error.message}`, shardId);
    // After destroy() this is no error.
    if (error.code !== 'STOPPED') this.#emitter.emitError(error, shardId);
  }

  static readonly #handlers: Handlers = {
    stateChange: (source, { from, to }, shardId) => source.#debug(`${from} → ${to}`, shardId),
    hello: (source, _, shardId) => {
      if (source.#hidden.has(shardId)) return;
      source.#updateSession(shardId, source.#sessionOf(shardId));
      source.#emitter.emit('hello', null, shardId);
    },
    disconnected: (source, { code, reason, initiator, willReconnect, willResume }, shardId) => {
      source.#debug(`Closed by the ${initiator} with ${code ?? 'no close code'} ${reason}`.trim(), shardId);
      if (willReconnect && willResume && source.#isHiddenUntilResumed(shardId)) return;
      source.#hidden.delete(shardId);
      if (!willReconnect) source.#awaitingGuilds.delete(shardId);
      source.#emitter.emit('closed', code ?? ABNORMAL_CLOSURE, shardId);
    },
    guildsReady: (source, shardId) => void source.#awaitingGuilds.delete(shardId),
    heartbeat: (source, { latency }, shardId) => {
      const ackAt = source.#options.clock.now();
      source.#emitter.emit('heartbeat', { ackAt, heartbeatAt: ackAt - latency, latency }, shardId);
    },
    throttled: (source, { pending, retryAfterMs }, shardId) =>
      source.#debug(`The send limit delays ${pending} payloads; the next is sent in ${retryAfterMs} ms`, shardId),
    lagged: (source, { lateMs }, shardId) =>
      source.#debug(`A heartbeat was ${lateMs} ms late: the process was busy or asleep`, shardId),
    progress: (source, { ready, total, etaMs }) =>
      source.#debug(`${ready} of ${total} shards are ready; the rest takes about ${etaMs} ms`, null),
    fault: (source, error, shardId) => source.#reportError(error, shardId),
    failed: (source, error, shardId) => {
      source.#reportError(error, shardId);
      const { logger, isLoggingIn } = source.#options;
      if (isLoggingIn()) return;
      const who = shardId === null ? 'the manager' : `shard ${shardId}`;
      // Few bots listen to shardError, so that the listener of this class does not count.
      reportUnheardFailure(error, { who, hasListener: false, isAwaited: false, logger });
    },
  };

  /** What discord.js must know before a dispatch, by its type. */
  static readonly #beforeDispatch: ReadonlyMap<
    string,
    (source: WsEventSource, dispatch: Dispatch, id: number) => void
  > = new Map([
    ['READY', (source, dispatch, shardId) => source.#beforeReady(dispatch, shardId)],
    ['RESUMED', (source, dispatch, shardId) => source.#beforeResumed(dispatch, shardId)],
  ]);

  #onDispatch(dispatch: Dispatch, shardId: number): void {
    WsEventSource.#beforeDispatch.get(dispatch.t)?.(this, dispatch, shardId);
    this.#emitter.emit('dispatch', dispatch, shardId);
  }

  #beforeReady(dispatch: Dispatch, shardId: number): void {
    // Restored guilds come before the connection.
    if (dispatch.isRestored === true) this.#hidden.add(shardId);
    else this.#hidden.delete(shardId);
    this.#awaitingGuilds.add(shardId);
    this.#updateSessionAt(dispatch, shardId);
    this.#emitter.emit('ready', dispatch.d, shardId);
  }

  #beforeResumed(dispatch: Dispatch, shardId: number): void {
    // discord.js counts the replayed dispatches from the session that it finds at Hello.
    if (this.#hidden.delete(shardId)) this.#emitter.emit('hello', null, shardId);
    this.#updateSessionAt(dispatch, shardId);
    this.#emitter.emit('resumed', null, shardId);
  }

  /** Decides it for a shard that has lost its connection, and resumes. */
  #isHiddenUntilResumed(shardId: number): boolean {
    if (this.#hidden.has(shardId)) return true;
    if (!this.#options.isLoggingIn() && this.#awaitingGuilds.size === 0) return false;
    this.#hidden.add(shardId);
    this.#updateSession(shardId, this.#sessionOf(shardId));
    return true;
  }

  /** What concerns all shards is emitted for each of them, because discord.js wants the id of a shard. */
  #reportError(error: GatewayError, shardId: number | null): void {
    this.#debug(`${error.code}: ${error.message}. ${error.hint}`, shardId);
    const shardIds = shardId === null ? this.#options.manager.shards.keys() : [shardId];
    for (const id of shardIds) this.#emitter.emitError(error, id);
  }

  #debug(message: string, shardId: number | null): void {
    this.#emitter.emit('debug', message, shardId ?? undefined);
  }

  #sessionOf(shardId: number): Session | null {
    return this.#options.manager.shards.get(shardId)?.session ?? null;
  }

  /** Everything up to this dispatch has been delivered. */
  #updateSessionAt({ s }: Dispatch, shardId: number): void {
    const session = this.#sessionOf(shardId);
    if (session !== null) this.#updateSession(shardId, { ...session, sequence: s });
  }

  /** discord.js reads the session in the listener of the event that follows, so its hook is called at once. */
  #updateSession(shardId: number, session: Session | null): void {
    const report = (cause: unknown): void =>
      this.#reportError(new GatewayError('SESSION_STORE_FAILED', 'updateSessionInfo() failed', { cause }), shardId);
    try {
      const { options } = this.#options.ws;
      const updated = options.updateSessionInfo(shardId, session === null ? null : sessionInfoOf(session));
      Promise.resolve(updated).catch(report);
    } catch (cause) {
      report(cause);
    }
  }
}
