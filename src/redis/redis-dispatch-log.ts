/** The streams of published dispatches in Redis, and how far each group has come. */
import type {
  DeadLetter,
  DispatchLog,
  LoggedDispatch,
  ReadResult,
  StreamStatus,
} from '../cluster/ports/dispatch-log.ts';
import type { Lease } from '../cluster/ports/ownership.ts';
import { deadLetterFields, deadLetterOf, dispatchOf, parsePosition } from './logged-dispatch.ts';
import type { StreamName } from './logged-dispatch.ts';
import { compareIds, parseDeadPosition } from './dead-position.ts';
import type { RedisContext } from './redis-context.ts';
import type { RedisKeys } from './redis-keys.ts';
import { assertHeld, leaseArguments } from './redis-lease.ts';
import type { RedisReply } from './redis-reply.ts';
import { CREATE_GROUP, GROUPS } from './scripts/create-group.lua.ts';
import { DEAD_LETTERS, REDELIVER } from './scripts/dead-letters.lua.ts';
import { LOG_STATUS, SWEEP } from './scripts/log-status.lua.ts';
import { PENDING } from './scripts/pending.lua.ts';
import { READ } from './scripts/read.lua.ts';
import { ACK, BURY, RETRY } from './scripts/settle.lua.ts';
import { Wakes } from './wakes.ts';

/** How many streams one call looks at: Redis answers nobody else meanwhile. */
const STREAMS_A_CALL = 500;

interface KnownTrimmed {
  readonly fence: number;
  readonly total: number;
}

export class RedisDispatchLog implements DispatchLog {
  readonly #context: RedisContext;
  readonly #wakes: Wakes;
  /** By group and shard: how many entries were trimmed in all, as the reader has heard last. */
  readonly #trimmed = new Map<string, KnownTrimmed>();

  constructor(context: RedisContext) {
    this.#context = context;
    this.#wakes = new Wakes(context, { channel: 'streamNews', hasNews: (lease) => this.#hasNews(lease) });
  }

  async createGroup(group: string, from: 'start' | 'end'): Promise<void> {
    const { link, leaseTtlMs } = this.#context;
    await Promise.all(
      (await this.#partitions()).map(([keys, shards]) =>
        link.run(
          CREATE_GROUP,
          [
            keys.of('groups'),
            keys.of('numbers'),
            keys.of('read', group),
            keys.birth,
            ...shards.map((id) => keys.stream(id)),
          ],
          [group, from, leaseTtlMs, ...shards],
        ),
      ),
    );
  }

