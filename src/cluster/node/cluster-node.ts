/**
 * A node of a cluster: joins, takes its share of the shards, keeps their leases, and hands them over. The manager loads
 * this file only with the option `engine`.
 *
 * Its parts share a `NodeSeat`:
 * - `JournalWriter`, or with `publish` the publisher of `publisher.ts`, writes sessions. `Membership` creates it when the
 *   engine is open (`createPublisher(seat, publish)`), and passes it each dispatch before the listeners get it.
 * - `CommandServer` of `command-server.ts` serves commands for the shards in `seat.held`. `Membership` creates it when the
 *   engine is open (`new CommandServer(seat)`), calls `start()` then, `onHeldChange()` when it has other shards, and
 *   `stop()` when it leaves. What was taken and not sent is back in the queue after `ownership.release()`.
 */
import { randomUUID } from 'node:crypto';
import { createActor } from 'xstate';
import { engineError } from '../engine-errors.ts';
import type { ActorRefFrom } from 'xstate';
import { nodeMachine } from '../../../machines/index.ts';
import type { SessionStartLimit } from '../../../machines/index.ts';
import type { CommandClient } from '../commands/command-client.ts';
import type { Engine, EngineConnection } from '../ports/engine.ts';
import { engineActor } from './engine.actor.ts';
import { FreezeWatch } from './freeze-watch.ts';
import { readGroups } from './group-status.ts';
import { Membership } from './membership.ts';
import type { ClusterStatus, GroupStatus, NodeHost } from './node-host.ts';
import type { NodeSuccession } from './node-succession.ts';
import type { ResolvedPublish } from './publish-options.ts';

export interface ClusterNodeOptions {
  readonly engine: Engine;
  readonly host: NodeHost;
  /** The name of the node. */
  readonly name: string;
  /** The shard count that this node proposes. */
  readonly total: number;
  /** The shards of a static layout; `null` to share all shards with the other nodes. */
  readonly ids: readonly number[] | null;
  /** `null` if nothing is published. */
  readonly publish: ResolvedPublish | null;
  readonly maxMovesPerSecond: number;
  readonly sessionStartLimit: SessionStartLimit;
  readonly reserve: number;
}

export class ClusterNode {
  readonly actor: ActorRefFrom<typeof nodeMachine>;
  readonly #options: ClusterNodeOptions;
  readonly #freezeWatch: FreezeWatch;
  readonly #left = Promise.withResolvers<void>();
  #membership: Membership | null = null;
  #connection: EngineConnection | null = null;
  readonly #instance = randomUUID();

  constructor(options: ClusterNodeOptions) {
    const { engine, host, name, ...share } = options;
    const { leaseTtlMs } = engine;
    this.#options = options;
    this.#freezeWatch = new FreezeWatch({
      clock: host.clock,
      leaseTtlMs,
      onWoke: () => this.actor.send({ type: 'process.woke' }),
    });
    const member = { name, instance: this.#instance };
    const machine = nodeMachine.provide({
      actors: {
        engine: engineActor({
          engine,
          host,
          createMembership: (connection, onChange) => {
            this.#connection = connection;
            this.#membership = new Membership({
              ...share,
              host,
              connection,
              member,
              leaseTtlMs,
              freezeWatch: this.#freezeWatch,
              onChange,
            });
            return this.#membership;
          },
        }),
      },
    });
    this.actor = createActor(machine, {
      input: { leaseTtlMs, closeTimeoutMs: host.timing.closeTimeoutMs },
      clock: {
        setTimeout: (callback, delayMs) => host.clock.setTimeout(() => callback(), delayMs),
        clearTimeout: (handle) => host.clock.clearTimeout(handle),
      },
    });
    this.actor.on('failed', ({ failure }) => host.onFailed(engineError(failure)));
    this.actor.subscribe({ complete: () => this.#left.resolve(), error: (cause) => this.#onMachineError(cause) });
  }

  start(): void {
    this.actor.start();
  }

  /** To be called before a dispatch is delivered, and before a timer of the manager runs. */
  checkFreeze(): void {
    this.#freezeWatch.check();
  }

  /** Passes a dispatch to the publisher. To be called before the listeners get it, or for its `position` only. */
  publish(...[shardId, session, dispatch, what]: Parameters<Membership['publish']>): void {
    this.#membership?.publish(shardId, session, dispatch, what);
  }

  /** Returns the oldest sequence of a shard's session that the engine does not have yet; `null` if it has all. */
  lowestUnpublished(shardId: number): number | null {
    return this.#membership?.lowestUnpublished(shardId) ?? null;
  }

  /** A shard has lost its connection. */
  onConnectionLost(shardId: number): void {
    this.#membership?.onConnectionLost(shardId);
  }

  /** The part of this node in a resharding; `null` before the engine is open. */
  get succession(): NodeSuccession | null {
    return this.#membership?.succession ?? null;
  }

  /** Begins to reshard. The gate of all nodes gets what Discord allows by now. */
  reshard(total: number, sessionStartLimit: SessionStartLimit): void {
    // Without an answer the next call fails too, and says so.
    this.#connection?.identifyGate.update(sessionStartLimit, this.#options.reserve).catch(() => undefined);
    void this.succession?.begin(total);
  }

  /** Sends commands to the shards of other nodes; `null` before the engine is open. */
  get commands(): CommandClient | null {
    return this.#membership?.commands ?? null;
  }

  /** Hands the shards over, and leaves. Resolves when the node has left; never rejects. */
  leave(): Promise<void> {
    this.actor.send({ type: 'node.leave' });
    return this.#left.promise;
  }

  get status(): ClusterStatus {
    const { name, engine } = this.#options;
    const { members, shards } = this.#membership?.view ?? { members: [], shards: [] };
    const newest = Math.max(...members.map(({ lastSeenAt }) => lastSeenAt));
    return {
      node: name,
      nodes: members.map(({ name: node, instance, joinedAt, lastSeenAt, isDraining, isStalled }) => ({
        node,
        shards: shards.filter(({ owner }) => owner === instance).map(({ shardId }) => shardId),
        joinedAt,
        lastSeenAt,
        isDraining,
        isSelf: instance === this.#instance,
        // Both times are the engine's, as it said them in one answer: an outage makes no node look away.
        isAway: newest - lastSeenAt > engine.leaseTtlMs / 2,
        isStalled,
      })),
      unowned: shards.filter(({ owner }) => owner === null).map(({ shardId }) => shardId),
      engine: engine.kind,
      isReachable: this.#connection?.isReachable ?? false,
    };
  }

  /** Resolves with the groups of consumers, with none before the engine is open. Rejects as calls of the engine do. */
  async readGroups(): Promise<readonly GroupStatus[]> {
    return this.#connection === null ? [] : readGroups(this.#connection.log);
  }

  #onMachineError(cause: unknown): void {
    this.#options.host.onFailed(engineError(cause));
    this.#left.resolve();
  }
}

export type { ClusterStatus, GroupStatus, NodeHost, NodeStatus, ReleaseReason } from './node-host.ts';
