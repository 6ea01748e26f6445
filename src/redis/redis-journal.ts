/** The resume point of each shard in Redis. Each write checks the lease, appends and moves the sequence in one script. */
import type { Lease } from '../cluster/ports/ownership.ts';
import type {
  CommitResult,
  JournalCommit,
  PublishedDispatch,
  SessionJournal,
  StreamBounds,
} from '../cluster/ports/session-journal.ts';
import { parseSession } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import type { RedisContext } from './redis-context.ts';
import { dispatchOf } from './logged-dispatch.ts';
import { invalidError } from './redis-failure.ts';
import { assertHeld, isForgotten, leaseArguments } from './redis-lease.ts';
import type { ScriptArgument } from './redis-link.ts';
import type { RedisReply } from './redis-reply.ts';
import { COMMIT } from './scripts/commit.lua.ts';
import { OPEN } from './scripts/open.lua.ts';
import { UNREAD } from './scripts/unread.lua.ts';
import { CLEAR_SESSION, LOAD_SESSION } from './scripts/session.lua.ts';
import { LOAD_SNAPSHOT, WRITE_SNAPSHOT } from './scripts/snapshot.lua.ts';

const RESULTS: Readonly<Record<string, CommitResult>> = {
  stored: { kind: 'stored' },
  forgotten: { kind: 'forgotten' },
  otherSession: { kind: 'otherSession' },
};

export class RedisJournal implements SessionJournal {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async load(lease: Lease): Promise<Session | null> {
    const reply = assertHeld(await this.#run(LOAD_SESSION, lease, ['leases', 'session']), lease);
    const data = reply.text(2);
    if (data === '') return null;
    return readSession(data, reply.number(1), this.#context.keyspace.of(lease.shardId).session(lease));
  }

  async loadUnread(lease: Lease, maxBytes: number): Promise<readonly PublishedDispatch[]> {
    const reply = await this.#run(UNREAD, lease, ['leases', 'session', 'stream', 'groups'], [maxBytes]);
    return assertHeld(reply, lease)
      .list(1)
      .lists()
      .map((entry) => {
        const { sequence, t, guildId, bytes } = dispatchOf(entry, lease.shardId, 'stream', 1);
        return { sequence, t, guildId, bytes };
      })
      .toReversed();
  }

  async open(
    lease: Lease,
    session: Session,
    entries: readonly PublishedDispatch[],
    bounds: StreamBounds,
  ): Promise<CommitResult> {
    const { sessionId, sequence } = session;
    const args = [sessionId, sequence, JSON.stringify(session), ...entries.flatMap(entryArguments)];
    return resultOf(await this.#append(OPEN, lease, bounds, args), lease);
  }

  async commit(
    lease: Lease,
    { sessionId, base, sequence, entries, session, bounds }: JournalCommit,
  ): Promise<CommitResult> {
    const data = session === undefined ? '' : JSON.stringify(session);
    const args = [sessionId, base, sequence, data, ...entries.flatMap(entryArguments)];
    return resultOf(await this.#append(COMMIT, lease, bounds, args), lease);
  }

  async clear(lease: Lease): Promise<void> {
    assertHeld(await this.#run(CLEAR_SESSION, lease, ['leases', 'session', 'snapshot']), lease);
  }

  async loadSnapshot(shardId: number): Promise<Uint8Array | null> {
    const { link, keyspace } = this.#context;
    const { plan } = await this.#context.plan();
    const reply = await link.run(LOAD_SNAPSHOT, [keyspace.of(shardId).snapshot(shardId, plan?.generation)], []);
    const bytes = reply.bytes(1);
    return bytes.length === 0 ? null : bytes;
  }

  async saveSnapshot(lease: Lease, bytes: Uint8Array): Promise<void> {
    assertHeld(await this.#run(WRITE_SNAPSHOT, lease, ['leases', 'snapshot'], ['SET', bytes]), lease);
  }

  async appendSnapshot(lease: Lease, bytes: Uint8Array): Promise<void> {
    assertHeld(await this.#run(WRITE_SNAPSHOT, lease, ['leases', 'snapshot'], ['APPEND', bytes]), lease);
  }

  #append(
    script: typeof COMMIT,
    lease: Lease,
    { maxLength, maxAgeMs }: StreamBounds,
    args: readonly ScriptArgument[],
  ): Promise<RedisReply> {
    const channel = this.#context.keyspace.of(lease.shardId).streamNews(lease.shardId);
    return this.#run(
      script,
      lease,
      ['leases', 'session', 'stream', 'numbers'],
      [channel, maxLength, maxAgeMs, ...args],
    );
  }

  #run(
    script: typeof COMMIT,
    lease: Lease,
    names: readonly KeyName[],
    args: readonly ScriptArgument[] = [],
  ): Promise<RedisReply> {
    const { link, keyspace } = this.#context;
    const { shardId, scope } = lease;
    const keys = keyspace.of(shardId);
    const named: Readonly<Record<KeyName, string>> = {
      leases: keys.leases(scope),
      session: keys.session(lease),
      snapshot: keys.snapshot(shardId, scope.kind === 'shards' ? scope.generation : 0),
      stream: keys.stream(shardId),
      numbers: keys.of('numbers'),
      groups: keys.of('groups'),
    };
    return link.run(
      script,
      names.map((name) => named[name]),
      [...leaseArguments(lease), ...args],
    );
  }
}

type KeyName = 'leases' | 'session' | 'snapshot' | 'stream' | 'numbers' | 'groups';

const entryArguments = ({ sequence, t, guildId, bytes }: PublishedDispatch): ScriptArgument[] => [
  sequence,
  t,
  guildId ?? '',
  bytes,
];

/** @throws {@link GatewayError} `ENGINE_INVALID` if somebody else has written there. */
function readSession(data: string, sequence: number, key: string): Session {
  try {
    const stored: unknown = JSON.parse(data);
    return parseSession(Object.assign({}, stored, { sequence }));
  } catch (cause) {
    throw invalidError(`what Redis has at ${key} is no session`, cause);
  }
}

function resultOf(reply: RedisReply, lease: Lease): CommitResult {
  if (!isForgotten(reply, lease) && reply.state === 'behind') return { kind: 'behind', sequence: reply.number(1) };
  return RESULTS[reply.state] ?? { kind: 'stored' };
}
