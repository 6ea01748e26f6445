/** Entries that failed too often. */
import assert from 'node:assert/strict';
import type { DeadLetter, DispatchLog, LoggedDispatch } from '../../cluster/ports/dispatch-log.ts';
import type { Lease } from '../../cluster/ports/ownership.ts';
import type { EngineCase } from './engine-case.ts';
import { engineCase, sequencesOf } from './engine-kit.ts';
import type { EngineKit, TestMember } from './engine-kit.ts';

interface Readers {
  readonly reader: TestMember;
  readonly log: DispatchLog;
  readonly stream: Lease;
  readonly read: readonly LoggedDispatch[];
}

/** A reader of the group `logs` that has read five entries. */
async function readFive(kit: EngineKit): Promise<Readers> {
  const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
  const { log } = reader.connection;
  await kit.publish(owner, await owner.claim(0), 5);
  const stream = await reader.claim(0);
  const { dispatches: read } = await log.read(stream, 10);
  assert.equal(read.length, 5);
  return { reader, log, stream, read };
}

const all = (log: DispatchLog): Promise<readonly DeadLetter[]> => log.deadLetters('logs', { after: null, count: 100 });

/** What a reader sees of an entry, without its place and its bytes. */
const seen = ({ sessionId, sequence, attempt, isRedelivered }: LoggedDispatch): unknown[] => [
  sessionId,
  sequence,
  attempt,
  isRedelivered,
];

export const DEAD_LETTER_CASES: readonly EngineCase[] = [
  engineCase('keeps an entry that is buried among the dead letters, with the error', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    const [, second] = read;
    assert.ok(second);
    await log.bury(stream, { ...second, attempt: 5 }, 'the handler threw: ž');
    assert.deepEqual(sequencesOf((await log.claim(stream)).dispatches), [1, 3, 4, 5]);
    const [letter, ...more] = await all(log);
    assert.deepEqual(more, []);
    assert.equal(letter?.error, 'the handler threw: ž');
    assert.deepEqual(
      { ...letter.dispatch, position: '', bytes: [...letter.dispatch.bytes] },
      { ...second, attempt: 5, position: '', bytes: [...second.bytes] },
    );
    assert.equal((await log.status('logs')).deadLetters, 1);
  }),

  engineCase('keeps one dead letter if an entry is buried twice', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    const [first] = read;
    assert.ok(first);
    await log.bury(stream, first, 'once');
    await log.bury(stream, first, 'twice');
    assert.deepEqual(
      (await all(log)).map(({ error }) => error),
      ['once'],
    );
  }),

  engineCase('lists dead letters page by page, the oldest first', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    for (const dispatch of read) await log.bury(stream, dispatch, 'it failed');
    const pages: number[][] = [];
    let after: string | null = null;
    for (;;) {
      const page: readonly DeadLetter[] = await log.deadLetters('logs', { after, count: 2 });
      pages.push(sequencesOf(page.map(({ dispatch }) => dispatch)));
      after = page.at(-1)?.position ?? null;
      if (after === null) break;
    }
    assert.deepEqual(pages, [[1, 2], [3, 4], [5], []]);
  }),

  engineCase('delivers a dead letter again, to its group alone, as a first attempt', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    const other = await kit.reader('music');
    const otherStream = await other.claim(0);
    const [first, second] = read;
    assert.ok(first && second);
    await log.bury(stream, { ...first, attempt: 5 }, 'it failed');
    await log.bury(stream, { ...second, attempt: 5 }, 'it failed');
    const [letter] = await all(log);
    await other.connection.log.redeliver('logs', letter?.position ?? '');
    assert.deepEqual((await log.read(stream, 10)).dispatches.map(seen), [['session-a', 1, 1, true]]);
    assert.deepEqual(
      (await other.connection.log.read(otherStream, 10)).dispatches.map(seen),
      [1, 2, 3, 4, 5].map((sequence) => ['session-a', sequence, 1, false]),
    );
    assert.deepEqual(
      (await all(log)).map(({ dispatch }) => dispatch.sequence),
      [2],
    );
    const status = await log.status('music');
    assert.deepEqual(status.shards[0], { shardId: 0, pending: 5, lag: 0 });
  }),

  engineCase('buries an entry again that was delivered again', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    const [first] = read;
    assert.ok(first);
    await log.bury(stream, first, 'once');
    await log.redeliver('logs', (await all(log))[0]?.position ?? '');
    const [again] = (await log.read(stream, 10)).dispatches;
    assert.ok(again);
    assert.equal(await log.retry(stream, again.position), 2);
    await log.bury(stream, again, 'twice');
    assert.deepEqual(
      (await all(log)).map(({ error, dispatch }) => [error, dispatch.sequence]),
      [['twice', 1]],
    );
  }),

  engineCase('delivers a dead letter again once, and nothing for one that it does not have', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    const [first] = read;
    assert.ok(first);
    await log.bury(stream, first, 'it failed');
    const [letter] = await all(log);
    assert.ok(letter);
    await log.redeliver('logs', letter.position);
    await log.redeliver('logs', letter.position);
    await log.redeliver('a group that does not exist', letter.position);
    assert.deepEqual(sequencesOf((await log.read(stream, 10)).dispatches), [1]);
    assert.deepEqual(await all(log), []);
  }),

  engineCase('has no dead letters of a group that does not exist', async (kit) => {
    const { log } = await readFive(kit);
    assert.deepEqual(await log.deadLetters('music', { after: null, count: 10 }), []);
  }),

  engineCase('removes the oldest dead letters when there are more than may be kept, and says how many', async (kit) => {
    const { log, stream, read } = await readFive(kit);
    const removed: number[] = [];
    for (const dispatch of read.slice(0, 4)) removed.push(await log.bury(stream, dispatch, 'it failed'));
    const [, , , , last] = read;
    assert.ok(last);
    removed.push(await log.bury(stream, last, 'it failed', 1));
    assert.deepEqual(removed, [0, 0, 0, 0, 4]);
    assert.deepEqual(
      (await all(log)).map(({ dispatch }) => dispatch.sequence),
      [5],
    );
    assert.equal(await log.bury(stream, last, 'it failed', 1), 0);
    assert.equal((await log.status('logs')).deadLetters, 1);
  }),
];
