/** What the next owner of a shard learns of the stream: the dispatches that some group has not acknowledged. */
import assert from 'node:assert/strict';
import type { PublishedDispatch } from '../../cluster/ports/session-journal.ts';
import type { EngineCase } from './engine-case.ts';
import { BOUNDS, dispatches, engineCase, sessionOf } from './engine-kit.ts';

/** Which kind of bytes an engine returns does not matter. */
const plain = (found: readonly PublishedDispatch[]): unknown[] =>
  found.map((dispatch) => ({ ...dispatch, bytes: [...dispatch.bytes] }));

export const UNREAD_CASES: readonly EngineCase[] = [
  engineCase('has what a group has not acknowledged, for the next owner of a shard', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const { journal, log } = owner.connection;
    const unread = async (maxBytes = 1_000_000): Promise<number[]> =>
      (await journal.loadUnread(lease, maxBytes)).map(({ sequence }) => sequence);
    assert.deepEqual(await unread(), []);
    for (const group of ['fast', 'slow']) await log.createGroup(group, 'start');
    await kit.publish(owner, lease, 4);
    assert.deepEqual(await unread(), [1, 2, 3, 4]);
    const [fast, slow] = [await kit.reader('fast'), await kit.reader('slow')];
    const [fastStream, slowStream] = [await fast.claim(0), await slow.claim(0)];
    const read = await fast.connection.log.read(fastStream, 10);
    await fast.connection.log.ack(
      fastStream,
      read.dispatches.map(({ position }) => position),
    );
    assert.deepEqual(await unread(), [1, 2, 3, 4]);
    const { dispatches: pending } = await slow.connection.log.read(slowStream, 3);
    assert.deepEqual(await unread(), [1, 2, 3, 4]);
    await slow.connection.log.ack(slowStream, [pending[0]?.position ?? '', pending[1]?.position ?? '']);
    assert.deepEqual(await unread(), [3, 4]);
    await slow.connection.log.ack(slowStream, [pending[2]?.position ?? '']);
    assert.deepEqual(await unread(), [4]);
    assert.deepEqual(plain(await journal.loadUnread(lease, 1_000_000)), plain(dispatches(4, 4)));
  }),

  engineCase('has as much of what is unread as asked, and only of the session that is stored', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const { journal } = owner.connection;
    await kit.publish(owner, lease, 300);
    const [last] = dispatches(300, 300);
    const bytes = last?.bytes.byteLength ?? 0;
    const sequencesIn = async (maxBytes: number): Promise<number[]> =>
      (await journal.loadUnread(lease, maxBytes)).map(({ sequence }) => sequence);
    assert.deepEqual(await sequencesIn(2 * bytes + 1), [299, 300]);
    assert.deepEqual(
      await sequencesIn(1_000_000),
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    await journal.open(lease, sessionOf(0, 2, 'session-b'), dispatches(1, 2), BOUNDS);
    assert.deepEqual(await sequencesIn(1_000_000), [1, 2]);
  }),
];
