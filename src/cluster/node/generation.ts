/**
 * One generation of shards on this node: its leases, who writes its sessions, and what the manager needs to run it. A node
 * has one in service, and while the bot is resharded another one that is to take over.
 */
import type { Dispatch } from '../../protocol/packets.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { Session } from '../../session/session.ts';
import type { EngineConnection } from '../ports/engine.ts';
import type { Member, Ownership, OwnershipScope } from '../ports/ownership.ts';
import { CommandServer } from './command-server.ts';
import { EngineSessionStore } from './engine-session-store.ts';
import type { HeldShard } from './held-shard.ts';
import { JournalWriter } from './journal-writer.ts';
import { Leases } from './leases.ts';
import { NodeIdentifyGate } from './node-identify-gate.ts';
import type { HandOverRecord, NodeEntry, NodeHost, ReleaseReason } from './node-host.ts';
import type { ResolvedPublish } from './publish-options.ts';
import { createPublisher } from './publisher.ts';
import type { DispatchPublisher, NodeSeat, PublishedPart, SessionRecorder } from './session-recorder.ts';

const RETRY_MS = 500;
/** How much of what the groups have not read yet is loaded with a shard. */
const MAX_UNREAD_BYTES = 1_048_576;

/** What all generations on a node share. */
export interface GenerationOptions {
  readonly host: NodeHost;
  readonly connection: EngineConnection;
  readonly member: Member;
  readonly leaseTtlMs: number;
  /** `null` if nothing is published. */
  readonly publish: ResolvedPublish | null;
  readonly record: HandOverRecord;
  /** Called when the node holds other shards of a generation. */
  readonly onHeldChange: () => void;
}

export class Generation {
  /** 0 before the first resharding. */
  readonly number: number;
  readonly total: number;
  readonly ownership: Ownership;
  readonly leases: Leases;
  readonly commandServer: CommandServer;
  readonly #options: GenerationOptions;
  readonly #seat: NodeSeat;
  readonly #recorder: SessionRecorder;
  /** The recorder, if it publishes. */
  readonly #publisher: DispatchPublisher | null;

  constructor(number: number, total: number, options: GenerationOptions) {
    const { host, connection, member, leaseTtlMs, publish } = options;
    this.number = number;
    this.total = total;
    this.#options = options;
    this.ownership = connection.ownership(scopeOf(number));
    this.leases = new Leases({
      host,
      connection,
      ownership: this.ownership,
      generation: number,
      member,
      recorder: () => this.#recorder,
      loadUnread: async (lease) => (publish === null ? [] : connection.journal.loadUnread(lease, MAX_UNREAD_BYTES)),
      clock: host.clock,
      leaseTtlMs,
      beforeRestore: (held) => this.#publisher?.beforeRestore(held),
      onHeldChange: () => {
        this.commandServer.onHeldChange();
        options.onHeldChange();
      },
      pause: () => waitAtMost(host.clock, RETRY_MS, new Promise(() => undefined)),
    });
    this.#seat = {
      host,
      connection,
      member,
      leaseTtlMs,
      held: this.leases.held,
      onFenced: (held) => this.leases.lose(held),
      restore: (held) => this.leases.restore(held),
    };
    this.#publisher = publish === null ? null : createPublisher(this.#seat, publish);
    this.#recorder = this.#publisher ?? new JournalWriter(this.#seat);
    this.commandServer = new CommandServer(this.#seat);
  }

  get held(): ReadonlyMap<number, HeldShard> {
    return this.leases.held;
  }

  /** What the manager needs to create the shards. */
  get entry(): NodeEntry {
    const { connection, record } = this.#options;
    return {
      generation: this.number,
      total: this.total,
      record,
      store: new EngineSessionStore({ held: this.held, journal: connection.journal, recorder: this.#recorder }),
      gate: new NodeIdentifyGate({
        gate: connection.identifyGate,
        held: this.held,
        onFenced: (held) => this.leases.lose(held),
      }),
    };
  }

  publish(shardId: number, session: Session | null, dispatch: Dispatch, what?: PublishedPart): void {
    const held = this.#publisher === null ? undefined : this.held.get(shardId);
    if (held !== undefined) this.#publisher?.push(held, session, dispatch, what);
  }

  lowestUnpublished(shardId: number): number | null {
    const held = this.held.get(shardId);
    return held === undefined ? null : (this.#publisher?.lowestSequence(held) ?? null);
  }

  onBroken(): void {
    this.#recorder.onBroken(this.leases.written);
  }

  onReachable(): void {
    this.#recorder.onReachable();
  }

  /** Resolves when the engine has everything that was delivered. */
  async flush(): Promise<void> {
    await Promise.all([...this.held.values()].map((held) => this.#recorder.flush(held)));
  }

  /**
   * Stores where each session is before anything of it is delivered: a node that takes a shard over goes on from there.
   * Resolves when the engine has them.
   */
  async storeSessions(sessions: readonly Session[]): Promise<void> {
    const writer = new JournalWriter(this.#seat);
    await Promise.all(
      sessions.map(async (session) => {
        const held = this.held.get(session.shardId);
        if (held === undefined) return;
        await writer.save(held, session);
        await writer.flush(held);
        // It begins behind this. An engine that had forgotten the lease has made it begin before.
        this.#publisher?.drop(held);
      }),
    );
  }

  /** The manager closes what it runs of it. */
  loseAll(why: ReleaseReason): void {
    for (const held of this.held.values()) this.leases.lose(held, why);
    this.leases.forgetParted();
  }

  /** Claims nothing more, and takes no commands. */
  stop(): void {
    this.commandServer.stop();
    this.leases.close();
  }

  /** Another generation is in service, or this one was given up: deletes its sessions, and releases its shards. */
  async retire(): Promise<void> {
    const { journal } = this.#options.connection;
    this.stop();
    await Promise.allSettled(
      this.leases.takeAll().map(async (held) => {
        await journal.clear(held.lease);
        await this.ownership.release(held.lease);
      }),
    );
    await this.ownership.retire?.().catch(() => undefined);
  }
}

const scopeOf = (generation: number): OwnershipScope =>
  generation === 0 ? { kind: 'shards' } : { kind: 'shards', generation };
