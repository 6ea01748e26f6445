/** The publisher of a node: what is in the stream and where the session stands always agree. */
import { describe, expect, test, vi } from 'vitest';
import { nameOf, publishingNode, session } from '../kit/publishing-node.ts';

describe('the publisher', () => {
  test('opens a session together with its READY, and moves its sequence with what it appends', async () => {
    const node = await publishingNode();
    node.push('READY', 1);
    node.push('GUILD_CREATE', 2, { id: '7' });
    node.push('MESSAGE_CREATE', 3, { message_reference: { guild_id: '8' }, guild_id: '7' });
    node.push('MESSAGE_CREATE', 4, { message_reference: { guild_id: '8' } });
    expect(node.publisher.lowestSequence(node.held)).toBe(1);
    await node.clock.advanceAsync(10);

    expect(node.publisher.lowestSequence(node.held)).toBeNull();
    expect(await node.stored()).toEqual(session(4));
    const stream = await node.stream();
    expect(stream.map(nameOf)).toEqual(['READY 1', 'GUILD_CREATE 2', 'MESSAGE_CREATE 3', 'MESSAGE_CREATE 4']);
    expect(stream.map(({ guildId }) => guildId)).toEqual([null, '7', '7', null]);
    expect(Buffer.from(stream[1]!.bytes).toString()).toBe('{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"7"}}');
  });

  test('has one commit under way, and puts everything that arrives meanwhile into the next', async () => {
    const node = await publishingNode({ stored: session() });
    const commits = vi.spyOn(node.connection.journal, 'commit');
    node.line.set({ requestDelayMs: 100 });
    for (let s = 1; s <= 5; s += 1) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(50);
    for (let s = 6; s <= 9; s += 1) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(1_000);
    node.line.set();

    expect(commits.mock.calls.map(([, { base, sequence }]) => [base, sequence])).toEqual([
      [0, 5],
      [5, 9],
    ]);
    expect(await node.stored()).toEqual(session(9));
  });

  test('moves the sequence also over dispatches that are not published, at most a second later', async () => {
    const node = await publishingNode({ stored: session(), events: new Set(['MESSAGE_CREATE']) });
    const commits = vi.spyOn(node.connection.journal, 'commit');
    node.push('MESSAGE_CREATE', 1);
    await node.clock.advanceAsync(10);
    for (let s = 2; s <= 50; s += 1) {
      node.push('TYPING_START', s);
      await node.clock.advanceAsync(10);
    }
    const early = node.held.stored!.sequence;
    await node.clock.advanceAsync(1_000);

    expect(early).toBe(1);
    expect(await node.stored()).toEqual(session(50));
    expect(commits).toHaveBeenCalledTimes(2);
    expect((await node.stream()).map(nameOf)).toEqual(['MESSAGE_CREATE 1']);
  });

  test('takes nothing twice that a resume repeats', async () => {
    const node = await publishingNode({ stored: session() });
    for (const s of [1, 2, 1, 2, 3]) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(10);

    expect((await node.stream()).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test('holds what comes while the engine is away, counts it in the budget, and stores it afterwards', async () => {
    const node = await publishingNode({ stored: session() });
    node.line.set({ isCut: true });
    for (let s = 1; s <= 3; s += 1) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(30_000);
    const held = { bytes: node.budget.bytes, lowest: node.publisher.lowestSequence(node.held) };
    node.line.set();
    node.publisher.onReachable();
    await node.clock.advanceAsync(10);

    expect(held).toEqual({ bytes: 3 * '{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{}}'.length, lowest: 1 });
    expect(node.budget.bytes).toBe(0);
    expect(node.faults).toEqual([]);
    expect((await node.stream()).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test('stores once what was stored by a commit whose answer was lost', async () => {
    const node = await publishingNode({ stored: session() });
    node.line.set({ losesAnswers: true });
    node.push('MESSAGE_CREATE', 1);
    await node.clock.advanceAsync(10);
    node.line.set();
    node.push('MESSAGE_CREATE', 2);
    await node.clock.advanceAsync(1_000);

    expect((await node.stream()).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('appends again what an engine that came back empty has lost', async () => {
    const node = await publishingNode();
    node.push('READY', 1);
    for (let s = 2; s <= 5; s += 1) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(10);
    node.server.empty();
    node.push('MESSAGE_CREATE', 6);
    await node.clock.advanceAsync(1_000);

    expect(await node.stored()).toMatchObject({ sessionId: 'session', sequence: 6 });
    expect((await node.stream()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(node.rewinds).toEqual([]);
  });

  test('appends again what an engine with an older state has lost, and nothing twice', async () => {
    const node = await publishingNode();
    node.push('READY', 1);
    node.push('MESSAGE_CREATE', 2);
    await node.clock.advanceAsync(10);
    const older = node.server.snapshot();
    for (let s = 3; s <= 5; s += 1) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(10);
    node.server.restore(older);
    node.push('MESSAGE_CREATE', 6);
    await node.clock.advanceAsync(1_000);

    expect((await node.stream()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('resumes from the sequence of the engine when it does not remember what is missing', async () => {
    const node = await publishingNode({ stored: session(10) });
    const older = node.server.snapshot();
    for (let s = 11; s <= 13; s += 1) node.push('MESSAGE_CREATE', s, { content: 'x'.repeat(2_000_000) });
    await node.clock.advanceAsync(10);
    // More than is remembered.
    for (let s = 14; s <= 40; s += 1) {
      node.push('MESSAGE_CREATE', s, { content: 'x'.repeat(2_000_000) });
      await node.clock.advanceAsync(10);
    }
    node.server.restore(older);
    node.push('MESSAGE_CREATE', 41);
    await node.clock.advanceAsync(1_000);
    const rewinds = [...node.rewinds];
    // It was on its way from the connection before.
    node.push('MESSAGE_CREATE', 42);
    await node.clock.advanceAsync(10);
    // Discord sends them again.
    for (let s = 11; s <= 42; s += 1) node.push('MESSAGE_CREATE', s);
    await node.clock.advanceAsync(1_000);

    expect(rewinds).toEqual([10]);
    expect((await node.stream()).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 32 }, (_, index) => 11 + index),
    );
  });

  test('goes on after a rewind whose replay is empty', async () => {
    const node = await publishingNode({ stored: session(10) });
    const older = node.server.snapshot();
    for (let s = 11; s <= 40; s += 1) {
      node.push('MESSAGE_CREATE', s, { content: 'x'.repeat(2_000_000) });
      await node.clock.advanceAsync(10);
    }
    node.server.restore(older);
    node.push('MESSAGE_CREATE', 41);
    await node.clock.advanceAsync(1_000);
    node.push('RESUMED', 42);
    node.push('MESSAGE_CREATE', 43);
    await node.clock.advanceAsync(1_000);

    expect(node.rewinds).toEqual([10]);
    expect((await node.stream()).map(nameOf)).toEqual(['RESUMED 42', 'MESSAGE_CREATE 43']);
  });

  test('opens the session again where the engine has another one', async () => {
    const node = await publishingNode({ stored: session(0, 'before') });
    const older = node.server.snapshot();
    node.push('READY', 1);
    node.push('MESSAGE_CREATE', 2);
    await node.clock.advanceAsync(10);
    node.server.restore(older);
    node.push('MESSAGE_CREATE', 3);
    await node.clock.advanceAsync(1_000);

    expect(await node.stored()).toEqual(session(3));
    expect((await node.stream()).map(nameOf)).toEqual(['READY 1', 'MESSAGE_CREATE 2', 'MESSAGE_CREATE 3']);
  });

  test('stores what is left of a session before the next one begins', async () => {
    const node = await publishingNode({ stored: session() });
    node.push('MESSAGE_CREATE', 1);
    await node.publisher.clear(node.held);
    node.push('READY', 1, {}, session(0, 'next'));
    await node.clock.advanceAsync(10);

    expect(await node.stored()).toEqual(session(1, 'next'));
    expect((await node.stream()).map(({ sessionId, t }) => `${sessionId} ${t}`)).toEqual([
      'session MESSAGE_CREATE',
      'next READY',
    ]);
  });

  test('stores other fields of the session without its own sequence', async () => {
    const node = await publishingNode({ stored: session(3) });
    await node.publisher.save(node.held, { ...session(99), presence: 'digest' });
    await node.publisher.flush(node.held);

    expect(await node.stored()).toEqual({ ...session(3), presence: 'digest' });
  });

  test('does not store a session again of which only the sequence has changed', async () => {
    const node = await publishingNode({ stored: session(3) });
    const commits = vi.spyOn(node.connection.journal, 'commit');
    await node.publisher.save(node.held, session(99));
    await node.publisher.flush(node.held);

    expect(commits).not.toHaveBeenCalled();
  });

  test('removes what is too old, also where nothing is appended', async () => {
    const node = await publishingNode({ stored: session() });
    node.push('MESSAGE_CREATE', 1);
    await node.clock.advanceAsync(10);
    await node.clock.advanceAsync(3_600_000);
    node.publisher.onReachable();
    await node.clock.advanceAsync(10);

    expect(await node.stream()).toEqual([]);
  });

  test('flush() resolves when the engine has everything, and drop() forgets everything', async () => {
    const node = await publishingNode({ stored: session(), events: new Set() });
    node.push('MESSAGE_CREATE', 1);
    await node.publisher.flush(node.held);
    const flushed = (await node.stored())!.sequence;
    node.line.set({ isCut: true });
    node.push('MESSAGE_CREATE', 2);
    const flushing = node.publisher.flush(node.held);
    await node.clock.advanceAsync(1_000);
    node.publisher.drop(node.held);

    await expect(flushing).resolves.toBeUndefined();
    expect(flushed).toBe(1);
    expect(node.budget.bytes).toBe(0);
    expect(node.publisher.lowestSequence(node.held)).toBeNull();
  });

  test('tells the node when another one has the shard, and stores nothing', async () => {
    const node = await publishingNode({ stored: session() });
    const ownership = node.connection.ownership({ kind: 'shards' });
    await ownership.release(node.held.lease);
    await ownership.claim(0, { name: 'other', instance: 'other' });
    node.push('MESSAGE_CREATE', 1);
    await node.clock.advanceAsync(10);

    expect(node.fenced).toEqual([node.held]);
    expect(await node.stream()).toEqual([]);
  });

  test('reports once what an engine throws that is no error of ours, and tries again', async () => {
    const node = await publishingNode({ stored: session() });
    const commit = vi.spyOn(node.connection.journal, 'commit');
    commit.mockRejectedValueOnce(new TypeError('a bug')).mockRejectedValueOnce(new TypeError('a bug'));
    node.push('MESSAGE_CREATE', 1);
    await node.clock.advanceAsync(1_000);

    expect(node.faults.map(({ code, cause }) => [code, String(cause)])).toEqual([
      ['INTERNAL_ERROR', 'TypeError: a bug'],
    ]);
    expect(await node.stored()).toEqual(session(1));
  });
});
