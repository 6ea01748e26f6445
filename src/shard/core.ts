/**
 * The inside of a shard: wires the machine to the parts that hold its session, its sends and its listeners, and turns
 * what the machine says into events. `Shard` is the door to it.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { KEEP_SESSION_CODE, shardState } from '../../machines/index.ts';
import type { ShardEmitted, ShardEvent, ShardState } from '../../machines/index.ts';
import type { Vitals } from '../actors/connection-host.ts';
import { Line } from '../actors/line.ts';
import { Pulse } from '../actors/pulse.ts';
import { SendQueue } from '../actors/send-queue.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { GatewayErrorOptions } from '../protocol/errors.ts';
import { SessionCell } from '../session/session-cell.ts';
import { SessionKeeper } from '../session/session-keeper.ts';
import { Dispatcher } from './dispatcher.ts';
import { attachInspector } from './inspected-shard.ts';
import type { GuildMemberRequests } from './guild-member-requests.ts';
import { Settlers } from './settlers.ts';
import { createShardActor } from './shard-actor.ts';
import type { ShardActor } from './shard-actor.ts';
import { ShardEmitter } from './shard-emitter.ts';
import { ShardHost } from './shard-host.ts';
import type { ResolvedOptions } from './shard-options.ts';

export class ShardCore {
  readonly options: ResolvedOptions;
  readonly vitals: Vitals = { lastFrameAt: null, lastDispatchAt: null };
  readonly cell: SessionCell;
  readonly pulse: Pulse;
  readonly line = new Line();
  readonly queue: SendQueue;
  readonly keeper: SessionKeeper;
  readonly emitter: ShardEmitter;
  readonly dispatcher: Dispatcher;
  readonly host: ShardHost;
  /** Those who wait for the next READY or RESUMED. */
  readonly readiness = new Settlers('connect()');
  /** Those who wait for the close handshake. */
  readonly departure = new Settlers('disconnect()');
  /** The latest presence, for the next IDENTIFY. */
  presence: GatewayPresenceUpdateData | undefined;
  actor: ShardActor;
  /** Made when members are first asked for: few shards ever do. */
  requests: GuildMemberRequests | null = null;
  #state: ShardState = 'disconnected';
  #hasSession: boolean;

  constructor(options: ResolvedOptions) {
    const { clock } = options;
    this.options = options;
    this.emitter = new ShardEmitter(options.shardId, (name, cause) => this.listenerThrew(name, cause));
    this.presence = options.presence;
    this.pulse = new Pulse(clock);
    this.queue = new SendQueue(options.shardId, clock, (throttled) => this.emitter.emit('throttled', throttled));
    this.keeper = new SessionKeeper(options.sessionStore, (error) => this.fault(error));
    this.cell = new SessionCell(options.shardId, options.shardCount);
    this.cell.adopt(options.session);
    this.#hasSession = this.cell.identity !== null;
    this.host = new ShardHost(this);
    this.dispatcher = new Dispatcher(this.host);
    this.actor = this.#createActor();
    this.actor.start();
    attachInspector(options.inspect, this, (cause) => this.#observerThrew(cause));
  }

  get state(): ShardState {
    const { status, value } = this.actor.getSnapshot();
    return status === 'error' ? 'failed' : shardState(value);
  }

  send(event: ShardEvent): void {
    this.actor.send(event);
  }

  /** A machine that died of a bug of ours must not leave its shard unusable. */
  revive(): void {
    if (this.actor.getSnapshot().status !== 'error') return;
    this.actor = this.#createActor();
    this.actor.start();
  }

  saveSession(): void {
    const session = this.cell.sessionForStore(this.dispatcher.lowestWaitingOf(this.cell.id));
    if (session !== null) this.keeper.save(session);
  }

  discardSession(): void {
    this.cell.clear();
    this.keeper.clear(this.options.shardId);
  }

  /** Settles when the session is stored, or the store has had its time. */
  async storeSettled(): Promise<void> {
    const { clock, timing } = this.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.setTimeout(resolve, timing.closeTimeoutMs);
    await Promise.race([this.keeper.settled(), promise]);
    clock.clearTimeout(timer);
  }

  budgetSpent(retryAfterMs: number): void {
    this.fault(new GatewayError('IDENTIFY_BUDGET_SPENT', `no session starts left for ${Math.ceil(retryAfterMs / 1000)} s`));
  }

  /** Settles all that waits for a connection that will not come. */
  stop(error: GatewayError): void {
    this.readiness.reject(error);
    this.queue.stop(error);
    this.requests?.stop(error);
  }

  /** The user has had enough: nothing that waits will come, and the session is stored as it is, or given up. */
  leave({ session }: { readonly session: 'keep' | 'discard' }): void {
    this.stop(new GatewayError('STOPPED', 'the shard was stopped'));
    this.dispatcher.finish(null);
    this.saveSession();
    if (session === 'discard') this.discardSession();
  }

  fault(error: GatewayError): void {
    this.options.logger.warn(this.#line(`${error.code}: ${error.message}`));
    this.emitter.emit('fault', error);
  }

  #createActor(): ShardActor {
    const actor = createShardActor(this, (cause) => this.#observerThrew(cause));
    actor.subscribe({ next: () => this.#follow(), error: (cause) => this.#machineDied(cause) });
    actor.on('*', (emitted) => {
      this.#follow();
      (ShardCore.#tell[emitted.type] as (core: ShardCore, emitted: ShardEmitted) => void)(this, emitted);
    });
    return actor;
  }

  /** What the machine says, as events. */
  static readonly #tell: { [Type in ShardEmitted['type']]: (core: ShardCore, emitted: Extract<ShardEmitted, { type: Type }>) => void } = {
    connected: (core) => core.emitter.emit('connected'),
    hello: (core, { heartbeatIntervalMs }) => core.emitter.emit('hello', { heartbeatInterval: heartbeatIntervalMs }),
    reconnected: (core, { resumed }) => core.emitter.emit('reconnected', { resumed }),
    disconnected: (core, { code, reason, initiator, willReconnect, willResume }) =>
      core.emitter.emit('disconnected', { code, reason, initiator, willReconnect, willResume }),
    fault: (core, { code, reason, closeCode, cause }) =>
      core.fault(new GatewayError(code, reason, { ...closing(closeCode), ...because(cause) })),
    failed: (core, { code, reason, closeCode }) =>
      core.#fail(new GatewayError(code, `the gateway closed the connection with ${closeCode}: ${reason}`, closing(closeCode))),
  };

  /** Holds back a shard that is ready and no other: HELLO, the replay and RESUMED have to be read, or it never would be. */
  press(): void {
    if (this.#state === 'ready' && this.dispatcher.isFull) this.line.connection?.pause();
    else this.line.connection?.resume();
  }

  /** Acts on a change of the flat state, once. */
  #follow(): void {
    const hasSession = this.actor.getSnapshot().context.session !== null;
    if (this.#hasSession && !hasSession) this.discardSession();
    this.#hasSession = hasSession;
    const from = this.#state;
    const to = this.state;
    if (from === to) return;
    this.#state = to;
    ShardCore.#leave[from]?.(this);
    this.options.logger.info(this.#line(`${from} → ${to}`));
    this.emitter.emit('stateChange', { from, to });
    ShardCore.#enter[to]?.(this);
  }

  static readonly #leave: Partial<Record<ShardState, (core: ShardCore) => void>> = {
    ready: (core) => {
      core.queue.close();
      core.requests?.connectionLost();
      core.saveSession();
    },
    disconnecting: (core) => core.departure.resolve(),
  };

  static readonly #enter: Partial<Record<ShardState, (core: ShardCore) => void>> = {
    ready: (core) => {
      core.press();
      core.readiness.resolve();
      if (core.line.connection !== null) core.queue.open(core.line.connection);
    },
    disconnected: (core) => {
      // A forced close that came while the socket was only being made.
      core.line.connection?.abort(core.actor.getSnapshot().context.loss?.closeWith ?? KEEP_SESSION_CODE);
      // Whoever asked for the stop has said why already.
      if (!core.queue.isStopped) core.stop(new GatewayError('CONNECTION_LOST', 'the connection was lost, and shouldReconnect is false'));
      core.dispatcher.finish(null);
    },
  };

  #fail(error: GatewayError): void {
    this.stop(error);
    this.dispatcher.finish(error);
    this.options.logger.error(this.#line(`${error.code}: ${error.message}`));
    this.emitter.emit('failed', error);
  }

  #machineDied(cause: unknown): void {
    // The children of a machine in error are not stopped.
    this.line.connection?.terminate();
    this.#follow();
    this.#fail(new GatewayError('INTERNAL_ERROR', 'the state machine stopped', { cause }));
  }

  #observerThrew(cause: unknown): void {
    this.fault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }));
  }

  listenerThrew(name: string, cause: unknown): void {
    // It read the data of a dispatch that has none; the connection ended with that as its fault.
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
    // A fault listener that throws would be told of itself for ever.
    if (name === 'fault') this.options.logger.error(this.#line(error.message));
    else this.fault(error);
  }

  #line(text: string): string {
    return `shard ${this.options.shardId}: ${text}`;
  }
}

const closing = (closeCode: number | null): GatewayErrorOptions => (closeCode === null ? {} : { closeCode });
const because = (cause: unknown): GatewayErrorOptions => (cause === undefined ? {} : { cause });
