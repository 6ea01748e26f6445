/** What the cases share: connections that are closed at the end, members, sessions and dispatches. */
import assert from 'node:assert/strict';
import type { EngineConnection } from '../../cluster/ports/engine.ts';
import type { LoggedDispatch } from '../../cluster/ports/dispatch-log.ts';
import type { Lease, Member, Ownership, OwnershipScope } from '../../cluster/ports/ownership.ts';
import type { PublishedDispatch, StreamBounds } from '../../cluster/ports/session-journal.ts';
import type { EngineCase, EngineContext } from './engine-case.ts';

/** How long the kit waits for what an engine promises without a time, in ms. */
const PATIENCE_MS = 20_000;
const STEP_MS = 20;
/** How many renewals fit in the time of a lease. */
const PARTS = 8;

export const TOTAL = 4;
export const BOUNDS: StreamBounds = { maxLength: 100_000, maxAgeMs: 3_600_000 };
export const SHARDS: OwnershipScope = { kind: 'shards' };

type StoredSession = NonNullable<Awaited<ReturnType<EngineConnection['journal']['load']>>>;

export const sessionOf = (shardId: number, sequence: number, sessionId = 'session-a'): StoredSession => ({
  sessionId,
  resumeUrl: 'wss://gateway.example',
  sequence,
  shardId,
  shardCount: TOTAL,
});

const dispatchOf = (sequence: number): PublishedDispatch => ({
  sequence,
  t: 'MESSAGE_CREATE',
  guildId: sequence % 2 === 0 ? '81384788765712384' : null,
  bytes: new TextEncoder().encode(
    JSON.stringify({ op: 0, t: 'MESSAGE_CREATE', s: sequence, d: { content: 'žluťoučký 🐎' } }),
  ),
});

/** Returns the dispatches with the sequences from `first` to `last`. */
export const dispatches = (first: number, last: number): PublishedDispatch[] =>
  Array.from({ length: last - first + 1 }, (_, index) => dispatchOf(first + index));

export const sequencesOf = (read: readonly LoggedDispatch[]): number[] => read.map(({ sequence }) => sequence);

/** A member of one scope with its connection. */
export class TestMember {
  readonly connection: EngineConnection;
  readonly ownership: Ownership;
  readonly member: Member;
  readonly #kit: EngineKit;

  constructor(kit: EngineKit, connection: EngineConnection, scope: OwnershipScope, member: Member) {
    this.#kit = kit;
    this.connection = connection;
    this.ownership = connection.ownership(scope);
    this.member = member;
  }

  get instance(): string {
    return this.member.instance;
  }

  /** Claims a shard that is free. */
  async claim(shardId: number): Promise<Lease> {
    const kit = this.#kit;
    let lease = await this.ownership.claim(shardId, this.member);
    // A machine that has paused looks like an outage, after which a lease that has ended is free only later.
    const until = kit.context.now() + (kit.hasPaused ? kit.leaseTtlMs : 0);
    while (lease === null && kit.context.now() < until) {
      await kit.wait(STEP_MS);
      lease = await this.ownership.claim(shardId, this.member);
    }
    assert.ok(lease, `${this.member.name} may claim shard ${shardId}`);
    return lease;
  }
}

export class EngineKit {
  readonly context: EngineContext;
  readonly leaseTtlMs: number;
  readonly #connections: EngineConnection[] = [];
  readonly #scopes = new Set<OwnershipScope>();
  #members = 0;
  /** When the watchers of {@link outliveLeases} have called last. */
  #watchedAt = Number.POSITIVE_INFINITY;

  constructor(context: EngineContext) {
    this.context = context;
    this.leaseTtlMs = context.engine.leaseTtlMs;
  }

  async connect(): Promise<EngineConnection> {
    const connection = await this.context.engine.open({ report: () => undefined });
    this.#connections.push(connection);
    return connection;
  }

  /** A member that has joined, over a connection of its own. */
  async member(name: string, scope: OwnershipScope = SHARDS): Promise<TestMember> {
    this.#members += 1;
    this.#scopes.add(scope);
    const member = new TestMember(this, await this.connect(), scope, {
      name,
      instance: `${name}-${this.#members}`,
    });
    await member.ownership.join(member.member);
    return member;
  }

  reader(group: string, name = 'reader'): Promise<TestMember> {
    return this.member(name, { kind: 'group', group });
  }

  wait(ms: number): Promise<void> {
    return this.context.wait(ms);
  }

  /** Whether so much time is over since {@link outliveLeases} that an engine may take it for an outage. */
  get hasPaused(): boolean {
    return this.context.now() - this.#watchedAt > this.leaseTtlMs / 2;
  }

  /** Waits until the leases that were valid until now have ended, while another member is well. */
  async outliveLeases(): Promise<void> {
    const watchers = await Promise.all([...this.#scopes].map((scope) => this.member('watcher', scope)));
    const now = (): number => this.context.now();
    let until = now() + this.leaseTtlMs + STEP_MS;
    let askedAt = now();
    while (now() < until) {
      await this.wait(this.leaseTtlMs / PARTS);
      const before = askedAt;
      askedAt = now();
      for (const { ownership, member } of watchers) await ownership.renew(member, [], { isDraining: false });
      // A machine that pauses looks like an outage.
      if (now() - before > this.leaseTtlMs / 2) until = Math.max(until, now() + this.leaseTtlMs / 2 + STEP_MS);
    }
    this.#watchedAt = askedAt;
    for (const { ownership, member } of watchers) await ownership.leave(member);
  }

  /** Waits until the leases that were valid until now have ended, while no member calls. */
  async outliveOutage(): Promise<void> {
    await this.wait(this.leaseTtlMs + STEP_MS);
  }

  /** Waits until shards of which the engine knows nothing may be claimed. */
  async outliveBirth(): Promise<void> {
    await this.wait(this.leaseTtlMs / 2 + STEP_MS);
  }

  async eventually(what: string, isTrue: () => boolean, withinMs = PATIENCE_MS): Promise<void> {
    const until = this.context.now() + withinMs;
    await this.wait(0);
    while (!isTrue()) {
      assert.ok(this.context.now() < until, `${what} within ${withinMs} ms`);
      await this.wait(STEP_MS);
    }
  }

  /** Opens a session of `owner`, and publishes dispatches from sequence 1 on in its stream. */
  async publish(owner: TestMember, lease: Lease, last: number, bounds = BOUNDS): Promise<void> {
    const { shardId } = lease;
    const opened = await owner.connection.journal.open(lease, sessionOf(shardId, last), dispatches(1, last), bounds);
    assert.deepEqual(opened, { kind: 'stored' });
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
  }
}

export const rejectsWith = (code: string, promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, { name: 'GatewayError', code });

/** Makes a case of an engine that is new: no member has called yet. */
export const newbornCase = (title: string, body: (kit: EngineKit) => Promise<void>): EngineCase => ({
  title,
  run: async (context) => {
    const kit = new EngineKit(context);
    try {
      await body(kit);
    } finally {
      await kit.close();
    }
  },
});

/** Makes a case of an engine with a plan, in which shards can be claimed. */
export const engineCase = (title: string, body: (kit: EngineKit) => Promise<void>): EngineCase =>
  newbornCase(title, async (kit) => {
    const first = await kit.member('first');
    await first.connection.agree({ total: TOTAL });
    await kit.outliveBirth();
    await first.ownership.leave(first.member);
    await body(kit);
  });
