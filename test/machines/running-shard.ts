/** The machine of a shard without a real shard: its actors only record what they receive, and time is virtual. */
import { createActor, fromCallback } from 'xstate';
import type { StateValue } from 'xstate';
import { DEFAULT_TIMING, shardDelays, shardMachine } from '../../machines/index.ts';
import type {
  CloseSocketInput,
  ShardContext,
  ShardEvent,
  ShardInput,
  SocketCommand,
  SocketInput,
} from '../../machines/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { INTERVAL_MS, SESSION, closed } from './shard-events.ts';

/** What the machine did or emitted: when, what, and with which details. */
export type Effect = [at: number, what: string, ...detail: unknown[]];

/** An event without the id of the connection; the current id is added. */
type UntaggedEvent = ShardEvent extends infer E
  ? E extends { connectionId: number }
    ? Omit<E, 'connectionId'>
    : E
  : never;

export class RunningShard {
  readonly clock = new VirtualClock({ startAt: 0 });
  readonly #effects: Effect[] = [];
  #lastReadAt = 0;
  /** Whether the gateway acknowledges heartbeats. */
  answersHeartbeats = true;
  readonly #actor;

  constructor(input: Partial<ShardInput> = {}) {
    const machine = shardMachine.provide({
      actors: {
        socket: fromCallback<SocketCommand, SocketInput>(({ input: socketInput, receive, sendBack }) => {
          this.#record('socket', socketInput);
          receive(({ type, ...rest }) => {
            this.#record(type, ...(Object.keys(rest).length > 0 ? [rest] : []));
            if (type === 'heartbeat' && this.answersHeartbeats)
              sendBack({ type: 'gateway.heartbeatAck', connectionId: socketInput.connectionId });
          });
        }),
        closeSocket: fromCallback<SocketCommand, CloseSocketInput>(({ input: actorInput }) =>
          this.#record('closeSocket', actorInput),
        ),
        identifyPermit: fromCallback<SocketCommand, { shardId: number }>(({ input: actorInput }) =>
          this.#record('identifyPermit', actorInput),
        ),
        warmUp: fromCallback<SocketCommand, { shardId: number }>(({ input: actorInput }) =>
          this.#record('warmUp', actorInput),
        ),
        loadSession: fromCallback<SocketCommand, { shardId: number }>(({ input: actorInput }) =>
          this.#record('loadSession', actorInput),
        ),
      },
      delays: shardDelays({ random: () => 0.5 }),
    });
    this.#actor = createActor(machine, {
      clock: this.clock,
      input: { shardId: 7, shardCount: 8, shouldReconnect: true, session: null, timing: DEFAULT_TIMING, ...input },
    });
    this.#actor.on('*', ({ type, ...detail }) =>
      this.#record(type, ...(Object.keys(detail).length > 0 ? [detail] : [])),
    );
    this.#actor.start();
  }

  get state(): StateValue {
    return this.#actor.getSnapshot().value;
  }

  get context(): ShardContext {
    return this.#actor.getSnapshot().context;
  }

  send(...events: UntaggedEvent[]): this {
    const { connectionId } = this.context;
    for (const event of events) this.#actor.send({ connectionId, ...event } as ShardEvent);
    return this;
  }

  wait(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  /** Returns the effects since the last call, with times counted from that call. */
  consumeEffects(): Effect[] {
    const from = this.#lastReadAt;
    this.#lastReadAt = this.clock.now();
    return this.#effects.splice(0).map(([at, ...rest]) => [at - from, ...rest]);
  }

  /** Waits for an effect and forgets those before it. Returns how long that took, in ms. */
  runUntil(effect: string): number {
    const from = this.clock.now();
    while (!this.consumeEffects().some(([, what]) => what === effect))
      if (!this.clock.next()) throw new Error(`the effect ${effect} never came`);
    return this.clock.now() - from;
  }

  /** Forgets the effects of the steps that prepare a test. */
  clearEffects(): this {
    this.consumeEffects();
    return this;
  }

  #record(what: string, ...detail: unknown[]): void {
    this.#effects.push([this.clock.now(), what, ...detail]);
  }
}

export const HELLO = { type: 'gateway.hello', heartbeatIntervalMs: INTERVAL_MS } as const;
export const KEEP = { type: 'shard.disconnect', code: 4321, reason: 'enough', session: 'keep' } as const;
export const DISCARD = { type: 'shard.disconnect', code: 1001, reason: 'enough', session: 'discard' } as const;
export const FORCE = { type: 'shard.forceClose', code: 4322, session: 'keep' } as const;
export const FORCE_DISCARD = { type: 'shard.forceClose', code: 1001, session: 'discard' } as const;

type StateName =
  | 'disconnected'
  | 'restoring'
  | 'opening'
  | 'awaitingHello'
  | 'resuming'
  | 'ready'
  | 'queued'
  | 'awaitingReady'
  | 'overdue'
  | 'zombie'
  | 'reconnecting'
  | 'disconnecting'
  | 'reconnectRequested'
  | 'failed';

/** Creates a shard in each state, with a session where the state allows one. */
export const SHARDS: Record<StateName, (input?: Partial<ShardInput>) => RunningShard> = {
  disconnected: (input) => new RunningShard({ session: SESSION, ...input }),
  restoring: (input) => SHARDS.disconnected(input).send({ type: 'shard.connect' }),
  opening: (input) => SHARDS.restoring(input).send({ type: 'session.loaded', session: SESSION }),
  awaitingHello: (input) => SHARDS.opening(input).send({ type: 'socket.opened' }),
  resuming: (input) => SHARDS.awaitingHello(input).send(HELLO),
  ready: (input) => SHARDS.resuming(input).send({ type: 'gateway.resumed' }),
  queued: (input) =>
    SHARDS.restoring({ session: null, ...input }).send(
      { type: 'session.loaded', session: null },
      { type: 'socket.opened' },
      HELLO,
    ),
  awaitingReady: (input) => SHARDS.queued(input).send({ type: 'identify.granted' }),
  overdue: (input) => {
    const shard = SHARDS.ready(input);
    shard.answersHeartbeats = false;
    return shard.wait(INTERVAL_MS * 1.5);
  },
  zombie: (input) => SHARDS.overdue(input).send({ type: 'socket.readsFlushed' }),
  reconnecting: (input) => SHARDS.ready(input).send({ type: 'gateway.reconnect' }),
  disconnecting: (input) => SHARDS.ready(input).send(KEEP),
  reconnectRequested: (input) => SHARDS.disconnecting(input).send({ type: 'shard.connect' }),
  failed: (input) => SHARDS.ready(input).send(closed(4014)),
};
