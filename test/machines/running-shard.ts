/** The machine of a shard on its own: its actors only take down what they are asked, and time is virtual. */
import { createActor, fromCallback } from 'xstate';
import type { StateValue } from 'xstate';
import { DEFAULT_TIMING, shardDelays, shardMachine } from '../../machines/index.ts';
import type { CloserInput, SessionIdentity, ShardContext, ShardEvent, ShardInput, SocketCommand, SocketInput } from '../../machines/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

export const SESSION: SessionIdentity = { sessionId: 'one', resumeUrl: 'wss://one.test' };
export const OTHER: SessionIdentity = { sessionId: 'other', resumeUrl: 'wss://other.test' };
/** The first beat comes after half of it. */
export const INTERVAL_MS = 40_000;

/** What the machine did or said: when, what, and with what. */
export type Deed = [at: number, what: string, ...detail: unknown[]];

/** An event of the connection that is there. */
type Unsigned = ShardEvent extends infer E ? (E extends { connectionId: number } ? Omit<E, 'connectionId'> : E) : never;

export class RunningShard {
  readonly clock = new VirtualClock({ startAt: 0 });
  readonly #deeds: Deed[] = [];
  #since = 0;
  /** Whether beats are answered. */
  alive = true;
  readonly #actor;

  constructor(input: Partial<ShardInput> = {}) {
    const machine = shardMachine.provide({
      actors: {
        socket: fromCallback<SocketCommand, SocketInput>(({ input: asked, receive, sendBack }) => {
          this.#note('socket', asked);
          receive(({ type, ...rest }) => {
            this.#note(type, ...(Object.keys(rest).length > 0 ? [rest] : []));
            if (type === 'beat' && this.alive) sendBack({ type: 'gateway.heartbeatAck', connectionId: asked.connectionId });
          });
        }),
        closer: fromCallback<SocketCommand, CloserInput>(({ input: asked }) => this.#note('closer', asked)),
        permit: fromCallback<SocketCommand, { shardId: number }>(({ input: asked }) => this.#note('permit', asked)),
        restore: fromCallback<SocketCommand, { shardId: number }>(({ input: asked }) => this.#note('restore', asked)),
      },
      delays: shardDelays(() => 0.5),
    });
    this.#actor = createActor(machine, {
      clock: this.clock,
      input: { shardId: 7, shardCount: 8, shouldReconnect: true, session: null, timing: DEFAULT_TIMING, ...input },
    });
    this.#actor.on('*', ({ type, ...detail }) => this.#note(type, ...(Object.keys(detail).length > 0 ? [detail] : [])));
    this.#actor.start();
  }

  get state(): StateValue {
    return this.#actor.getSnapshot().value;
  }

  get context(): ShardContext {
    return this.#actor.getSnapshot().context;
  }

  send(...events: Unsigned[]): this {
    const { connectionId } = this.context;
    for (const event of events) this.#actor.send({ connectionId, ...event } as ShardEvent);
    return this;
  }

  wait(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  /** What was done since this was last asked, with times from then on. */
  deeds(): Deed[] {
    const from = this.#since;
    this.#since = this.clock.now();
    return this.#deeds.splice(0).map(([at, ...rest]) => [at - from, ...rest]);
  }

  /** Waits for a deed, and forgets those before. Gives how long that took. */
  until(deed: string): number {
    const from = this.clock.now();
    while (!this.deeds().some(([, what]) => what === deed)) if (!this.clock.next()) throw new Error(`${deed} never comes`);
    return this.clock.now() - from;
  }

  /** Forgets what was done, as what leads to the case of a test. */
  fresh(): this {
    this.deeds();
    return this;
  }

  #note(what: string, ...detail: unknown[]): void {
    this.#deeds.push([this.clock.now(), what, ...detail]);
  }
}

export const HELLO = { type: 'gateway.hello', heartbeatIntervalMs: INTERVAL_MS } as const;
export const KEEP = { type: 'shard.disconnect', code: 4321, reason: 'enough', session: 'keep' } as const;
export const DISCARD = { type: 'shard.disconnect', code: 1001, reason: 'enough', session: 'discard' } as const;
export const FORCE = { type: 'shard.forceClose', code: 4322, session: 'keep' } as const;
export const FORCE_DISCARD = { type: 'shard.forceClose', code: 1001, session: 'discard' } as const;
export const closed = (code: number, reason = '') => ({ type: 'socket.closed', code, reason }) as const;

type StateName =
  | 'disconnected'
  | 'restoring'
  | 'opening'
  | 'awaitingHello'
  | 'resuming'
  | 'ready'
  | 'queued'
  | 'awaitingReady'
  | 'deaf'
  | 'zombie'
  | 'reconnecting'
  | 'disconnecting'
  | 'returning'
  | 'failed';

/** A shard in each of its states; with a session where there may be one. */
export const SHARDS: Record<StateName, (input?: Partial<ShardInput>) => RunningShard> = {
  disconnected: (input) => new RunningShard({ session: SESSION, ...input }),
  restoring: (input) => SHARDS.disconnected(input).send({ type: 'shard.connect' }),
  opening: (input) => SHARDS.restoring(input).send({ type: 'session.loaded', session: SESSION }),
  awaitingHello: (input) => SHARDS.opening(input).send({ type: 'socket.opened' }),
  resuming: (input) => SHARDS.awaitingHello(input).send(HELLO),
  ready: (input) => SHARDS.resuming(input).send({ type: 'gateway.resumed' }),
  queued: (input) =>
    SHARDS.restoring({ session: null, ...input }).send({ type: 'session.loaded', session: null }, { type: 'socket.opened' }, HELLO),
  awaitingReady: (input) => SHARDS.queued(input).send({ type: 'identify.granted' }),
  deaf: (input) => {
    const shard = SHARDS.ready(input);
    shard.alive = false;
    return shard.wait(INTERVAL_MS * 1.5);
  },
  zombie: (input) => SHARDS.deaf(input).send({ type: 'socket.drained' }),
  reconnecting: (input) => SHARDS.ready(input).send({ type: 'gateway.reconnect' }),
  disconnecting: (input) => SHARDS.ready(input).send(KEEP),
  returning: (input) => SHARDS.disconnecting(input).send({ type: 'shard.connect' }),
  failed: (input) => SHARDS.ready(input).send(closed(4014)),
};
