/** What holds for every script: it is short, says what it does, and writes nothing without the fence. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EngineConnection } from '../../src/cluster/ports/engine.ts';
import type { Lease } from '../../src/cluster/ports/ownership.ts';
import { GatewayError } from '../../src/index.ts';
import type { Script } from '../../src/redis/script.ts';
import { BOUNDS, OWNER, SESSION, SHARDS, dispatchOf, openRedis } from '../kit/redis-rig.ts';
import { RedisServer, redisServerPath } from '../kit/redis-server.ts';

const FOLDER = join(import.meta.dirname, '../../src/redis/scripts');

const isScript = (value: unknown): value is Script => typeof value === 'object' && value !== null && 'sha' in value;

const modules = await Promise.all(
  readdirSync(FOLDER).map((name): Promise<Record<string, unknown>> => import(join(FOLDER, name))),
);
const scripts = modules.flatMap((module) => Object.values(module).filter(isScript));

/** Commands that change something, as far as scripts use them. */
const WRITE =
  /redis\.p?call\(\s*(?:'(?:SET|HSET|HSETNX|HDEL|HINCRBY|DEL|XADD|XDEL|XACK|XCLAIM|XTRIM|XGROUP|XREADGROUP|SADD|SREM|LPUSH|RPUSH|LPOP|LREM|LMOVE|PEXPIRE)'|ARGV)|\b(?:store|set|drop|append)\(/;

/** Scripts that write, and belong to no owner. */
const WITHOUT_FENCE: Readonly<Record<string, string>> = {
  probe: 'notes when the engine was empty',
  plan: 'the first value stays',
  member: 'each member writes its own field',
  'forget-member': 'each member deletes its own field',
  'begin-succession': 'the generation gets a number of its own',
  'report-succession': 'each node writes its own report',
  'retire-generation': 'of a generation that nobody needs',
  drain: 'anybody may ask a member to drain',
  leave: 'ends leases of the caller',
  claim: 'creates the fence',
  renew: 'notes when the engine was empty, then checks each lease',
  restore: 'notes when the engine was empty, then checks the lease',
  'create-group': 'the first call creates it',
  redeliver: 'somebody who looks at dead letters',
  sweep: 'what is too old goes, whoever asks',
  'send-command': 'anybody may send',
  'update-gate': 'the gate has no owner',
  'acquire-permits': 'the gate has no owner',
  'settle-permit': 'each holder settles its own permit',
};

/** Where a script refuses a lease that is not held, and where it writes for the first time after its functions. */
const body = ({ source }: Script): string => source.replaceAll(/local function [^]*?\nend/g, '');

describe('the scripts', () => {
  test('are all found', () => {
    expect(scripts.length).toBeGreaterThan(25);
    expect(new Set(scripts.map(({ name }) => name)).size).toBe(scripts.length);
  });

  test.each(scripts.map((script) => [script.name, script] as const))('%s fits on a screen', (_, script) => {
    expect(script.source.split('\n').length).toBeLessThanOrEqual(90);
    expect(body(script).split('\n').length).toBeLessThanOrEqual(60);
  });

  test('write only after they have checked the fence, or need none', () => {
    const unfenced = scripts
      .filter((script) => {
        const text = body(script);
        const write = text.search(WRITE);
        const checkedAt = text.search(/standing\(KEYS\[1\]/);
        return write !== -1 && (checkedAt === -1 || checkedAt > write);
      })
      .map(({ name }) => name);
    expect(unfenced.toSorted()).toEqual(Object.keys(WITHOUT_FENCE).toSorted());
  });
});

const PREVIOUS_GROUP = { kind: 'group', group: 'g' } as const;

type Call = (connection: EngineConnection, lease: Lease) => Promise<unknown>;

const COMMIT = { sessionId: 'session', base: 1, sequence: 2, entries: [dispatchOf(2)], bounds: BOUNDS };
const LOGGED = {
  position: '1-1',
  shardId: 0,
  sessionId: 'session',
  attempt: 1,
  isRedelivered: false,
  ...dispatchOf(1),
};
const COMMAND = { id: 'id', shardId: 0, name: 'send', data: null, from: 'sender', timeoutMs: 60_000 };

const CALLS_OF_OWNERS: readonly (readonly [string, Call])[] = [
  ['journal.load()', ({ journal }, lease) => journal.load(lease)],
  [
    'journal.open()',
    ({ journal }, lease) => journal.open(lease, { ...SESSION, sessionId: 'new' }, [dispatchOf(1)], BOUNDS),
  ],
  ['journal.commit()', ({ journal }, lease) => journal.commit(lease, COMMIT)],
  ['journal.clear()', ({ journal }, lease) => journal.clear(lease)],
  ['journal.saveSnapshot()', ({ journal }, lease) => journal.saveSnapshot(lease, Buffer.from('x'))],
  ['journal.appendSnapshot()', ({ journal }, lease) => journal.appendSnapshot(lease, Buffer.from('x'))],
  ['commands.take()', ({ commands }, lease) => commands.take(lease, 9, [])],
  ['commands.done()', ({ commands }, lease) => commands.done(lease, COMMAND, { id: 'id', kind: 'done', result: null })],
];

const CALLS_OF_READERS: readonly (readonly [string, Call])[] = [
  ['log.read()', ({ log }, lease) => log.read(lease, 9)],
  ['log.claim()', ({ log }, lease) => log.claim(lease)],
  ['log.ack()', ({ log }, lease) => log.ack(lease, ['1-1', 'again-1-1'])],
  ['log.retry()', ({ log }, lease) => log.retry(lease, '1-1')],
  ['log.bury()', ({ log }, lease) => log.bury(lease, LOGGED, 'failed')],
];

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error instanceof GatewayError ? error.code : error));

/** An engine in which shard 0 had two owners, one after the other, and its stream two readers. */
async function twoOwners() {
  const server = await RedisServer.start({ config: ['--enable-debug-command', 'local'] });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const rig = await openRedis({ url: server.url });
  onTestFinished(() => rig[Symbol.asyncDispose]());
  const { connection } = rig;
  const next = { name: 'next', instance: 'instance-2' };
  const owned = await rig.claim();
  await connection.journal.open(owned, SESSION, [dispatchOf(1)], BOUNDS);
  await connection.journal.saveSnapshot(owned, Buffer.from('guilds'));
  await connection.commands.send(COMMAND);
  await connection.ownership(SHARDS).release(owned);
  const shard = await connection.ownership(SHARDS).claim(0, next);
  const group = connection.ownership(PREVIOUS_GROUP);
  await connection.log.createGroup('g', 'start');
  const read = await group.claim(0, OWNER);
  if (read === null || shard === null) throw new Error('the shard is not free');
  await connection.log.read(read, 1);
  await group.release(read);
  const reader = await group.claim(0, next);
  if (reader === null) throw new Error('the stream is not free');
  const client = await createClient({ url: server.url }).connect();
  onTestFinished(() => client.destroy());
  const digest = (): Promise<unknown> => client.sendCommand(['DEBUG', 'DIGEST']);
  return { connection, owned, read, shard, reader, digest };
}

describe.skipIf(redisServerPath() === null)('a call with a lease that is lost', () => {
  test('rejects with FENCED, and leaves every key as it was', async () => {
    const { connection, owned, read, digest } = await twoOwners();
    const untouched = { outcome: 'FENCED', digest: await digest() };
    for (const [lease, calls] of [
      [owned, CALLS_OF_OWNERS],
      [read, CALLS_OF_READERS],
    ] as const)
      for (const [name, call] of calls) {
        const outcome = await outcomeOf(call(connection, lease));
        expect({ name, outcome, digest: await digest() }).toEqual({ name, ...untouched });
      }
  });

  test('stores nothing while Redis knows only an older lease', async () => {
    const { connection, shard, reader, digest } = await twoOwners();
    const before = await digest();
    for (const [{ fence, ...lease }, calls] of [
      [shard, CALLS_OF_OWNERS],
      [reader, CALLS_OF_READERS],
    ] as const)
      for (const [name, call] of calls) {
        const outcome = await outcomeOf(call(connection, { ...lease, fence: fence + 1 }));
        const expected = /open|commit/.test(name) ? { kind: 'forgotten' } : 'ENGINE_UNAVAILABLE';
        expect({ name, outcome, digest: await digest() }).toEqual({ name, outcome: expected, digest: before });
      }
  });

  test('works with the lease that is held', async () => {
    const { connection, shard, reader } = await twoOwners();
    expect(await connection.journal.commit(shard, COMMIT)).toEqual({ kind: 'stored' });
    const pending = await connection.log.claim(reader);
    expect(pending.dispatches.map(({ sequence }) => sequence)).toEqual([1]);
    expect((await connection.log.read(reader, 9)).dispatches.map(({ sequence }) => sequence)).toEqual([2]);
  });
});

describe.skipIf(redisServerPath() === null)('a step of the journal', () => {
  test('keeps any bytes', async () => {
    const { connection, shard, reader } = await twoOwners();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await connection.journal.commit(shard, { ...COMMIT, entries: [{ ...dispatchOf(2), bytes }] });
    await connection.journal.saveSnapshot(shard, bytes);
    await connection.journal.appendSnapshot(shard, bytes);
    const { dispatches } = await connection.log.read(reader, 9);
    expect(dispatches.map((dispatch) => Uint8Array.from(dispatch.bytes))).toEqual([bytes]);
    expect(Buffer.from((await connection.journal.loadSnapshot(0)) ?? [])).toEqual(Buffer.concat([bytes, bytes]));
  });

  test('stores thousands of dispatches at once', async () => {
    const { connection, shard, reader } = await twoOwners();
    const entries = Array.from({ length: 5_000 }, (_, index) => dispatchOf(index + 2));
    expect(await connection.journal.commit(shard, { ...COMMIT, sequence: 5_001, entries })).toEqual({ kind: 'stored' });
    expect((await connection.log.read(reader, 10_000)).dispatches).toHaveLength(5_000);
  });
});