  async read(lease: Lease, count: number): Promise<ReadResult> {
    const { link, keyspace } = this.#context;
    const group = groupOf(lease);
    const { shardId } = lease;
    const keys = keyspace.of(shardId);
    this.#wakes.clear(lease);
    const reply = await link.run(
      READ,
      [...this.#streamKeys(lease), keys.of('numbers'), keys.of('read', group), keys.of('groups')],
      [...leaseArguments(lease), group, count, this.#knownTrimmed(lease)],
    );
    const trimmed = this.#trimmedIn(assertHeld(reply, lease), lease);
    const dispatches = (['again', 'stream'] as const).flatMap((name, index) =>
      reply
        .list(3 + index)
        .lists()
        .map((entry) => dispatchOf(entry, shardId, name, 1)),
    );
    // There may be more.
    if (dispatches.length >= count) this.#wakes.wake(lease);
    return { dispatches, trimmed };
  }

  async claim(lease: Lease): Promise<ReadResult> {
    const { link, keyspace } = this.#context;
    const group = groupOf(lease);
    const { shardId } = lease;
    const reply = await link.run(
      PENDING,
      [...this.#streamKeys(lease), keyspace.of(shardId).of('read', group)],
      [...leaseArguments(lease), group, this.#knownTrimmed(lease)],
    );
    const trimmed = this.#trimmedIn(assertHeld(reply, lease), lease);
    const dispatches = (['again', 'stream'] as const).flatMap((name, index) => {
      const attempts = reply.list(4 + 2 * index);
      return reply
        .list(3 + 2 * index)
        .lists()
        .map((entry, at) => dispatchOf(entry, shardId, name, attempts.number(at)));
    });
    return { dispatches, trimmed };
  }

  wait(
    leases: readonly Lease[],
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly number[]> {
    return this.#wakes.wait(leases, options);
  }

  async ack(lease: Lease, positions: readonly string[]): Promise<void> {
    if (positions.length === 0) return;
    const args = [...leaseArguments(lease), groupOf(lease), ...positions.flatMap(parsePosition)];
    assertHeld(await this.#context.link.run(ACK, this.#streamKeys(lease), args), lease);
  }

  async retry(lease: Lease, position: string): Promise<number> {
    const [name, id] = parsePosition(position);
    const args = [...leaseArguments(lease), groupOf(lease), id];
    return assertHeld(await this.#context.link.run(RETRY, this.#entryKeys(lease, name), args), lease).number(1);
  }

  /** Each partition keeps its part of the dead letters. */
  async bury(
    lease: Lease,
    dispatch: LoggedDispatch,
    error: string,
    maxDeadLetters = Number.MAX_SAFE_INTEGER,
  ): Promise<number> {
    const { link, keyspace } = this.#context;
    const [name, id] = parsePosition(dispatch.position);
    const group = groupOf(lease);
    const keys = keyspace.of(lease.shardId);
    const max = Math.ceil(maxDeadLetters / keyspace.partitions.length);
    const reply = await link.run(
      BURY,
      [...this.#entryKeys(lease, name), keys.of('dead', group), keys.of('buried', group)],
      [...leaseArguments(lease), group, name, id, max, ...deadLetterFields(dispatch, error)],
    );
    return assertHeld(reply, lease).number(1);
  }

  /** Each partition has its own, so they are merged by age. */
  async deadLetters(
    group: string,
    { after, count }: { readonly after: string | null; readonly count: number },
  ): Promise<readonly DeadLetter[]> {
    const { link, keyspace } = this.#context;
    const { partitions } = keyspace;
    const last = after === null ? null : parseDeadPosition(after);
    const lastPart = last === null ? -1 : last.shardId % partitions.length;
    const found = await Promise.all(
      partitions.map(async (keys, part) => {
        const first = last === null ? '-' : part > lastPart ? last.id : `(${last.id}`;
        const reply = await link.run(DEAD_LETTERS, [keys.of('dead', group)], [first, count]);
        return reply
          .list(1)
          .lists()
          .map((entry) => ({ ...deadLetterOf(entry), part }));
      }),
    );
    return found
      .flat()
      .toSorted((a, b) => compareIds(a.id, b.id) || a.part - b.part)
      .slice(0, count)
      .map(({ position, dispatch, error }) => ({ position, dispatch, error }));
  }

  async redeliver(group: string, position: string): Promise<void> {
    const { id, shardId } = parseDeadPosition(position);
    const keys = this.#context.keyspace.of(shardId);
    await this.#context.link.run(
      REDELIVER,
      [keys.of('dead', group), keys.redelivered(group, shardId), keys.of('buried', group)],
      [group, id, keys.streamNews(shardId)],
    );
  }

  async groups(): Promise<readonly string[]> {
    const { link, keyspace } = this.#context;
    const replies = await Promise.all(keyspace.partitions.map((keys) => link.run(GROUPS, [keys.of('groups')], [])));
    return [...new Set(replies.flatMap((reply) => reply.texts(1)))].toSorted();
  }

  async status(group: string): Promise<{ readonly shards: readonly StreamStatus[]; readonly deadLetters: number }> {
    const found = await Promise.all(
      (await this.#partitions()).map(async ([keys, shards]) => {
        const parts = [];
        for (const some of chunks(shards)) parts.push(await this.#statusOf(keys, group, some));
        return { shards: parts.flatMap((part) => part.shards), deadLetters: parts[0]?.deadLetters ?? 0 };
      }),
    );
    return {
      shards: found.flatMap(({ shards }) => shards).toSorted((a, b) => a.shardId - b.shardId),
      deadLetters: found.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
    };
  }

  async sweep(maxAgeMs: number): Promise<void> {
    for (const [keys, shards] of await this.#partitions())
      for (const some of chunks(shards))
        await this.#context.link.run(
          SWEEP,
          some.map((id) => keys.stream(id)),
          [maxAgeMs],
        );
  }

  /** The partitions, with the streams in each. */
  async #partitions(): Promise<readonly [RedisKeys, number[]][]> {
    const { streams } = await this.#context.plan();
    const ids = Array.from({ length: streams }, (_, shardId) => shardId);
    return this.#context.keyspace.split(ids, (shardId) => shardId);
  }

  #streamKeys({ scope, shardId }: Lease): string[] {
    const keys = this.#context.keyspace.of(shardId);
    const group = scope.kind === 'group' ? scope.group : '';
    return [keys.leases(scope), keys.stream(shardId), keys.redelivered(group, shardId)];
  }

  #entryKeys(lease: Lease, name: StreamName): string[] {
    const [leases = '', stream = '', again = ''] = this.#streamKeys(lease);
    return [leases, name === 'again' ? again : stream];
  }

  #trimmedIn(reply: RedisReply, lease: Lease): number {
    this.#trimmed.set(streamName(lease), { fence: lease.fence, total: reply.number(2) });
    return reply.number(1);
  }

  /** What another lease has heard was heard by another reader. */
  #knownTrimmed(lease: Lease): number | '' {
    const known = this.#trimmed.get(streamName(lease));
    return known?.fence === lease.fence ? known.total : '';
  }

  async #hasNews(lease: Lease): Promise<boolean> {
    const [status] = (await this.#statusOf(this.#context.keyspace.of(lease.shardId), groupOf(lease), [lease.shardId]))
      .shards;
    return status !== undefined && status.lag > 0;
  }

  async #statusOf(
    keys: RedisKeys,
    group: string,
    shards: readonly number[],
  ): Promise<{ readonly shards: readonly StreamStatus[]; readonly deadLetters: number }> {
    const reply = await this.#context.link.run(
      LOG_STATUS,
      [
        keys.of('numbers'),
        keys.of('read', group),
        keys.of('dead', group),
        ...shards.flatMap((id) => [keys.stream(id), keys.redelivered(group, id)]),
      ],
      [group, ...shards],
    );
    const statuses = shards.map((shardId, index) => ({
      shardId,
      pending: reply.number(2 + 2 * index),
      lag: reply.number(3 + 2 * index),
    }));
    return { shards: statuses, deadLetters: reply.number(1) };
  }
}

function* chunks(shards: readonly number[]): Generator<readonly number[]> {
  for (let from = 0; from < shards.length; from += STREAMS_A_CALL) yield shards.slice(from, from + STREAMS_A_CALL);
}

const streamName = (lease: Lease): string => `${lease.shardId} ${groupOf(lease)}`;

function groupOf({ scope, shardId }: Lease): string {
  if (scope.kind === 'group') return scope.group;
  throw new TypeError(`the lease of shard ${shardId} is not of a group`);
}
